/**
 * Times the embedded encoder against the system's ffmpeg behind the same interface, and against a bare ffmpeg
 * from file to file, with the same settings and in turn:
 *
 *     deno task bench:encode [--pairs 5] [--seconds 60] [--threads cores]
 *
 * CPU time and memory are the encoder processes' own, read from /proc, so on Linux alone.
 */
// deno-lint-ignore-file no-console -- a script that prints its result
import { parseArgs } from "@std/cli";
import Table from "cli-table3";
import type { Encoder, EncodeTask } from "../lib/encode/encoder.ts";
import { EncoderUnavailableError } from "../lib/encode/encoder.ts";
import { createFfmpegEncoder } from "../lib/encode/ffmpeg_encoder.ts";
import { createLibavEncoder } from "../lib/encode/libav_encoder.ts";
import { makeVideo } from "../lib/encode/make_video.ts";
import { DEFAULT_SETTINGS } from "../lib/encode/settings.ts";
import { childrenCpuSeconds, readProc } from "./cpu_seconds.ts";
import { median } from "./median.ts";

const FRAME_RATE = { num: 30, den: 1 };
const TIMESCALE = 15_360; // FFmpeg's own choice for 30 frames a second
const MIB = 1024 * 1024;

interface Run {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly peakMib: number;
  readonly outputBytes: number;
}

interface Contender {
  readonly name: string;
  /** Encodes the source; tells the ids of its processes, and returns the bytes of the result. */
  readonly run: (watch: (pids: Iterable<number>) => void) => Promise<number>;
}

async function main(): Promise<void> {
  const flags = parseArgs(Deno.args, { string: ["pairs", "seconds", "threads"] });
  const pairs = Number(flags.pairs ?? 5);
  const seconds = Number(flags.seconds ?? 60);
  const threads = Number(flags.threads ?? navigator.hardwareConcurrency);
  const folder = await Deno.makeTempDir();
  try {
    const source = `${folder}/source.mp4`;
    console.log(`Making ${seconds} s of 1280x720 at ${FRAME_RATE.num} frames a second`);
    await makeVideo(source, { seconds, width: 1280, height: 720, frameRate: FRAME_RATE, tone: null });
    const task: EncodeTask = {
      settings: { ...DEFAULT_SETTINGS, height: 360, threads },
      segment: {
        timescale: TIMESCALE,
        startTicks: 0,
        frameCount: seconds * FRAME_RATE.num,
        frameRate: FRAME_RATE,
      },
    };
    await runPairs(await contenders(source, `${folder}/encoded.mp4`, task), pairs);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function contenders(source: string, output: string, task: EncodeTask): Promise<Contender[]> {
  const libav = await createLibavEncoder();
  const embedded = encoderContender("libav", libav, source, task);
  try {
    const ffmpeg = await createFfmpegEncoder();
    console.log(`libav ${libav.version}, ffmpeg ${ffmpeg.version}, ${task.settings.threads} threads`);
    return [embedded, encoderContender("ffmpeg", ffmpeg, source, task), bareFfmpeg(source, output, task)];
  } catch (error) {
    if (!(error instanceof EncoderUnavailableError)) throw error;
    console.log(`libav ${libav.version} alone, ${task.settings.threads} threads. ${error.message}`);
    return [embedded];
  }
}

function encoderContender(name: string, encoder: Encoder, source: string, task: EncodeTask): Contender {
  return {
    name: `${name} encoder`,
    async run(watch) {
      const file = await Deno.open(source);
      const { shard, facts } = encoder.encode(file.readable, task);
      watch(encoder.pids);
      let bytes = 0;
      for await (const part of shard) bytes += part.length;
      await facts;
      return bytes;
    },
  };
}

function bareFfmpeg(source: string, output: string, { settings }: EncodeTask): Contender {
  const threads = String(settings.threads);
  const args = [
    ...["-nostdin", "-loglevel", "error", "-y", "-threads", "1", "-i", source],
    ...["-an", "-vf", `scale=-2:${settings.height}`, "-c:v", "libx264", "-preset", settings.preset],
    ...["-crf", settings.rate.kind === "crf" ? String(settings.rate.crf) : "23", "-threads", threads, output],
  ];
  return {
    name: "bare ffmpeg",
    async run(watch) {
      const child = new Deno.Command("ffmpeg", { args, stdin: "null" }).spawn();
      watch([child.pid]);
      const { success } = await child.status;
      if (!success) throw new Error("ffmpeg failed");
      return (await Deno.stat(output)).size;
    },
  };
}

async function runPairs(contenders: readonly Contender[], pairs: number): Promise<void> {
  const runs = contenders.map((): Run[] => []);
  for (let pair = 0; pair < pairs; pair++) {
    // Whoever begins is another one each time, since a machine slows down as it gets warm.
    for (let turn = 0; turn < contenders.length; turn++) {
      const index = (pair + turn) % contenders.length;
      runs[index]!.push(await measure(contenders[index]!));
    }
    const walls = runs.map((of) => of.at(-1)!.wallSeconds.toFixed(2)).join(", ");
    console.log(`Pair ${pair + 1} of ${pairs}: ${walls} s`);
  }
  printTable(contenders, runs);
}

async function measure({ run }: Contender): Promise<Run> {
  let peakMib = NaN;
  let timer: ReturnType<typeof setInterval> | undefined;
  const cpuBefore = childrenCpuSeconds();
  const startMs = performance.now();
  try {
    const outputBytes = await run((pids) => {
      timer = setInterval(() => {
        for (const pid of pids) peakMib = Math.max(Number.isNaN(peakMib) ? 0 : peakMib, peakMemoryMib(pid));
      }, 20);
    });
    const wallSeconds = (performance.now() - startMs) / 1_000;
    return { wallSeconds, cpuSeconds: childrenCpuSeconds() - cpuBefore, peakMib, outputBytes };
  } finally {
    clearInterval(timer);
  }
}

/** 0 where it cannot be told. */
function peakMemoryMib(pid: number): number {
  const kib = /^VmHWM:\s+(\d+)/m.exec(readProc(`${pid}/status`) ?? "")?.[1];
  return Number(kib ?? 0) / 1024;
}

function printTable(contenders: readonly Contender[], runs: readonly (readonly Run[])[]): void {
  const head = ["", "wall s", "CPU s", "peak MiB", "output MiB", "libav: wall", "libav: CPU"];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const [index, { name }] of contenders.entries()) {
    const own = runs[index]!;
    const ratioTo = (figure: "wallSeconds" | "cpuSeconds"): string =>
      median(own.map((run, pair) => runs[0]![pair]![figure] / run[figure])).toFixed(3);
    table.push([
      name,
      median(own.map(({ wallSeconds }) => wallSeconds)).toFixed(2),
      median(own.map(({ cpuSeconds }) => cpuSeconds)).toFixed(2),
      Math.max(...own.map(({ peakMib }) => peakMib)).toFixed(0),
      (own[0]!.outputBytes / MIB).toFixed(2),
      ...(index === 0 ? ["", ""] : [ratioTo("wallSeconds"), ratioTo("cpuSeconds")]),
    ]);
  }
  console.log(table.toString());
  console.log("Medians; the last two columns are libav's over theirs, pair by pair. Peaks are the highest.");
}

if (import.meta.main) await main();
