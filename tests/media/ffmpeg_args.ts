/** Arguments of the system's ffmpeg that the generators share. */

/** Side lengths of the test picture in pixels. */
export const PICTURE = { width: 160, height: 120 } as const;

export interface PictureOptions {
  /** Default 3. */
  readonly seconds?: number;
  /** Frames a second, such as `30000/1001`; default 25. */
  readonly rate?: number | string;
  /** Default 160x120. */
  readonly size?: string;
}

/** An input whose every frame differs from the one before. */
export function picture({ seconds = 3, rate = 25, size = `${PICTURE.width}x${PICTURE.height}` }: PictureOptions = {}): string[] {
  return ["-f", "lavfi", "-i", `testsrc2=size=${size}:rate=${rate}:duration=${seconds}`];
}

export interface ToneOptions {
  /** Default 3. */
  readonly seconds?: number;
  /** Default 440. */
  readonly hertz?: number;
  /** Default 48000. */
  readonly sampleRate?: number;
}

/** An input of one channel of sound. */
export function tone({ seconds = 3, hertz = 440, sampleRate = 48_000 }: ToneOptions = {}): string[] {
  return ["-f", "lavfi", "-i", `sine=frequency=${hertz}:sample_rate=${sampleRate}:duration=${seconds}`];
}

/** H.264 with a closed group of 12 frames, B-frames in it; options added are its own. */
export function h264(...params: string[]): string[] {
  return ["-c:v", "libx264", "-preset", "veryfast", "-threads", "1", ...x264Params("keyint=12", "bframes=2", ...params)];
}

function x264Params(...params: string[]): string[] {
  return ["-x264-params", ["scenecut=0", ...params].join(":")];
}

/** HEVC with a closed group of 12 frames, B-frames in it; options added are its own. */
export function hevc(...params: string[]): string[] {
  const always = ["log-level=none", "pools=1", "frame-threads=1", "scenecut=0", "keyint=12", "min-keyint=12", "bframes=3"];
  const groups = params.some((param) => param.startsWith("open-gop")) ? [] : ["open-gop=0"];
  return ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", [...always, ...groups, ...params].join(":")];
}

/** VP9 with a keyframe every 12 frames and hidden frames among the others. */
export const VP9 = ["-c:v", "libvpx-vp9", "-g", "12", "-deadline", "realtime", "-cpu-used", "8", "-lag-in-frames", "8", "-auto-alt-ref", "1", "-b:v", "200k"];

/** VP8 with a keyframe every 12 frames. */
export const VP8 = ["-c:v", "libvpx", "-g", "12", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "200k"];

/** AV1 with a keyframe every 12 frames. */
export const AV1 = ["-c:v", "libaom-av1", "-g", "12", "-cpu-used", "8", "-usage", "realtime", "-crf", "40", "-b:v", "0"];

/** MPEG-4 Part 2 with a keyframe every 12 frames and B-frames between. */
export const MPEG4 = ["-c:v", "mpeg4", "-g", "12", "-bf", "2", "-q:v", "5"];

/** Sound for an MP4, MOV, MKV or MPEG-TS. */
export const AAC = ["-c:a", "aac", "-b:a", "64k"];

/** Every frame that comes in goes out, at its own time. */
export const OWN_TIMES = ["-fps_mode", "passthrough", "-enc_time_base", "-1"];
