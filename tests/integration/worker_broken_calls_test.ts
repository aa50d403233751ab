/** Calls that do not end as they should: cancelled, stalled, too slow, not read. */
import { assert, assertEquals, assertLess, assertMatch, assertRejects } from "@std/assert";
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { once } from "node:events";
import { join } from "node:path";
import type { ProcessChunkPart } from "../../lib/rpc/generated/replication/ProcessChunkPart.ts";
import type { GetShardPart__Output } from "../../lib/rpc/generated/replication/GetShardPart.ts";
import { RpcError } from "../../lib/rpc/rpc_error.ts";
import { startOurWorker } from "../peers/our_worker.ts";
import { byNumber } from "./by_number.ts";
import { childrenOf, isStopped } from "./child_processes.ts";
import { startInProcess } from "./in_process_worker.ts";
import { longChunk } from "./long_chunk.ts";
import { peakMemory } from "./peak_memory.ts";
import { writePlainShard } from "./plain_shard.ts";
import { rawClient } from "./raw_client.ts";
import { assertRpcFails } from "./rpc_asserts.ts";
import { startScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { until } from "./until.ts";

Deno.test.sanitizer({ ops: true, resources: true });

const RPC = { timeoutMs: 30_000 };
const MIB = 2 ** 20;
const BYTES = new Uint8Array(100_000).fill(7);
const begin = (videoId: string): ProcessChunkPart[] => [{ header: { videoId } }, { data: BYTES }];

Deno.test("a download that is cancelled after its first part leaves no file open, and the next one works", async () => {
  await using t = await startInProcess();
  const location = await writePlainShard(t.shardsDir, { sizeBytes: 30 * MIB });
  for (let round = 0; round < 3; round++) {
    const reader = (await t.client.getShard(location, RPC)).getReader();
    await reader.read();
    assertEquals(await t.openFiles(), ["v/chunk_0.shard"], "it is under way");
    await reader.cancel();
    await until(async () => (await t.openFiles()).length === 0);
  }
  const whole = await new Response(await t.client.getShard(location, RPC)).bytes();
  assertEquals(whole.length, 30 * MIB);
});

Deno.test("an upload that is cancelled in the middle leaves no task, no file and nothing stored, and the next one works", async () => {
  await using t = await startInProcess({ maxTasks: 1 });
  for (let round = 0; round < 3; round++) {
    const { call } = t.raw.open(begin("v"));
    await t.raw.until(({ activeTasks }) => activeTasks === 1);
    call.cancel();
    await t.raw.until(({ activeTasks }) => activeTasks === 0);
    await until(async () => (await t.openFiles()).length === 0 && (await t.storedFiles()).length === 0);
  }
  await t.client.processChunk({ videoId: "v", chunkIndex: 0 }, BYTES, RPC);
  assertEquals((await t.storedFiles()).length, 2);
});

Deno.test("an upload that stops coming is cut off, wherever it stops, and what it held is free again", async () => {
  await using t = await startInProcess({ maxTasks: 1, limits: { stallMs: 200 } });
  const stalls: ProcessChunkPart[][] = [[], [{ header: { videoId: "v" } }], begin("v")];
  for (const parts of stalls) {
    const { answer } = t.raw.open(parts);
    const error = await assertRejects(() => answer) as ServiceError;
    assertEquals(error.code, status.DEADLINE_EXCEEDED, error.message);
    assertMatch(error.details, /\bcame\b.* 0\.2 s/);
  }
  await t.raw.until(({ activeTasks, queuedTasks }) => activeTasks === 0 && queuedTasks === 0);
  await until(async () => (await t.openFiles()).length === 0 && (await t.storedFiles()).length === 0);
  await t.client.processChunk({ videoId: "v", chunkIndex: 0 }, BYTES, RPC);
});

Deno.test("a chunk that keeps coming past the time that one may take is ended", async () => {
  await using t = await startInProcess({ limits: { stallMs: 10_000, encodeMs: 500 } });
  const { call, answer } = t.raw.open(begin("v"));
  const trickle = setInterval(() => call.write({ data: BYTES.subarray(0, 1) }), 20);
  try {
    const error = await assertRejects(() => answer) as ServiceError;
    assertEquals([error.code, error.details], [
      status.DEADLINE_EXCEEDED,
      "Cannot process chunk: not done after 0.5 s",
    ]);
  } finally {
    clearInterval(trickle);
  }
  await until(async () => (await t.storedFiles()).length === 0);
});

Deno.test("a chunk that was refused holds its place no longer, though the rest of it keeps coming", async () => {
  const limits = { stallMs: 10_000, encodeMs: 3_000 };
  await using t = await startInProcess({ encoder: "libav", maxTasks: 1, limits });
  const header: ProcessChunkPart["header"] = {
    videoId: "v",
    kind: "CHUNK_KIND_MEDIA_SEGMENT",
    segment: { timescale: 25, frameCount: 25 },
    sha256: new Uint8Array(32),
  };
  // a box shorter than its own header, at which the encoder gives up
  const broken = new Uint8Array(100_000);
  broken.set([0, 0, 0, 4, 0x66, 0x72, 0x65, 0x65]);
  const { call, answer } = t.raw.open([{ header }, { data: broken }]);
  const trickle = setInterval(() => call.write({ data: BYTES.subarray(0, 1) }), 20);
  try {
    const error = await assertRejects(() => answer) as ServiceError;
    assertEquals([error.code, error.details], [
      status.DEADLINE_EXCEEDED,
      "Cannot process chunk: not done after 3 s",
    ]);
    await t.raw.until(({ activeTasks }) => activeTasks === 0);
  } finally {
    clearInterval(trickle);
  }
});

Deno.test("an encode past the time that one may take is ended, with its process", async () => {
  await using t = await startInProcess({ encoder: "libav", limits: { encodeMs: 1_500 } });
  await using folder = await temporaryFolder();
  const { header, data } = await longChunk(folder.path);
  const call = t.client.processChunk(header, data, RPC);
  await until(async () => (await childrenOf("self")).length > 0);
  await assertRpcFails("DEADLINE_EXCEEDED", call);
  await t.raw.until(({ activeTasks }) => activeTasks === 0);
  await until(async () => (await childrenOf("self")).length === 0);
  assertEquals(await t.storedFiles(), []);
});

Deno.test("a download that nobody reads is cut off, and its file closed", async () => {
  await using t = await startInProcess({ connections: { responseMs: 1_000 } });
  const location = await writePlainShard(t.shardsDir, { sizeBytes: 30 * MIB });
  const reader = (await t.client.getShard(location, RPC)).getReader();
  await reader.read();
  await until(async () => (await t.openFiles()).length === 0);
  const error = await assertRejects(async () => {
    while (!(await reader.read()).done);
  }, RpcError);
  assertEquals(error.code, "CANCELLED");
});

Deno.test({
  name:
    "a reader that does not read makes the worker wait: its memory stays as it is, however large the shard",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const sizeBytes = 300 * MIB;
    await using folder = await temporaryFolder();
    const shardsDir = join(folder.path, "shards");
    const location = await writePlainShard(shardsDir, { sizeBytes });
    await using worker = await startOurWorker({ shardsDir, flags: ["--encoder", "simulated"] });
    using raw = rawClient(byNumber(worker.address));
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const peak = peakMemory(worker.child.pid, over);

    const call = raw.client.getShardStream({ shardLocation: location }, new Metadata(), {
      deadline: Date.now() + 180_000,
    });
    let received = 0;
    call.on("data", ({ data }: GetShardPart__Output) => {
      received += data?.length ?? 0;
      if (received < 4 * MIB || call.listenerCount("paused") === 0) return;
      call.pause();
      call.emit("paused");
    });
    await once(call, "paused");
    // long enough for all of the shard to have been read, had nothing made it wait
    for (let answers = 0; answers < 200; answers++) await raw.until(() => true);
    assertLess(received, 32 * MIB);
    call.resume();
    await once(call, "end");
    assertEquals(received, sizeBytes);
    resolve();
    const peakBytes = await peak;
    assert(peakBytes > 0);
    assertLess(peakBytes, 200 * MIB, `the worker had ${Math.round(peakBytes / MIB)} MiB`);
  },
});

Deno.test({
  name: "a reader that announces room for everything and is frozen makes the worker wait all the same",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const sizeBytes = 300 * MIB;
    await using folder = await temporaryFolder();
    const shardsDir = join(folder.path, "shards");
    const location = await writePlainShard(shardsDir, { sizeBytes });
    await using worker = await startOurWorker({ shardsDir, flags: ["--encoder", "simulated"] });
    using raw = rawClient(byNumber(worker.address));
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const peak = peakMemory(worker.child.pid, over);
    await using reader = startScript("tests/integration/greedy_reader.ts", [
      byNumber(worker.address),
      location,
    ], {
      cwd: folder.path,
    });
    await until(() => isStopped(reader.child.pid)); // as it stops itself once the first bytes have come
    for (let answers = 0; answers < 200; answers++) await raw.until(() => true);
    reader.child.kill("SIGCONT");
    const { code, stdout } = await reader.result;
    resolve();
    assertEquals(code, 0);
    assert(Number(stdout.trim().split("\n").at(-1)) > sizeBytes, stdout);
    const peakBytes = await peak;
    assert(peakBytes > 0);
    assertLess(peakBytes, 200 * MIB, `the worker had ${Math.round(peakBytes / MIB)} MiB`);
  },
});
