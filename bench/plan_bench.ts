/**
 * Times the plan of a long video, and ffprobe reading its packets beside it where ffprobe is installed, in turn:
 *
 *     deno task bench:plan [--hours 2] [--pairs 3] [VIDEO]
 *
 * Without a video, one of 1080p with sound is made of packets that are all alike.
 */
// deno-lint-ignore-file no-console -- a script that prints its result
import { parseArgs } from "@std/cli";
import { fileURLToPath } from "node:url";
import { planSource } from "../lib/chunk/keyframe_segments.ts";
import { openSource } from "../lib/chunk/source_file.ts";
import { median } from "./median.ts";

const MAKER = fileURLToPath(new URL("../tests/integration/assemble_long_video.ts", import.meta.url));
const FRAMES_PER_HOUR = Math.floor(3600 * 30_000 / 1001);

async function main(): Promise<void> {
  const flags = parseArgs(Deno.args, { string: ["hours", "pairs"] });
  const [hours, pairs] = [Number(flags.hours ?? 2), Number(flags.pairs ?? 3)];
  const [given] = flags._;
  const folder = await Deno.makeTempDir();
  try {
    for (const path of given !== undefined ? [String(given)] : [`${folder}/long.mp4`, `${folder}/long.mkv`]) {
      if (given === undefined) await run(Deno.execPath(), ["run", "-A", MAKER, "make", path, frames(hours)]);
      await report(path, pairs);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const frames = (hours: number): string => String(Math.floor(hours * FRAMES_PER_HOUR));

async function report(path: string, pairs: number): Promise<void> {
  const [ours, probes, hours]: [number[], number[], number[]] = [[], [], []];
  for (let pair = 0; pair < pairs; pair++) {
    const start = performance.now();
    using source = await openSource(path);
    const plan = await planSource(source, { kind: "seconds", seconds: 2 });
    ours.push((performance.now() - start) / 1000);
    hours.push((plan.endTicks - plan.shownTicks[0]!) / plan.timescale / 3600);
    const probed = await probeSeconds(path);
    if (probed !== undefined) probes.push(probed);
  }
  const perHour = median(ours) / hours[0]!;
  console.log(
    `${path.split("/").at(-1)}: planned in ${median(ours).toFixed(2)} s, ${perHour.toFixed(2)} s an hour`,
  );
  if (probes.length === 0) console.log("ffprobe is not installed");
  else {
    const ratio = median(ours) / median(probes);
    console.log(
      `ffprobe -show_packets: ${median(probes).toFixed(2)} s; the plan takes ${ratio.toFixed(2)} x that`,
    );
  }
}

/** Undefined: it is not installed. */
async function probeSeconds(path: string): Promise<number | undefined> {
  const start = performance.now();
  try {
    await run("ffprobe", ["-v", "quiet", "-select_streams", "v:0", "-show_packets", "-of", "csv", path]);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  return (performance.now() - start) / 1000;
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const { success } = await new Deno.Command(command, {
    args: [...args],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  if (!success) throw new Error(`${command} has failed`);
}

if (import.meta.main) await main();
