import { assert, assertEquals, assertGreater } from "@std/assert";
import fc from "fast-check";
import type { AttemptView, ChunkView } from "../../lib/master/job_view.ts";
import { chunkAt, stripCells, WIDTH, workerLanes } from "../../lib/master/web/client/timeline_layout.ts";

function chunk(index: number, news: Partial<ChunkView> = {}): ChunkView {
  const base = { index, startSeconds: index, durationSeconds: 1, frames: 25, shardBytes: 0 };
  return { ...base, state: "queued", worker: "", attempts: [], ...news };
}

function attempt(
  worker: string,
  startedMs: number,
  endedMs: number | undefined,
  news: Partial<AttemptView> = {},
): AttemptView {
  const outcome = endedMs === undefined ? "running" : "encoded";
  return { worker, attempt: 1, startedMs, endedMs, outcome, reason: "", ...news };
}

Deno.test("stripCells() gives each chunk that can be seen a cell of its own", () => {
  const chunks = [
    chunk(0, { state: "done", worker: "a" }),
    chunk(1, { state: "encoding", worker: "b" }),
    chunk(2),
  ];
  const cells = stripCells(chunks, 3).map(({ x, width, ...cell }) => ({
    ...cell,
    x: Math.round(x),
    width: Math.round(width),
  }));
  assertEquals(cells, [
    { x: 0, width: 331, state: "done", worker: "a", firstChunk: 0, lastChunk: 0 },
    { x: 333, width: 331, state: "encoding", worker: "b", firstChunk: 1, lastChunk: 1 },
    { x: 667, width: 331, state: "queued", worker: "", firstChunk: 2, lastChunk: 2 },
  ]);
});

Deno.test("stripCells() keeps a failure visible among ten thousand chunks, in a few hundred cells", () => {
  const chunks = Array.from({ length: 10_000 }, (_, index) => chunk(index, { state: "done", worker: "a" }));
  chunks[7_777] = chunk(7_777, { state: "failed", worker: "b" });
  const cells = stripCells(chunks, 10_000);
  assertGreater(300, cells.length);
  const [failed, ...more] = cells.filter(({ state }) => state === "failed");
  assertEquals([failed?.worker, more.length], ["b", 0]);
  assert(failed!.firstChunk <= 7_777 && failed!.lastChunk >= 7_777);
});

Deno.test("stripCells() covers every chunk once, from left to right, whatever their lengths", () => {
  const durations = fc.array(fc.double({ min: 0.001, max: 600, noNaN: true }), {
    minLength: 1,
    maxLength: 400,
  });
  fc.assert(fc.property(durations, (durations) => {
    let startSeconds = 0;
    const chunks = durations.map((durationSeconds, index) => {
      const made = chunk(index, { startSeconds, durationSeconds });
      startSeconds += durationSeconds;
      return made;
    });
    const cells = stripCells(chunks, startSeconds);
    let next = 0;
    let end = 0;
    for (const { x, width, firstChunk, lastChunk } of cells) {
      assertEquals(firstChunk, next);
      assert(x >= end - 1e-6 && width > 0 && x + width <= WIDTH + 1e-6);
      [next, end] = [lastChunk + 1, x + width];
    }
    assertEquals(next, chunks.length);
    assertGreater(WIDTH / 3, cells.length);
  }));
});

Deno.test("workerLanes() shows who did what when, what runs up to now, and a row for each that ran beside another", () => {
  const chunks = [
    chunk(0, { attempts: [attempt("b", 1_000, 2_000, { outcome: "failed" }), attempt("a", 2_000, 3_000)] }),
    chunk(1, { attempts: [attempt("b", 1_500, undefined)] }),
  ];
  const work = workerLanes(chunks, 5_000)!;
  assertEquals([work.startMs, work.endMs], [1_000, 5_000]);
  assertEquals(work.lanes.map(({ worker, rows }) => [worker, rows.length]), [["a", 1], ["b", 2]]);
  assertEquals(work.lanes[0]!.rows, [[{ x: 250, width: 248, outcome: "encoded" }]]);
  assertEquals(work.lanes[1]!.rows, [
    [{ x: 0, width: 248, outcome: "failed" }],
    [{ x: 125, width: 873, outcome: "running" }],
  ]);
});

Deno.test("workerLanes() has the workers in the order that people count in", () => {
  const workers = [
    "render-10:1",
    "render-2:1",
    "10.0.0.10:1",
    "10.0.0.9:1",
    "render-1:1",
    "render-1:10",
    "render-1:9",
  ];
  const attempts = workers.map((worker) => attempt(worker, 0, 1));
  assertEquals(workerLanes([chunk(0, { attempts })], 1)!.lanes.map(({ worker }) => worker), [
    "10.0.0.9:1",
    "10.0.0.10:1",
    "render-1:1",
    "render-1:9",
    "render-1:10",
    "render-2:1",
    "render-10:1",
  ]);
});

Deno.test("workerLanes() draws thousands of attempts as a few hundred bars, and a short failure still", () => {
  const chunks = Array.from(
    { length: 5_000 },
    (_, index) => chunk(index, { attempts: [attempt("a", index * 1_000, index * 1_000 + 900)] }),
  );
  chunks[2_500] = chunk(2_500, { attempts: [attempt("a", 2_500_000, 2_500_900, { outcome: "failed" })] });
  const [bars] = workerLanes(chunks, 0)!.lanes[0]!.rows;
  assertGreater(400, bars!.length);
  assertEquals(bars!.filter(({ outcome }) => outcome === "failed").length, 1);
});

Deno.test("workerLanes() has nothing to show before the first attempt", () => {
  assertEquals(workerLanes([chunk(0)], 1), undefined);
});

Deno.test("chunkAt() finds the chunk under the pointer", () => {
  const chunks = [chunk(0), chunk(1), chunk(2, { durationSeconds: 2 })];
  assertEquals([0, 0.24, 0.26, 0.6, 1].map((share) => chunkAt(chunks, share)), [0, 0, 1, 2, 2]);
  assertEquals(chunkAt([], 0.5), 0);
});
