/** A worker that is asked for more than it does at once, and one that stops with work to do. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type ServiceError, status } from "@grpc/grpc-js";
import { join } from "node:path";
import { makeVideo } from "../../lib/encode/make_video.ts";
import { withRetries } from "../../lib/fleet/retry.ts";
import type { ProcessChunkPart } from "../../lib/rpc/generated/replication/ProcessChunkPart.ts";
import { WorkerService } from "../../lib/rpc/proto.ts";
import { connectWorker } from "../../lib/rpc/worker_client.ts";
import { startOurWorker } from "../peers/our_worker.ts";
import { byNumber } from "./by_number.ts";
import { childrenOf, commandOf, isAlive } from "./child_processes.ts";
import { type InProcessWorker, startInProcess } from "./in_process_worker.ts";
import { longChunk } from "./long_chunk.ts";
import { rawClient } from "./raw_client.ts";
import { assertRpcFails } from "./rpc_asserts.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { until } from "./until.ts";
import { within } from "./within.ts";

Deno.test.sanitizer({ ops: true, resources: true });

const RPC = { timeoutMs: 60_000 };
const BYTES = new Uint8Array(1_000).fill(7);
const begin = (videoId: string): ProcessChunkPart[] => [{ header: { videoId } }, { data: BYTES }];

/**
 * The encoder processes of a worker, all there at one moment; it also starts `cat`, to learn how large they are, which
 * for a moment has the worker's own command line.
 */
async function encodersOf(pid: number): Promise<number[]> {
  const found: number[] = [];
  for (const child of await childrenOf(pid)) {
    if (/libav_child/.test(await commandOf(child))) found.push(child);
  }
  const alive = await Promise.all(found.map(isAlive));
  return found.filter((_, index) => alive[index]);
}

Deno.test("many clients at once get all their chunks encoded, never more than max_tasks of them at a time", async () => {
  const maxTasks = 2;
  await using folder = await temporaryFolder();
  const flags = ["--max_tasks", String(maxTasks), "--encoder", "libav"];
  await using worker = await startOurWorker({ shardsDir: join(folder.path, "shards"), flags });
  const address = byNumber(worker.address);
  const path = join(folder.path, "chunk.mp4");
  await makeVideo(path, { seconds: 1, tone: null, layout: "fragmented" });
  const data = await Deno.readFile(path);
  let done = 0;
  let told = 0;
  const clients = Array.from({ length: 10 }, async (_, chunkIndex) => {
    using client = connectWorker(address);
    const header = {
      videoId: "v",
      chunkIndex,
      kind: "CHUNK_KIND_MEDIA_SEGMENT",
      segment: { timescale: 15, frameCount: 15 },
    } as const;
    const onRetry = () => void told++;
    const send = () => client.processChunk(header, data, RPC);
    await withRetries(send, { attempts: 1, busyMs: 60_000, onRetry });
    done++;
  });
  let most = 0;
  while (done < clients.length) {
    const running = await encodersOf(worker.child.pid);
    most = Math.max(most, running.length);
    await Promise.race([Promise.all(clients), until(() => Promise.resolve(true))]); // throws if one of them did
  }
  await Promise.all(clients);
  assert(told > 0, "nobody was told to wait");
  assert(most > 0, "no encoder was seen");
  assert(most <= maxTasks, `${most} encoders at once`);
  using client = connectWorker(address);
  assertEquals((await client.getVideoMetadata("v", RPC)).entries.length, clients.length);
});

Deno.test("a caller that waits for a place and cancels leaves the queue, and another gets in", async () => {
  await using t = await startInProcess({ maxTasks: 1 });
  const running = t.raw.open(begin("running"));
  await t.raw.until(({ activeTasks }) => activeTasks === 1);
  const waiting = t.raw.open(begin("waiting"));
  await t.raw.until(({ queuedTasks }) => queuedTasks === 1);
  waiting.call.cancel();
  await t.raw.until(({ queuedTasks, activeTasks }) => queuedTasks === 0 && activeTasks === 1);
  const next = t.raw.open(begin("next"));
  await t.raw.until(({ queuedTasks }) => queuedTasks === 1);
  for (const { call } of [running, next]) call.end();
  assertEquals([(await running.answer).success, (await next.answer).success], [true, true]);
  const { entries } = await t.client.listShards("", RPC);
  assertEquals(entries.map(({ videoId }) => videoId), ["next", "running"]);
});

