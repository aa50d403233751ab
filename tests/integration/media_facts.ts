/** What a video file holds, as the demuxer and, where it is installed, ffprobe say it. */
import { ALL_FORMATS, EncodedPacketSink, FilePathSource, Input, type InputTrack } from "mediabunny";
import { createHash } from "node:crypto";

export interface MediaFacts {
  readonly width: number;
  readonly height: number;
  /** Presentation times of the video frames in seconds, in display order. */
  readonly frameSeconds: readonly number[];
  /** The sound, packet by packet; empty without any. */
  readonly audio: readonly { readonly seconds: number; readonly sha256: string }[];
}

export async function mediaFacts(path: string): Promise<MediaFacts> {
  using input = new Input({ formats: ALL_FORMATS, source: new FilePathSource(path) });
  const video = await input.getPrimaryVideoTrack();
  const audio = await input.getPrimaryAudioTrack();
  if (!video) throw new Error(`${path} has no video`);
  const frames = await Array.fromAsync(packetsOf(video), ({ timestamp }) => timestamp);
  return {
    width: await video.getDisplayWidth(),
    height: await video.getDisplayHeight(),
    frameSeconds: frames.sort((a, b) => a - b),
    audio: audio === null ? [] : await Array.fromAsync(packetsOf(audio), ({ timestamp, data }) => ({
      seconds: timestamp,
      sha256: createHash("sha256").update(data).digest("hex"),
    })),
  };
}

const packetsOf = (track: InputTrack) => new EncodedPacketSink(track).packets();

/** Whether the greatest difference between two lists of times of the same length is no more than `seconds`. */
export function areTimesWithin(seconds: number, a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((time, i) => Math.abs(time - b[i]!) <= seconds);
}

/** Whether ffmpeg and ffprobe are there. */
export async function hasFfmpeg(): Promise<boolean> {
  try {
    for (const command of ["ffmpeg", "ffprobe"]) {
      await new Deno.Command(command, { args: ["-version"], stdout: "null", stderr: "null" }).output();
    }
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Presentation times of the frames that ffprobe decodes, in seconds. */
export async function ffprobeFrameSeconds(path: string): Promise<number[]> {
  const entries = ["-show_entries", "frame=best_effort_timestamp_time", "-of", "json"];
  const { stdout } = await outputOf("ffprobe", ["-v", "error", "-select_streams", "v", ...entries, path]);
  const { frames } = JSON.parse(stdout) as { frames: { best_effort_timestamp_time: string }[] };
  return frames.map((frame) => Number(frame.best_effort_timestamp_time));
}

/** What ffmpeg has to say against a file when it decodes all of it. */
export async function ffmpegComplaints(path: string): Promise<string> {
  return (await outputOf("ffmpeg", ["-v", "error", "-i", path, "-f", "null", "-"])).stderr;
}

async function outputOf(
  command: string,
  args: readonly string[],
): Promise<{ stdout: string; stderr: string }> {
  const { stdout, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  return { stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}
