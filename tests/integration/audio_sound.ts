/** What is heard of a file and when, as the system's ffmpeg decodes it; and processes that encode sound. */
import { childrenOf } from "./child_processes.ts";
import { join } from "node:path";
import { runFfmpeg } from "../media/run_ffmpeg.ts";

const RATE = 48_000;
const WINDOW_SAMPLES = 2_000;
const MOST_LAG_SAMPLES = 1_500;

/** A tick of 30 ms, 0.5 s after each full second, in FFmpeg's words: its onset cannot be mistaken. */
export function ticks(channels: number, seconds: number, sampleRate = RATE): string[] {
  const tick = "if(between(mod(t,1),0.5,0.53),0.8*sin(2*PI*997*t)*(1-(mod(t,1)-0.5)/0.03),0)";
  const all = Array.from({ length: channels }, () => tick).join("|");
  return ["-f", "lavfi", "-i", `aevalsrc=exprs='${all}':s=${sampleRate}:d=${seconds}`];
}

/**
 * The samples of an audio track at 48 kHz, the first at time 0 of the file, gaps as silence.
 *
 * @throws {FfmpegError} If ffmpeg cannot decode it.
 */
export async function heard(path: string, track = 0): Promise<Float32Array> {
  const raw = await Deno.makeTempFile();
  try {
    const placed = `aresample=${RATE}:async=1:min_hard_comp=0.005:first_pts=0`;
    await runFfmpeg("ffmpeg", [
      ...["-y", "-copyts", "-i", path, "-map", `0:a:${track}`, "-af", placed],
      ...["-ac", "1", "-f", "f32le", raw],
    ]);
    return new Float32Array((await Deno.readFile(raw)).buffer);
  } finally {
    await Deno.remove(raw);
  }
}

/** By how many samples the sound around `seconds` comes later in `actual` than in `expected`. */
export function lagSamples(expected: Float32Array, actual: Float32Array, seconds: number): number {
  const start = Math.max(0, Math.round(seconds * RATE) - WINDOW_SAMPLES / 2);
  const window = expected.subarray(start, start + WINDOW_SAMPLES);
  let best = { lag: NaN, likeness: 0 };
  for (let lag = -MOST_LAG_SAMPLES; lag <= MOST_LAG_SAMPLES; lag++) {
    let likeness = 0;
    for (let i = 0; i < window.length; i++) likeness += window[i]! * (actual[start + lag + i] ?? 0);
    if (likeness > best.likeness) best = { lag, likeness };
  }
  return best.lag;
}

/** When the first video frame is shown, in seconds. */
export async function firstFrameSeconds(path: string): Promise<number> {
  const { stdout } = await runFfmpeg("ffprobe", [
    ...["-select_streams", "v:0", "-show_entries", "packet=pts_time", "-of", "csv=p=0", path],
  ]);
  return Math.min(...stdout.split("\n").map((line) => parseFloat(line)).filter(Number.isFinite));
}

/** Makes a file in `folder` with ffmpeg. */
export async function made(folder: string, name: string, args: readonly string[]): Promise<string> {
  const path = join(folder, name);
  await runFfmpeg("ffmpeg", ["-y", ...args, path]);
  return path;
}

/** Process ids of the children of this process that encode sound. */
export async function audioEncoderPids(): Promise<number[]> {
  const { stdout } = await new Deno.Command("ps", { args: ["-A", "-o", "pid=,ppid=,args="] }).output();
  const lines = new TextDecoder().decode(stdout).split("\n").map((line) => line.trim().split(/\s+/));
  const pids = lines
    .filter(([, parent, ...args]) =>
      Number(parent) === Deno.pid && args.join(" ").includes("libav_audio_child")
    )
    .map(([pid]) => Number(pid));
  if (Deno.build.os !== "linux") return pids;
  const own = await childrenOf("self"); // not those of a test file beside this one
  return pids.filter((pid) => own.includes(pid));
}