/** A ProcessChunk that has begun, and of whose message nothing comes. */
function beginMessage(t: InProcessWorker) {
  const { promise: error, resolve } = Promise.withResolvers<ServiceError | null>();
  const asIs = (bytes: Uint8Array) => bytes as Buffer;
  const call = t.raw.client.makeClientStreamRequest(
    WorkerService.service.ProcessChunk.path,
    asIs,
    asIs,
    resolve,
  );
  return { call, error };
}

Deno.test("a busy worker says so before the chunk has come", async () => {
  await using t = await startInProcess({ maxTasks: 1 });
  const begun = ["v", "w"].map((videoId) => t.raw.open(begin(videoId)));
  await t.raw.until(({ activeTasks, queuedTasks }) => activeTasks === 1 && queuedTasks === 1);
  const error = await within(30_000, beginMessage(t).error);
  assertEquals(error?.code, status.RESOURCE_EXHAUSTED);
  assert(Number(error?.metadata.get("grpc-retry-pushback-ms")[0]) > 0);
  for (const { call } of begun) call.cancel();
});

Deno.test("chunks on their way in one message take places, and give them up when their callers do", async () => {
  await using t = await startInProcess({ maxTasks: 1 });
  const isTaken = () =>
    t.client.processChunk({ videoId: "v", chunkIndex: 0 }, BYTES, RPC).then(() => true, (error) => {
      assertEquals(error.code, "RESOURCE_EXHAUSTED");
      return false;
    });
  const onTheirWay = [beginMessage(t), beginMessage(t)]; // as many as may run and wait
  await until(async () => !await isTaken());
  for (const { call } of onTheirWay) call.cancel();
  await until(isTaken);
});

Deno.test("a worker told to stop sends away those that wait, and finishes what runs", async () => {
  await using t = await startInProcess({ maxTasks: 1 });
  const running = t.raw.open(begin("running"));
  await t.raw.until(({ activeTasks }) => activeTasks === 1);
  const waiting = t.raw.open(begin("waiting"));
  await t.raw.until(({ queuedTasks }) => queuedTasks === 1);
  const drained = t.worker.drain(60_000);
  const error = await assertRejects(() => waiting.answer) as ServiceError;
  assertEquals([error.code, error.details], [status.UNAVAILABLE, "Worker is draining"]);
  await assertRpcFails("UNAVAILABLE", t.client.processChunk({ videoId: "new", chunkIndex: 0 }, BYTES, RPC));
  running.call.end();
  assertEquals((await running.answer).success, true);
  assertEquals(await drained, true);
});

Deno.test("a worker that is not done in time aborts its encodes, whose processes are dead, and exits 1", async () => {
  await using folder = await temporaryFolder();
  const { header, data } = await longChunk(folder.path);
  const flags = ["--drain_seconds", "0.5", "--max_tasks", "2", "--encoder", "libav"];
  const shardsDir = join(folder.path, "shards");
  await using worker = await startOurWorker({ shardsDir, flags });
  using client = connectWorker(byNumber(worker.address));
  const calls = [0, 1].map((chunkIndex) => client.processChunk({ ...header, chunkIndex }, data, RPC));
  const failures = calls.map((call) => assertRpcFails("UNAVAILABLE", call));
  await until(async () => (await encodersOf(worker.child.pid)).length === 2);
  const encoders = await encodersOf(worker.child.pid);
  worker.child.kill("SIGTERM");
  await Promise.all(failures);
  assertEquals((await within(30_000, worker.child.status)).code, 1);
  for (const pid of encoders) assertEquals(await isAlive(pid), false, `encoder ${pid}`);
  const isTold = () => worker.output().includes("What was not done in time was aborted");
  await until(() => Promise.resolve(isTold())); // its last words may come after its end
});

Deno.test("a worker killed with -9 takes its encoders with it within seconds", async () => {
  await using folder = await temporaryFolder();
  const { header, data } = await longChunk(folder.path);
  const flags = ["--max_tasks", "2", "--encoder", "libav"];
  await using worker = await startOurWorker({ shardsDir: join(folder.path, "shards"), flags });
  using client = connectWorker(byNumber(worker.address));
  using raw = rawClient(byNumber(worker.address));
  // one that has its whole chunk, and one that waits for the rest of it
  const whole = assertRpcFails("UNAVAILABLE", client.processChunk(header, data, RPC));
  const half = raw.open([{ header: { ...header, chunkIndex: 1 } }, { data: data.subarray(0, 100_000) }]);
  await until(async () => (await encodersOf(worker.child.pid)).length === 2);
  const encoders = await encodersOf(worker.child.pid);
  worker.child.kill("SIGKILL");
  await whole;
  await assertRejects(() => half.answer);
  await within(
    15_000,
    until(async () => (await Promise.all(encoders.map(isAlive))).every((alive) => !alive)),
  );
});
