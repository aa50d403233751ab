/** The client and a worker that fails: what is tried again, what is given up, and what remains. */
import { Metadata, status } from "@grpc/grpc-js";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { makeVideo } from "../../lib/encode/make_video.ts";
import type { GetShardPart } from "../../lib/rpc/generated/replication/GetShardPart.ts";
import { startOurWorker } from "../peers/our_worker.ts";
import { Answer, type FakeWorkerOptions, startFakeWorker } from "./fake_worker.ts";
import { filesUnder } from "./files_under.ts";
import { rawClient } from "./raw_client.ts";
import { startScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { within } from "./within.ts";
import { portOf, startWorkerOnPort } from "./worker_on_port.ts";

// the fake worker runs in here, and grpc-js leaves a timer or two behind where a client is killed amid a call
Deno.test.sanitizer({ ops: false, resources: false });

const CLIENT = "test_worker_client.ts";
/** Of what would take for ever, or for minutes, otherwise. */
const GIVE_UP_MS = 30_000;

/** A worker that does as told, and a client that sends it a file in six slices. */
async function setUp(options: FakeWorkerOptions) {
  await using stack = new AsyncDisposableStack();
  const { path: cwd } = stack.use(await temporaryFolder());
  const worker = stack.use(await startFakeWorker(options));
  await Deno.writeFile(join(cwd, "any.bin"), crypto.getRandomValues(new Uint8Array(6_000)));
  const flags = ["--video_path", "any.bin", "--split", "bytes", "--chunk_size", "1000", "--video_id", "v"];
  const done = stack.move();
  const args = ["--worker", worker.address, "--json", ...flags];
  return {
    cwd,
    worker,
    client: (...flags: string[]) => startScript(CLIENT, [...args, ...flags], { cwd }),
    attempts: (index: number) => worker.chunks.filter((chunk) => chunk.index === index).length,
    [Symbol.asyncDispose]: () => done.disposeAsync(),
  };
}

function pushback(ms: number): Metadata {
  const metadata = new Metadata();
  metadata.set("grpc-retry-pushback-ms", String(ms));
  return metadata;
}

Deno.test("a chunk is tried three times where its status allows it, then named; the others go on, and the exit code is 1", async () => {
  await using t = await setUp({
    onChunk({ index, attempt }) {
      if (index === 0) throw new Answer(status.INTERNAL, "always broken", pushback(20));
      if (index === 1 && attempt === 1) throw new Answer(status.INTERNAL, "broken once", pushback(20));
      if (index === 2) throw new Answer(status.INVALID_ARGUMENT, "no such thing");
      if (index === 3 && attempt <= 5) throw new Answer(status.RESOURCE_EXHAUSTED, "busy", pushback(30));
    },
    onShard(location, attempt, parts) {
      if (location.endsWith("chunk_4.shard") && attempt === 1) {
        throw new Answer(status.UNAVAILABLE, "restarting", pushback(20));
      }
      return parts;
    },
  });
  const { code, stdout, stderr } = await t.client("--concurrency", "6").result;
  assertEquals(code, 1);
  assertEquals([0, 1, 2, 3, 4, 5].map(t.attempts), [3, 2, 1, 6, 1, 1]);
  assertMatch(stderr, /^Chunk 0 failed: [\d.]+:\d+: INTERNAL: always broken$/m);
  assertMatch(stderr, /^Chunk 2 failed: [\d.]+:\d+: INVALID_ARGUMENT: no such thing$/m);
  assertMatch(stderr, /^error: 2 of 6 chunks failed: 0, 2$/m);
  const { total_chunks, chunks, failed } = JSON.parse(stdout);
  assertEquals(total_chunks, 6);
  assertEquals(chunks.map((chunk: { chunk_index: number }) => chunk.chunk_index), [1, 3, 4, 5]);
  assertEquals(failed.map((chunk: { chunk_index: number }) => chunk.chunk_index), [0, 2]);
  assertMatch(failed[0].error, /always broken/);
  assertEquals(
    await filesUnder(join(t.cwd, "retrieved_shards")),
    [1, 3, 4, 5].map((index) => `v_chunk_${index}.shard`),
  );
});

Deno.test("bytes that are not those that were announced or stored never get a shard's name", async () => {
  const flipped = (data: Uint8Array) => data.map((byte, i) => i === 100 ? byte ^ 1 : byte);
  await using t = await setUp({
    onShard(location, _, [first, second]): readonly GetShardPart[] {
      const header = first!.header!;
      const data = second!.data as Uint8Array;
      switch (/chunk_(\d)/.exec(location)?.[1]) {
        case "0": // altered
          return [{ header }, { data: flipped(data) }];
        case "1": // cut short
          return [{ header }, { data: data.subarray(1) }];
        case "2": // another shard of that length, by a worker that states no checksum with it
          return [{ header: { ...header, sha256: new Uint8Array() } }, { data: flipped(data) }];
        case "3": // more than was announced
          return [{ header }, { data }, { data }];
        case "4": // no header
          return [{ data }];
        default:
          return [{ header }, { data }];
      }
    },
  });
  const { code, stdout, stderr } = await t.client("--concurrency", "6").result;
  assertEquals(code, 1);
  const { failed } = JSON.parse(stdout);
  assertEquals(failed.map((chunk: { chunk_index: number }) => chunk.chunk_index), [0, 1, 2, 3, 4], stderr);
  assertEquals(await filesUnder(t.cwd), ["any.bin", "retrieved_shards/v_chunk_5.shard"]);
});

Deno.test("a worker that cannot encode at all is told once, not for every chunk", async () => {
  await using t = await setUp({
    onChunk: () => {
      throw new Answer(status.FAILED_PRECONDITION, "no encoder here");
    },
  });
  const { code, stdout, stderr } = await t.client("--concurrency", "1").result;
  assertEquals(code, 1);
  assertMatch(stderr, /^error: Chunk 0 failed: .*no encoder here \(0 of 6 chunks done\)$/m);
  assertEquals(t.worker.chunks.length, 1);
  assertEquals(JSON.parse(stdout).failed.length, 1);
});

Deno.test("a worker that dies in the middle of a chunk ends the run within seconds, the chunk named", async () => {
  await using folder = await temporaryFolder();
  const long = join(folder.path, "long.mp4");
  await makeVideo(long, { seconds: 40, width: 640, height: 480, tone: null, preset: "ultrafast" });
  await using worker = await startOurWorker({ shardsDir: join(folder.path, "shards") });
  await using client = startScript(CLIENT, [
    ...["--worker", worker.address, "--video_path", long, "--preset", "veryslow", "--json"],
  ], { cwd: folder.path });
  using raw = rawClient(worker.address);
  await raw.until(({ activeTasks }) => activeTasks > 0);
  worker.child.kill("SIGKILL");
  const { code, stdout, stderr } = await within(GIVE_UP_MS, client.result);
  assertEquals(code, 1);
  assertMatch(stderr, /^error: Chunk \d+ failed: localhost:\d+: UNAVAILABLE: /m);
  const { chunks, failed, total_chunks } = JSON.parse(stdout);
  assert(failed.length > 0 && chunks.length + failed.length <= total_chunks);
  const left = await filesUnder(join(folder.path, "retrieved_shards"));
  assertEquals(left.filter((name) => !name.endsWith(".shard")), []);
});

for (const phase of ["while a chunk is encoded", "while a shard is saved"] as const) {
  Deno.test(`SIGINT ${phase} ends the client with 130 at once and leaves nothing half done; the next run works`, async () => {
    let isInterrupted = false;
    const never = new Promise<never>(() => {});
    const begun = Promise.withResolvers<void>();
    await using t = await setUp({
      async onChunk({ signal }) {
        if (isInterrupted || phase !== "while a chunk is encoded") return;
        const over = Promise.withResolvers<void>();
        signal.addEventListener("abort", () => over.resolve());
        begun.resolve();
        await over.promise;
      },
      onShard(_location, _attempt, parts) {
        if (isInterrupted || phase !== "while a shard is saved") return parts;
        const [header, data] = parts;
        let sent = 0;
        return new ReadableStream<GetShardPart>({
          async pull(controller) {
            if (sent === 2) await never;
            controller.enqueue(sent === 0 ? header! : { data: (data!.data as Uint8Array).slice(0, 10) });
            sent++;
          },
        });
      },
    });
    const output = join(t.cwd, "retrieved_shards");
    await using first = t.client("--concurrency", "2");
    if (phase === "while a chunk is encoded") await begun.promise;
    else await untilThere(output, /\.tmp$/);
    first.child.kill("SIGINT");
    const { code, stdout, stderr } = await within(GIVE_UP_MS, first.result);
    assertEquals([code, stdout], [130, ""]);
    assertMatch(stderr, /^interrupted$/m);
    assertEquals(await filesUnder(output), []);

    isInterrupted = true;
    await using second = t.client();
    assertEquals((await second.result).code, 0);
    assertEquals((await filesUnder(output)).length, 6);
  });
}

/** Resolves when the folder has a file of such a name. */
async function untilThere(folder: string, name: RegExp): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  using watcher = Deno.watchFs(folder);
  if ((await filesUnder(folder)).some((file) => name.test(file))) return;
  for await (const { paths } of watcher) if (paths.some((path) => name.test(path))) return;
}

