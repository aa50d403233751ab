/**
 * What the checks cost beside the encode: each shard compared with its segment as it comes back, and every frame of
 * the finished file compared with the source.
 *
 *     deno task bench:check [--seconds 60]
 *
 * CPU time of the encoder processes is read from /proc, so on Linux alone.
 */
// deno-lint-ignore-file no-console -- a script that prints its result
import { parseArgs } from "@std/cli";
import process from "node:process";
import { assemble } from "../lib/assemble/assemble.ts";
import { checkFrames } from "../lib/assemble/check_frames.ts";
import { createShardCheck } from "../lib/assemble/check_shard.ts";
import type { EncodedShard } from "../lib/assemble/shard_frames.ts";
import { planSource, segmentChunks, type VideoPlan } from "../lib/chunk/keyframe_segments.ts";
import { openSource, type SourceFile } from "../lib/chunk/source_file.ts";
import { createLibavEncoder } from "../lib/encode/libav_encoder.ts";
import { makeVideo } from "../lib/encode/make_video.ts";
import { DEFAULT_SETTINGS } from "../lib/encode/settings.ts";
import { childrenCpuSeconds } from "./cpu_seconds.ts";

const CHUNK_SECONDS = 2;

async function main(): Promise<void> {
  const flags = parseArgs(Deno.args, { string: ["seconds"] });
  const seconds = Number(flags.seconds ?? 60);
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/source.mp4`;
    console.log(`Making ${seconds} s of 1280x720 at 30 frames a second`);
    await makeVideo(path, { seconds, width: 1280, height: 720, frameRate: { num: 30, den: 1 } });
    using source = await openSource(path);
    const plan = await planSource(source, { kind: "seconds", seconds: CHUNK_SECONDS });
    console.log(`Encoding ${plan.segments.length} chunks, H.264 medium`);
    const before = childrenCpuSeconds();
    const shards = await encode(folder, source, plan);
    const encodeSeconds = childrenCpuSeconds() - before;
    report(encodeSeconds, await checkCpuSeconds(`${folder}/out.mp4`, source, plan, shards));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function encode(folder: string, source: SourceFile, plan: VideoPlan): Promise<EncodedShard[]> {
  const encoder = await createLibavEncoder();
  const shards: EncodedShard[] = [];
  for await (const { segment, bytes } of segmentChunks(source, plan)) {
    const { timescale, startTicks, frameCount } = segment;
    const task = { settings: DEFAULT_SETTINGS, segment: { timescale, startTicks, frameCount } };
    const { shard } = encoder.encode(new Blob([bytes]).stream(), task);
    const data = `${folder}/${segment.index}.shard`;
    await Deno.writeFile(data, shard);
    shards.push({ segment: segment.index, worker: "bench", data });
  }
  return shards;
}

interface CheckCosts {
  readonly shardSeconds: number;
  readonly frameSeconds: number;
  readonly assembleSeconds: number;
}

async function checkCpuSeconds(
  path: string,
  source: SourceFile,
  plan: VideoPlan,
  shards: readonly EncodedShard[],
): Promise<CheckCosts> {
  const checkShard = createShardCheck(plan);
  const shardSeconds = await ownCpuSeconds(async () => {
    for (const shard of shards) await checkShard(shard);
  });
  const assembleSeconds = await ownCpuSeconds(() =>
    assemble({ plan, source, path, shards: ReadableStream.from(shards) })
  );
  const frameSeconds = await ownCpuSeconds(() => checkFrames(plan, path));
  return { shardSeconds, frameSeconds, assembleSeconds };
}

/** Of this process: what it runs in other threads, and the compiler, is included. */
async function ownCpuSeconds(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function report(encodeSeconds: number, { shardSeconds, frameSeconds, assembleSeconds }: CheckCosts): void {
  const share = (seconds: number) =>
    `${seconds.toFixed(2)} s, ${(100 * seconds / encodeSeconds).toFixed(2)} %`;
  console.log(`CPU time of the encode: ${encodeSeconds.toFixed(2)} s`);
  console.log(`Every shard as it comes back: ${share(shardSeconds)}`);
  console.log(`Every frame of the finished file: ${share(frameSeconds)}`);
  console.log(`Both checks: ${share(shardSeconds + frameSeconds)} of the encode`);
  console.log(`Putting the shards together, for comparison: ${share(assembleSeconds)}`);
}

if (import.meta.main) await main();
