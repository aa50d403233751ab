/** What becomes of shards that a worker has answered and nobody has fetched when it is told to stop. */
import { assertEquals, assertGreater } from "@std/assert";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import type { TaskEvent } from "../../lib/fleet/fleet.ts";
import { connectWorker } from "../../lib/rpc/worker_client.ts";
import { FileLock } from "../../lib/store/_file_lock.ts";
import { storeLockPath } from "../../lib/store/_staging.ts";
import { encodeThrough, fleetOf, shortChunk } from "./fleet_fixture.ts";
import { type InProcessWorker, startInProcess } from "./in_process_worker.ts";
import { within } from "./within.ts";

// grpc-js leaves a timer behind of a worker that has gone while the fleet asks how it is; tests/integration/
// worker_load_test.ts shows that a worker itself leaves nothing of shards that nobody has fetched
Deno.test.sanitizer({ ops: false, resources: false });

const RPC = { timeoutMs: 60_000 };
const BYTES = new Uint8Array(100_000).fill(7);
/** Far longer than anything here may take: what ends before has not waited for it. */
const LONG_MS = 600_000;
const PATIENT = { handover: { fetchedWithinMs: LONG_MS } };

async function fetched({ client }: Pick<InProcessWorker, "client">, location: string): Promise<number> {
  return (await new Response(await client.getShard(location, RPC)).bytes()).length;
}

/** Whether the worker says that all was done when it stops. */
async function drained(t: InProcessWorker, drainMs = LONG_MS): Promise<boolean> {
  return await within(60_000, t.worker.drain(drainMs));
}

Deno.test("a chunk whose worker is told to stop during its encode is encoded once, and its shard fetched", async () => {
  await using t = await startInProcess({ encoder: "libav", maxTasks: 1, ...PATIENT });
  await using fleet = fleetOf([t.worker.address]);
  const signal = AbortSignal.timeout(60_000);
  const build = await fleet.chooseBuild(DEFAULT_SETTINGS, { signal });
  // what is encoded is not stored before it is let go, so that the encode cannot be over too soon
  const lock = await FileLock.open(storeLockPath(t.shardsDir));
  const events: TaskEvent[] = [];
  const onEvent = (event: TaskEvent) => void events.push(event);
  const encoding = encodeThrough({ fleet, chunk: await shortChunk(), build, signal, onEvent });
  encoding.catch(() => {}); // where the test fails first
  const stopping = await lock.run(async () => {
    await t.raw.until(({ activeTasks }) => activeTasks === 1);
    const isDrained = drained(t);
    await t.raw.until(({ isHealthy, activeTasks }) => !isHealthy && activeTasks === 1);
    return { isDrained };
  });
  await lock.close();

  const { shard, bytes } = await encoding;
  assertEquals(events.map(({ kind }) => kind), ["started"]);
  assertEquals(bytes.length, shard.sizeBytes);
  assertEquals(await stopping.isDrained, true, "it stops as soon as the shard is fetched");
});

Deno.test("a shard that was made while the worker drains can be fetched, and health says so until then", async () => {
  await using t = await startInProcess(PATIENT);
  const running = t.raw.open([{ header: { videoId: "v" } }, { data: BYTES }]);
  await t.raw.until(({ activeTasks }) => activeTasks === 1);
  const stopping = drained(t);
  running.call.end();
  const { shardLocation, encodedSize } = await running.answer;
  assertEquals((await t.raw.until(({ activeTasks }) => activeTasks === 0)).message, "draining");
  assertEquals(await fetched(t, shardLocation), Number(encodedSize));
  assertEquals(await stopping, true);
});

Deno.test("a shard that was made just before can be fetched by whoever is still connected", async () => {
  await using t = await startInProcess(PATIENT);
  const { shardLocation, encodedBytes } = await t.client.processChunk(
    { videoId: "v", chunkIndex: 0 },
    BYTES,
    RPC,
  );
  const stopping = drained(t);
  assertEquals(await fetched(t, shardLocation), encodedBytes);
  assertEquals(await stopping, true);
});

Deno.test("a shard that was sent as a whole can be read to its end, though the worker has nothing else to do", async () => {
  await using t = await startInProcess({ handover: { fetchedWithinMs: LONG_MS, readWithinMs: LONG_MS } });
  const { isDrained } = await (async () => {
    using reader = connectWorker(t.worker.address);
    const header = { videoId: "v", chunkIndex: 0 };
    const { shardLocation, encodedBytes } = await reader.processChunk(header, BYTES, RPC);
    const isDrained = drained(t);
    const shard = await reader.getShard(shardLocation, RPC);
    for (let answers = 0; answers < 10; answers++) await t.raw.until(() => true);
    assertEquals((await new Response(shard).bytes()).length, encodedBytes);
    return { isDrained };
  })();
  assertEquals(await isDrained, true, "whoever has hung up reads no more");
});

Deno.test("a worker of which all shards are fetched stops at once", async () => {
  await using t = await startInProcess(PATIENT);
  const { shardLocation } = await t.client.processChunk({ videoId: "v", chunkIndex: 0 }, BYTES, RPC);
  await fetched(t, shardLocation);
  assertEquals(await drained(t), true);
});

Deno.test("a worker does not wait for those who had shards made and have hung up", async () => {
  await using t = await startInProcess(PATIENT);
  {
    using passing = connectWorker(t.worker.address);
    await passing.processChunk({ videoId: "v", chunkIndex: 0 }, BYTES, RPC);
  }
  assertEquals(await drained(t), true);
});

Deno.test("a worker waits only seconds for shards that nobody fetches, and no longer than it was told to", async () => {
  for (
    const { drainMs, waitsMs, ...options } of [
      { drainMs: LONG_MS, waitsMs: 2_500 }, // seconds by itself
      { drainMs: 300, waitsMs: 250, ...PATIENT },
    ]
  ) {
    await using t = await startInProcess(options);
    const startMs = performance.now(); // the wait begins with the answer, which comes later
    await t.client.processChunk({ videoId: "v", chunkIndex: 0 }, BYTES, RPC);
    assertEquals(await drained(t, drainMs), true, "nothing was running");
    assertGreater(performance.now() - startMs, waitsMs);
  }
});
