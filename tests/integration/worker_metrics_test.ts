/** The Prometheus page of a worker. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { startInProcess } from "./in_process_worker.ts";
import { assertRpcFails } from "./rpc_asserts.ts";

Deno.test.sanitizer({ ops: true, resources: true });

const RPC = { timeoutMs: 10_000 };

/** The figures of a page, by name and labels as they stand there. */
async function figuresOf(page: Response): Promise<Map<string, number>> {
  const lines = (await page.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => {
    const [, name = "", value = ""] = /^(.*) (\S+)$/.exec(line) ?? [];
    return [name, Number(value)];
  }));
}

Deno.test("/metrics tells of chunks that were stored and refused, and how the worker is", async () => {
  await using t = await startInProcess({ metricsPort: 0, maxTasks: 3 });
  const url = `http://${t.worker.metricsAddress}/metrics`;
  const before = await figuresOf(await fetch(url));
  assertEquals([before.get("worker_chunks_total"), before.get("worker_healthy")], [0, 1]);

  for (const chunkIndex of [0, 1]) {
    await t.client.processChunk({ videoId: "v", chunkIndex }, new Uint8Array(1_000), RPC);
  }
  const empty = t.client.processChunk({ videoId: "v", chunkIndex: 2 }, new Uint8Array(), RPC);
  await assertRpcFails("INVALID_ARGUMENT", empty);
  const { call } = t.raw.open([{ header: { videoId: "w" } }, { data: new Uint8Array(10) }]);
  await t.raw.until(({ activeTasks }) => activeTasks === 1);

  const page = await fetch(url);
  assertEquals(page.status, 200);
  assertMatch(page.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  const figures = await figuresOf(page);
  const expected = {
    "worker_chunks_total": 2,
    "worker_chunk_bytes_total": 2_000,
    "worker_shard_bytes_total": 1_000,
    "worker_frames_total": 0,
    "worker_chunk_seconds_count": 2,
    'worker_chunks_failed_total{code="INVALID_ARGUMENT"}': 1,
    "worker_active_tasks": 1,
    "worker_queued_tasks": 0,
    "worker_healthy": 1,
  };
  for (const [name, value] of Object.entries(expected)) assertEquals(figures.get(name), value, name);
  assert(figures.get("worker_memory_bytes")! > 10_000_000);
  const percent = figures.get("worker_cpu_utilization_percent")!;
  assert(percent >= 0 && percent <= 100, `${percent}`);
  call.cancel();
});

Deno.test("chunks that are sent away before they come are counted as well", async () => {
  await using t = await startInProcess({ metricsPort: 0, maxTasks: 1 });
  const begun = ["v", "w"].map((videoId) =>
    t.raw.open([{ header: { videoId } }, { data: new Uint8Array(10) }])
  );
  await t.raw.until(({ activeTasks, queuedTasks }) => activeTasks === 1 && queuedTasks === 1);
  const refused = t.client.processChunk({ videoId: "x", chunkIndex: 0 }, new Uint8Array(10), RPC);
  await assertRpcFails("RESOURCE_EXHAUSTED", refused);
  const figures = await figuresOf(await fetch(`http://${t.worker.metricsAddress}/metrics`));
  assertEquals(figures.get('worker_chunks_failed_total{code="RESOURCE_EXHAUSTED"}'), 1);
  for (const { call } of begun) call.cancel();
});

Deno.test("the metrics port has no other page than /metrics", async () => {
  await using t = await startInProcess({ metricsPort: 0 });
  for (const path of ["/", "/metrics/", "/metrics2", "/../metrics/x"]) {
    const answer = await fetch(`http://${t.worker.metricsAddress}${path}`);
    assertEquals([answer.status, await answer.text()], [404, "Not found"], path);
  }
});

Deno.test("a worker serves no metrics unless asked to", async () => {
  await using t = await startInProcess();
  assertEquals(t.worker.metricsAddress, undefined);
});
