import { assert, assertEquals } from "@std/assert";
import type { WorkerView } from "../../lib/fleet/fleet.ts";
import type { ChunkView, JobView } from "../../lib/master/job_view.ts";
import {
  afterEvents,
  EMPTY,
  HISTORY_MS,
  jobsInOrder,
  withDetails,
} from "../../lib/master/web/client/dashboard_state.ts";
import type { DashboardEvent } from "../../lib/master/web/event_stream.ts";

const job = (id: string, news: Partial<JobView> = {}) =>
  ({ id, chunks: 2, createdMs: 0, state: "processing", ...news }) as JobView;
const chunk = (index: number, state: ChunkView["state"], worker = "") =>
  ({ index, state, attempts: worker === "" ? [] : [{ worker }] }) as unknown as ChunkView;
const worker = (address: string, cpuPercent = 0) => ({ address, cpuPercent, memoryBytes: 1 }) as WorkerView;
const hello = (...jobIds: string[]): DashboardEvent => ({ kind: "hello", jobIds, nowMs: 500 });

Deno.test("the page forgets on its return what the master no longer has, and the chunks that it may not be told of again", () => {
  const before = afterEvents(EMPTY, [
    hello("a", "b"),
    { kind: "job", job: job("a") },
    { kind: "job", job: job("b") },
    { kind: "chunk", jobId: "b", chunk: chunk(1, "done", "w") },
  ], 100);
  assertEquals([before.clockAheadMs, before.isKnown], [400, true]);
  const after = afterEvents(
    before,
    [hello("b"), { kind: "job", job: job("b", { state: "completed" }) }],
    100,
  );
  assertEquals([...after.jobs.keys()], ["b"]);
  // which were last told of before it ended, and are asked for when somebody wants to see them
  assertEquals([after.jobs.get("b")!.job.state, after.jobs.get("b")!.chunks], ["completed", []]);
  const stillThere = afterEvents(after, [hello("b")], 100);
  assertEquals(
    withDetails(stillThere, { job: after.jobs.get("b")!.job, chunks: [chunk(0, "done")] }).jobs.size,
    1,
  );
  assertEquals(before.jobs.size, 2);
});

Deno.test("the page knows what there was at first once it has been told of every job that still is", () => {
  const begun = afterEvents(EMPTY, [hello("a", "b"), { kind: "job", job: job("a") }], 0);
  assertEquals(begun.isKnown, false);
  assertEquals(afterEvents(begun, [{ kind: "job", job: job("b") }], 0).isKnown, true);
  assertEquals(afterEvents(begun, [{ kind: "removed", jobId: "b" }], 0).isKnown, true);
  assertEquals(afterEvents(EMPTY, [hello()], 0).isKnown, true);
});

Deno.test("a job that is planned anew has no chunks of the old plan", () => {
  const planned = afterEvents(EMPTY, [
    { kind: "job", job: job("a", { chunks: 3 }) },
    ...[0, 1, 2].map((index) => ({ kind: "chunk", jobId: "a", chunk: chunk(index, "done") }) as const),
  ], 0);
  const anew = afterEvents(planned, [{ kind: "job", job: job("a", { chunks: 1 }) }], 0);
  assertEquals(anew.jobs.get("a")!.chunks.length, 1);
  assertEquals(planned.jobs.get("a")!.chunks.length, 3);
});

Deno.test("a removed job is gone, and what comes late of it brings nothing back", () => {
  const state = afterEvents(EMPTY, [
    { kind: "job", job: job("a") },
    { kind: "removed", jobId: "a" },
    { kind: "chunk", jobId: "a", chunk: chunk(0, "done") },
  ], 0);
  assertEquals(state.jobs.size, 0);
  assertEquals(withDetails(state, { job: job("a"), chunks: [] }).jobs.size, 0);
});

Deno.test("a worker keeps its number, and so its colour, when others come and go", () => {
  const first = afterEvents(EMPTY, [{ kind: "workers", workers: [worker("b"), worker("a")] }], 0);
  const later = afterEvents(first, [
    { kind: "workers", workers: [worker("0"), worker("a")] },
    { kind: "job", job: job("j") },
    { kind: "chunk", jobId: "j", chunk: chunk(0, "encoding", "z") },
  ], 1);
  assertEquals([...later.workerNumbers], [["b", 0], ["a", 1], ["0", 2], ["z", 3]]);
});

Deno.test("charts go back as far as the history, and no further", () => {
  let state = EMPTY;
  for (let timeMs = 0; timeMs <= 2 * HISTORY_MS; timeMs += 10_000) {
    state = afterEvents(state, [{ kind: "workers", workers: [worker("a", timeMs)] }], timeMs);
  }
  const samples = state.loads.get("a")!;
  assertEquals([samples[0]!.timeMs, samples.at(-1)!.cpuPercent], [HISTORY_MS + 10_000, 2 * HISTORY_MS]);
  assert(samples.length <= HISTORY_MS / 10_000 + 1);
});

Deno.test("the newest job comes first", () => {
  const events = [["old", 1], ["new", 3], ["middle", 2]].map(([id, createdMs]) =>
    ({ kind: "job", job: job(id as string, { createdMs: createdMs as number }) }) as const
  );
  assertEquals(jobsInOrder(afterEvents(EMPTY, events, 0)).map(({ job }) => job.id), ["new", "middle", "old"]);
});
