/** What becomes of shards that a worker has answered and nobody has fetched when it is told to stop. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import type { TaskEvent } from "../../lib/fleet/fleet.ts";
import { connectWorker } from "../../lib/rpc/worker_client.ts";
import { encodeThrough, fleetOf, shortChunk } from "./fleet_fixture.ts";
import { type InProcessWorker, startInProcess } from "./in_process_worker.ts";
import { within } from "./within.ts";

// grpc-js leaves a timer behind of a worker that has gone while the fleet asks how it is; tests/integration/
// worker_load_test.ts shows that a worker itself leaves nothing of shards that nobody has fetched
Deno.test.sanitizer({ ops: false, resources: false });

const RPC = { timeoutMs: 20_000 };
const BYTES = new Uint8Array(100_000).fill(7);
/** Far less than an unfetched shard is waited for. */
const AT_ONCE_MS = 1_000;

async function fetched({ client }: Pick<InProcessWorker, "client">, location: string): Promise<number> {
  return (await new Response(await client.getShard(location, RPC)).bytes()).length;
}

/** How many milliseconds the worker takes to stop, and whether it says that all was done. */
async function drained(t: InProcessWorker, drainMs = 20_000): Promise<{ ms: number; isDrained: boolean }> {
  const startMs = performance.now();
  const isDrained = await within(10_000, t.worker.drain(drainMs));
  return { ms: performance.now() - startMs, isDrained };
}

Deno.test("a chunk whose worker is told to stop during its encode is encoded once, and its shard fetched", async () => {
  await using t = await startInProcess({ encoder: "libav", maxTasks: 1 });
  await using fleet = fleetOf([t.worker.address]);
  const signal = AbortSignal.timeout(10_000);
  const build = await fleet.chooseBuild(DEFAULT_SETTINGS, { signal });
  const events: TaskEvent[] = [];
  const onEvent = (event: TaskEvent) => void events.push(event);
  const encoding = encodeThrough({ fleet, chunk: await shortChunk(), build, signal, onEvent });
  encoding.catch(() => {}); // where the test fails first
  await t.raw.until(({ activeTasks }) => activeTasks === 1);
  const stopping = drained(t);
  await t.raw.until(({ isHealthy, activeTasks }) => !isHealthy && activeTasks === 1);

  const { shard, bytes } = await encoding;
  assertEquals(events.map(({ kind }) => kind), ["started"]);
  assertEquals(bytes.length, shard.sizeBytes);
  const { ms, isDrained } = await stopping;
  assertEquals(isDrained, true);
  assertLess(ms, 3_000, "it stops as soon as the shard is fetched");
});

Deno.test("a shard that was made while the worker drains can be fetched, and health says so until then", async () => {
  await using t = await startInProcess();
  const running = t.raw.open([{ header: { videoId: "v" } }, { data: BYTES }]);
  await t.raw.until(({ activeTasks }) => activeTasks === 1);
  const stopping = drained(t);
  running.call.end();
  const { shardLocation, encodedSize } = await running.answer;
  assertEquals((await t.raw.until(({ activeTasks }) => activeTasks === 0)).message, "draining");
  assertEquals(await fetched(t, shardLocation), Number(encodedSize));
  assertEquals((await stopping).isDrained, true);
});

Deno.test("a shard that was made just before can be fetched by whoever is still connected", async () => {
  await using t = await startInProcess();
  const { shardLocation, encodedBytes } = await t.client.processChunk(
    { videoId: "v", chunkIndex: 0 },
    BYTES,
    RPC,
  );
  const stopping = drained(t);
  assertEquals(await fetched(t, shardLocation), encodedBytes);
  const { ms, isDrained } = await stopping;
  assertEquals(isDrained, true);
  assertLess(ms, AT_ONCE_MS);
});

Deno.test("a shard that was sent as a whole can be read to its end, though the worker has nothing else to do", async () => {
  await using t = await startInProcess();
  const header = { videoId: "v", chunkIndex: 0 };
  const { shardLocation, encodedBytes } = await t.client.processChunk(header, BYTES, RPC);
  const stopping = drained(t);
  const shard = await t.client.getShard(shardLocation, RPC);
  for (let answers = 0; answers < 10; answers++) await t.raw.until(() => true);
  assertEquals((await new Response(shard).bytes()).length, encodedBytes);
  assertEquals((await stopping).isDrained, true);
});

Deno.test("a worker of which all shards are fetched stops at once", async () => {
  await using t = await startInProcess();
  const { shardLocation } = await t.client.processChunk({ videoId: "v", chunkIndex: 0 }, BYTES, RPC);
  await fetched(t, shardLocation);
  const { ms, isDrained } = await drained(t);
  assertEquals(isDrained, true);
  assertLess(ms, AT_ONCE_MS);
});

Deno.test("a worker does not wait for those who had shards made and have hung up", async () => {
  await using t = await startInProcess();
  {
    using passing = connectWorker(t.worker.address);
    await passing.processChunk({ videoId: "v", chunkIndex: 0 }, BYTES, RPC);
  }
  await t.raw.until(() => true); // by then the worker knows
  const { ms, isDrained } = await drained(t);
  assertEquals(isDrained, true);
  assertLess(ms, AT_ONCE_MS);
});

Deno.test("a worker waits only seconds for shards that nobody fetches, and no longer than it was told to", async () => {
  for (
    const { drainMs, from, to } of [{ drainMs: 20_000, from: 2_000, to: 5_000 }, {
      drainMs: 300,
      from: 250,
      to: 2_000,
    }]
  ) {
    await using t = await startInProcess();
    await t.client.processChunk({ videoId: "v", chunkIndex: 0 }, BYTES, RPC);
    const { ms, isDrained } = await drained(t, drainMs);
    assertEquals(isDrained, true, "nothing was running");
    assert(ms > from && ms < to, `${ms} ms`);
  }
});
