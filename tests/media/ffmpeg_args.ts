/** Arguments of ffmpeg that the generators share. */

export interface PictureOptions {
  /** Default 3. */
  readonly seconds?: number;
  /** Frames a second, such as `30000/1001`; default 25. */
  readonly rate?: number | string;
  /** Default `160x120`. */
  readonly size?: string;
}

/** An input whose every frame differs from the one before. */
export function picture({ seconds = 3, rate = 25, size = "160x120" }: PictureOptions = {}): string[] {
  return ["-f", "lavfi", "-i", `testsrc2=size=${size}:rate=${rate}:duration=${seconds}`];
}

export interface ToneOptions {
  /** Default 3. */
  readonly seconds?: number;
  /** Default 440. */
  readonly hertz?: number;
}

/** An input of one channel of sound, 48 kHz. */
export function tone({ seconds = 3, hertz = 440 }: ToneOptions = {}): string[] {
  return ["-f", "lavfi", "-i", `sine=frequency=${hertz}:sample_rate=48000:duration=${seconds}`];
}

/** H.264 in closed groups of 12 frames, two B-frames in a row; x264's own options may be added or replaced. */
export function h264(...params: string[]): string[] {
  const all = ["scenecut=0", "keyint=12", "bframes=2", ...params];
  return ["-c:v", "libx264", "-preset", "veryfast", "-threads", "1", "-x264-params", all.join(":")];
}

/** HEVC in closed groups of 12 frames, three B-frames in a row; x265's own options may be added or replaced. */
export function hevc(...params: string[]): string[] {
  const quiet = ["log-level=none", "pools=1", "frame-threads=1"];
  const all = [...quiet, "scenecut=0", "keyint=12", "min-keyint=12", "bframes=3", "open-gop=0", ...params];
  return ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", all.join(":")];
}

/** VP9 with a keyframe every 12 frames, and frames between that are decoded but not shown. */
export const VP9: readonly string[] = [
  ...["-c:v", "libvpx-vp9", "-g", "12", "-b:v", "200k", "-deadline", "good", "-cpu-used", "8"],
  ...["-lag-in-frames", "8", "-auto-alt-ref", "1"],
];

/** VP8 with a keyframe every 12 frames. */
export const VP8: readonly string[] = [
  ...["-c:v", "libvpx", "-g", "12", "-b:v", "200k", "-deadline", "realtime", "-cpu-used", "8"],
];

/** AV1 with a keyframe every 12 frames, and frames between that are decoded but not shown. */
export const AV1: readonly string[] = ["-c:v", "libsvtav1", "-g", "12", "-preset", "12", "-crf", "50"];

/** MPEG-4 Part 2 with a keyframe every 12 frames and B-frames. */
export const MPEG4: readonly string[] = ["-c:v", "mpeg4", "-g", "12", "-bf", "2", "-q:v", "5"];

export const AAC: readonly string[] = ["-c:a", "aac", "-b:a", "64k"];

/** Every frame that comes out of the filters is encoded, at the very time that it has: none repeated or dropped. */
export const OWN_TIMES: readonly string[] = ["-fps_mode", "passthrough", "-enc_time_base", "1/90000"];
