import { assertEquals } from "@std/assert";
import { type Candidate, chooseHedge, chooseWorker } from "../../lib/fleet/choose_worker.ts";

const worker = (address: string, more: Partial<Candidate> = {}): Candidate => ({
  address,
  speed: 10,
  tasks: 0,
  maxTasks: 4,
  cpuPercent: 0,
  ...more,
});

const chosen = (...candidates: Candidate[]) => chooseWorker(candidates)?.address;

Deno.test("chooseWorker() takes the fastest; of equal ones the least loaded, then the one whose machine is idle", () => {
  assertEquals(chosen(worker("a"), worker("b", { speed: 20 })), "b");
  assertEquals(chosen(worker("a", { tasks: 2 }), worker("b", { tasks: 1 })), "b");
  assertEquals(chosen(worker("a", { cpuPercent: 90 }), worker("b", { cpuPercent: 20 })), "b");
  assertEquals(chosen(worker("a"), worker("b")), "a");
  assertEquals(chosen(), undefined);
});

Deno.test("chooseWorker() prefers a much faster worker with work to a slow one without, CPU or not", () => {
  assertEquals(chosen(worker("slow"), worker("fast", { speed: 30, tasks: 3, cpuPercent: 100 })), "fast");
});

const running = (
  name: string,
  elapsedSeconds: number,
  expectedSeconds: number | undefined,
  free: Candidate[],
  at = worker("slow"),
) => ({
  name,
  worker: at,
  elapsedSeconds,
  expectedSeconds,
  free,
});

const hedged = (...chunks: ReturnType<typeof running>[]) => {
  const hedge = chooseHedge(chunks);
  return hedge && [hedge.chunk.name, hedge.worker.address];
};

Deno.test("chooseHedge() leaves a chunk alone that goes as expected at a worker as fast as the others", () => {
  const free = [worker("other")];
  for (const elapsed of [0, 5, 10, 14]) assertEquals(hedged(running("x", elapsed, 10, free)), undefined);
});

Deno.test("chooseHedge() runs a chunk again that is long overdue", () => {
  assertEquals(hedged(running("x", 16, 10, [worker("other")])), ["x", "other"]);
});

Deno.test("chooseHedge() leaves a chunk alone where less than a second is to be won", () => {
  assertEquals(hedged(running("x", 1, 0.05, [worker("other")])), undefined);
  assertEquals(hedged(running("x", 1.1, 0.05, [worker("other")])), ["x", "other"]);
});

Deno.test("chooseHedge() runs a slow worker's chunk again where a fast one is done well before", () => {
  const fast = worker("fast", { speed: 40 });
  assertEquals(hedged(running("x", 2, 40, [fast])), ["x", "fast"]);
  assertEquals(hedged(running("x", 30, 40, [fast])), undefined); // 10 s against 10 s
});

Deno.test("chooseHedge() takes the chunk and the worker by which most time is won", () => {
  const [quick, quickest] = [worker("quick", { speed: 40 }), worker("quickest", { speed: 80 })];
  assertEquals(hedged(running("x", 10, 40, [quick, quickest]), running("y", 1, 40, [quick, quickest])), [
    "y",
    "quickest",
  ]);
  assertEquals(hedged(running("x", 10, 40, [quick]), running("y", 1, 40, [])), ["x", "quick"]);
});

Deno.test("chooseHedge() knows of a job's first chunk only how fast its workers are", () => {
  assertEquals(hedged(running("x", 5, undefined, [worker("same")])), undefined);
  assertEquals(hedged(running("x", 5, undefined, [worker("faster", { speed: 40 })])), ["x", "faster"]);
  assertEquals(hedged(running("x", 0, undefined, [worker("faster", { speed: 40 })])), undefined);
});
