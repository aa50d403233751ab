/**
 * Times `deno task transcode` with two local workers against one ffmpeg with the same settings, from file to file and
 * in turn:
 *
 *     deno task bench:transcode [--pairs 5] [--seconds 60]
 *
 * CPU time and memory are read from /proc, so on Linux alone; it needs the system's ffmpeg.
 */
// deno-lint-ignore-file no-console -- a script that prints its result
import { parseArgs } from "@std/cli";
import Table from "cli-table3";
import { fileURLToPath } from "node:url";
import { makeVideo } from "../lib/encode/make_video.ts";
import { childrenCpuSeconds, readProc } from "./cpu_seconds.ts";
import { median } from "./median.ts";

const MIB = 1024 * 1024;
const SAMPLE_MS = 50;
const SCRIPT = fileURLToPath(new URL("../transcode.ts", import.meta.url));
const SETTINGS = { codec: "h264", crf: "23", preset: "medium" };

interface Run {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  /** By what the process is, the highest peak. */
  readonly peaksMib: ReadonlyMap<string, number>;
  readonly outputBytes: number;
}

async function main(): Promise<void> {
  const flags = parseArgs(Deno.args, { string: ["pairs", "seconds"] });
  const [pairs, seconds] = [Number(flags.pairs ?? 5), Number(flags.seconds ?? 60)];
  const folder = await Deno.makeTempDir();
  try {
    const source = `${folder}/source.mp4`;
    console.log(`Making ${seconds} s of 1280x720 at 30 frames a second`);
    await makeVideo(source, { seconds, width: 1280, height: 720, frameRate: { num: 30, den: 1 } });
    const ours: Run[] = [];
    const theirs: Run[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      const turns = [
        async () =>
          void ours.push(await measure(`${folder}/ours.mp4`, transcodeArgs(source, `${folder}/ours.mp4`))),
        async () =>
          void theirs.push(await measure(`${folder}/ffmpeg.mp4`, ffmpegArgs(source, `${folder}/ffmpeg.mp4`))),
      ];
      // whoever begins is another one each time, since a machine slows down as it gets warm
      for (const turn of pair % 2 === 0 ? turns : turns.toReversed()) await turn();
      console.log(
        `Pair ${pair + 1} of ${pairs}: ${ours.at(-1)!.wallSeconds.toFixed(2)} s against ` +
          `${theirs.at(-1)!.wallSeconds.toFixed(2)} s of ffmpeg`,
      );
    }
    report(ours, theirs);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function transcodeArgs(source: string, output: string): [command: string, args: string[]] {
  const { codec, crf, preset } = SETTINGS;
  return [Deno.execPath(), [
    ...["run", "--allow-all", SCRIPT, source, "-o", output, "--local_workers", "2", "--no-resume", "--quiet"],
    ...["--codec", codec, "--crf", crf, "--preset", preset],
  ]];
}

function ffmpegArgs(source: string, output: string): [command: string, args: string[]] {
  const { crf, preset } = SETTINGS;
  return ["ffmpeg", [
    ...["-nostdin", "-loglevel", "error", "-y", "-i", source, "-c:a", "copy"],
    ...["-c:v", "libx264", "-preset", preset, "-crf", crf, "-threads", "2", output],
  ]];
}

async function measure(output: string, [command, args]: [string, string[]]): Promise<Run> {
  const cpuBefore = childrenCpuSeconds();
  const startMs = performance.now();
  const child = new Deno.Command(command, { args, stdin: "null", stdout: "null" }).spawn();
  const peaksMib = new Map<string, number>();
  const timer = setInterval(() => notePeaks(child.pid, peaksMib), SAMPLE_MS);
  const { success } = await child.status;
  clearInterval(timer);
  if (!success) throw new Error(`${command} failed`);
  return {
    wallSeconds: (performance.now() - startMs) / 1_000,
    cpuSeconds: childrenCpuSeconds() - cpuBefore,
    peaksMib,
    outputBytes: (await Deno.stat(output)).size,
  };
}

/** Of a process and all that it started. */
function notePeaks(root: number, peaksMib: Map<string, number>): void {
  const parents = new Map<number, number>();
  for (const { name } of Deno.readDirSync("/proc")) {
    const status = /^\d+$/.test(name) ? readProc(`${name}/status`) : undefined;
    const parent = /^PPid:\s+(\d+)/m.exec(status ?? "")?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const isOurs = (pid: number): boolean => pid === root || (parents.has(pid) && isOurs(parents.get(pid)!));
  for (const pid of [...parents.keys()].filter(isOurs)) {
    const kib = /^VmHWM:\s+(\d+)/m.exec(readProc(`${pid}/status`) ?? "")?.[1];
    const what = kindOf(readProc(`${pid}/cmdline`) ?? "");
    if (what !== "") peaksMib.set(what, Math.max(peaksMib.get(what) ?? 0, Number(kib ?? 0) / 1024));
  }
}

function kindOf(commandLine: string): string {
  if (commandLine.includes("worker.ts")) return "each worker";
  if (commandLine.includes("libav_child")) return "each encoder";
  if (commandLine.includes("transcode.ts")) return "transcode";
  return commandLine.split("\0")[0]!.replace(/^.*\//, "");
}

function report(ours: readonly Run[], theirs: readonly Run[]): void {
  const ratio = (figure: "wallSeconds" | "cpuSeconds") =>
    median(ours.map((run, pair) => run[figure] / theirs[pair]![figure])).toFixed(3);
  const table = new Table({
    head: ["", "wall s", "CPU s", "output MiB", "peak MiB of a process"],
    style: { head: [], border: [] },
  });
  for (const [name, runs] of [["transcode", ours], ["ffmpeg", theirs]] as const) {
    table.push([
      name,
      median(runs.map(({ wallSeconds }) => wallSeconds)).toFixed(2),
      median(runs.map(({ cpuSeconds }) => cpuSeconds)).toFixed(2),
      (runs[0]!.outputBytes / MIB).toFixed(2),
      highestPeaks(runs),
    ]);
  }
  console.log(table.toString());
  console.log(
    `transcode over ffmpeg, medians of pairs: wall ${ratio("wallSeconds")}, CPU ${ratio("cpuSeconds")}`,
  );
}

function highestPeaks(runs: readonly Run[]): string {
  const peaks = new Map<string, number>();
  for (const { peaksMib } of runs) {
    for (const [what, mib] of peaksMib) peaks.set(what, Math.max(peaks.get(what) ?? 0, mib));
  }
  return [...peaks].map(([what, mib]) => `${what} ${mib.toFixed(0)}`).join(", ");
}

if (import.meta.main) await main();