Deno.test("a worker that is killed and comes back on the same port in time loses no chunk", async () => {
  await using folder = await temporaryFolder();
  const shardsDir = join(folder.path, "shards");
  await Deno.writeFile(join(folder.path, "any.bin"), new Uint8Array(1_000));
  await using first = await startWorkerOnPort({ shardsDir, flags: ["--max_tasks", "1"] });
  using raw = rawClient(first.address);
  // one that runs and one that waits leave no place for another
  for (const videoId of ["x", "y"]) raw.open([{ header: { videoId } }, { data: new Uint8Array(1) }]);
  await raw.until(({ queuedTasks }) => queuedTasks === 1);
  const flags = ["--worker", first.address, "--video_path", "any.bin", "--split", "bytes"];
  await using client = startScript(CLIENT, flags, { cwd: folder.path });
  await client.untilWritten(/^Chunk 0: .*RESOURCE_EXHAUSTED.*trying again/m);
  first.child.kill("SIGKILL");
  await first.child.status;
  await client.untilWritten(/^Chunk 0: .*UNAVAILABLE.*trying again in 1\.0 s$/m);
  client.child.kill("SIGSTOP"); // in time, however long it takes a worker to start
  await using _second = await startWorkerOnPort({ shardsDir, port: portOf(first.address) });
  client.child.kill("SIGCONT");
  const { code, stdout, stderr } = await client.result;
  assertEquals(code, 0, stderr);
  assertMatch(stdout, /^Chunk 0 processed successfully/m);
});
