/** The whole story in one command: make a video, start two workers, split, encode, fetch, reassemble, check. */
import { join } from "node:path";
import { assemble } from "../assemble/assemble.ts";
import { checkFrames, type FrameCheck } from "../assemble/check_frames.ts";
import { planSource } from "../chunk/keyframe_segments.ts";
import { openSource } from "../chunk/source_file.ts";
import { makeVideo } from "../encode/make_video.ts";
import { DEFAULT_SETTINGS } from "../encode/settings.ts";
import { forEachConcurrently } from "../fleet/for_each_concurrently.ts";
import { startLocalWorker } from "../fleet/local_worker.ts";
import { mediaChunks } from "../fleet/outgoing_chunks.ts";
import { type RetrievedShard, roundTrip } from "../fleet/round_trip.ts";
import { connectWorker, type WorkerClient } from "../rpc/worker_client.ts";
import { defineCommand, type Parsed } from "./command.ts";
import { exitWith } from "./exit.ts";
import { formatBytes, formatCount, formatSeconds } from "./format.ts";
import { frameCheckText } from "./frame_check_text.ts";
import { writeOut } from "./output.ts";
import { checkVideoName, checkVideoPlace } from "./output_place.ts";
import { textTable } from "./table.ts";
import { terminal } from "./terminal.ts";
import { visible } from "./visible.ts";

const COMMAND = defineCommand({
  name: "demo",
  summary:
    "Makes a sample video, starts two workers on free ports, splits the video at keyframes, has the chunks " +
    "encoded, fetches the shards, puts them together, and checks every frame. Leaves one file and nothing running.",
  usage: "deno task demo [flags]",
  flags: {
    output: {
      kind: "string",
      short: "o",
      valueName: "FILE",
      default: "demo.mp4",
      help: "The finished video.",
    },
  },
});

const SECONDS = 5;
const RPC = { timeoutMs: 60_000, attempts: 3, busyMs: 60_000 };

async function main({ flags }: Parsed<typeof COMMAND>, signal: AbortSignal): Promise<void> {
  checkVideoName("--output", flags.output, DEFAULT_SETTINGS.codec);
  await checkVideoPlace(flags.output);
  const { styles } = terminal("stdout");
  const step = async <T>(
    name: string,
    work: () => Promise<T>,
    describe: (result: T) => string,
  ): Promise<T> => {
    const startMs = performance.now();
    try {
      const result = await work();
      const seconds = formatSeconds((performance.now() - startMs) / 1000);
      writeOut(
        `${styles.green("ok")}  ${name.padEnd(23)} ${describe(result)} ${styles.dim(`(${seconds})`)}\n`,
      );
      return result;
    } catch (error) {
      signal.throwIfAborted();
      throw new Error(`The demo failed at "${name}": ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }
  };

  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "transcoder-demo-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const sample = join(folder, "sample.mp4");

  await step(
    "Make a sample video",
    () => makeVideo(sample, { seconds: SECONDS }, { signal }),
    () => `${SECONDS} s, 320x240, 15 frames a second, H.264 and AAC`,
  );
  const workers = await step("Start two workers", async () => {
    const starting = ["a", "b"].map((name) =>
      startLocalWorker({ shardsDir: join(folder, name), maxTasks: 1, signal })
    );
    const started = await Promise.allSettled(starting);
    for (const one of started) if (one.status === "fulfilled") stack.use(one.value);
    const failure = started.find(({ status }) => status === "rejected");
    if (failure?.status === "rejected") throw failure.reason;
    return (await Promise.all(starting)).map(({ address }) => stack.use(connectWorker(address)));
  }, (workers) => workers.map(({ address }) => address).join(" and "));

  const source = stack.use(await openSource(sample));
  const plan = await step(
    "Split at keyframes",
    () => planSource(source, { kind: "seconds", seconds: 1 }, { signal }),
    ({ segments, shownTicks }) =>
      `${formatCount(shownTicks.length, "frame")} in ${formatCount(segments.length, "chunk")}`,
  );

  const shards: Placed[] = [];
  await step("Encode and fetch", async () => {
    const free = [...workers];
    const chunks = mediaChunks(source, plan, { ...DEFAULT_SETTINGS, width: 160 }, { signal });
    await forEachConcurrently(chunks, async (chunk, signal) => {
      const worker = free.shift()!;
      const options = { ...RPC, videoId: "demo", outputDir: folder, signal };
      shards.push({ worker, shard: await roundTrip(worker, chunk, options) });
      free.push(worker);
    }, { concurrency: workers.length, signal });
    shards.sort((a, b) => a.shard.chunkIndex - b.shard.chunkIndex);
  }, () => shards[0]!.shard.stored.encoder);

  await step(
    "Put the shards together",
    async () => {
      await checkVideoPlace(flags.output);
      return await assemble({ plan, source, path: flags.output, shards: inOrder(shards), signal });
    },
    ({ sizeBytes, audioTracks }) =>
      `${formatBytes(sizeBytes)}, with ${formatCount(audioTracks.length, "audio track")} of the source`,
  );
  const check = await step(
    "Check every frame",
    () => checkFrames(plan, flags.output, { signal }),
    (check) => `${formatCount(check.framesIn, "frame")} in, ${formatCount(check.framesOut)} out`,
  );
  await step("Stop the workers", () => stack.disposeAsync(), () => "nothing left running");

  writeOut(`\n${chunkTable(shards)}\n\n${closing(check, await Deno.realPath(flags.output))}\n`);
}

interface Placed {
  readonly worker: WorkerClient;
  readonly shard: RetrievedShard;
}

async function* inOrder(shards: readonly Placed[]) {
  for (const { worker, shard } of shards) {
    yield { segment: shard.chunkIndex, worker: worker.address, data: shard.path };
  }
}

function chunkTable(shards: readonly Placed[]): string {
  const columns = [
    { title: "CHUNK", align: "right" },
    { title: "WORKER" },
    { title: "FRAMES", align: "right" },
    { title: "ORIGINAL", align: "right" },
    { title: "ENCODED", align: "right" },
    { title: "SECONDS", align: "right" },
  ] as const;
  const rows = shards.map(({ worker, shard: { chunkIndex, stored } }) => [
    chunkIndex,
    worker.address,
    stored.frameCount,
    formatBytes(stored.originalBytes),
    formatBytes(stored.encodedBytes),
    stored.encodeSeconds.toFixed(2),
  ]);
  return textTable(columns, rows);
}

function closing(check: FrameCheck, path: string): string {
  return `Every frame is there: ${frameCheckText(check)}.\nThe video: ${visible(path)}`;
}

if (import.meta.main) await exitWith(COMMAND, main);
