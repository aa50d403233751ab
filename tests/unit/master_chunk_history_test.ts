import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import {
  chunkAfter,
  type ChunkEvent,
  interrupted,
  newChunk,
  NO_COUNTS,
  recount,
} from "../../lib/master/chunk_history.ts";
import type { ChunkView } from "../../lib/master/job_view.ts";
import { plannedChunks } from "./master_views.ts";

const [PLANNED] = plannedChunks(1);
const FRESH = newChunk(PLANNED!);

const started = (worker: string, attempt: number, isHedge = false): ChunkEvent => {
  return { kind: "started", chunk: 0, worker, attempt, isHedge };
};
const failed = (worker: string, attempt: number): ChunkEvent => {
  return { kind: "failed", chunk: 0, worker, attempt, reason: `${worker} is out of luck` };
};
const encoded = (worker: string, attempt: number): ChunkEvent => {
  return { kind: "encoded", chunk: 0, worker, attempt, shardBytes: 500, encodeSeconds: 1 };
};
const REUSED: ChunkEvent = { kind: "reused", chunk: 0, shardBytes: 400 };

/** The chunk after these, one a millisecond. */
const after = (...events: ChunkEvent[]): ChunkView =>
  events.reduce((chunk, event, index) => chunkAfter(chunk, event, index + 1), FRESH);

const attemptsOf = (chunk: ChunkView) =>
  chunk.attempts.map(({ worker, startedMs, endedMs, outcome }) => [worker, startedMs, endedMs, outcome]);

Deno.test("chunkAfter() follows a chunk over a worker that fails to one that does it", () => {
  const chunk = after(started("a", 1), failed("a", 1), started("b", 2), encoded("b", 2));
  assertEquals([chunk.state, chunk.worker, chunk.shardBytes], ["done", "b", 500]);
  assertEquals(attemptsOf(chunk), [["a", 1, 2, "failed"], ["b", 3, 4, "encoded"]]);
  assertEquals(chunk.attempts[0]?.reason, "a is out of luck");
});

Deno.test("chunkAfter() keeps nothing of an attempt for which a worker had no place", () => {
  const refused = { kind: "refused", chunk: 0, worker: "a", attempt: 1 } as const;
  assertEquals(after(started("a", 1), refused), FRESH);
  const hedged = after(started("b", 1), started("a", 1, true), refused);
  assertEquals([hedged.state, hedged.worker, attemptsOf(hedged)], ["encoding", "b", [[
    "b",
    1,
    undefined,
    "running",
  ]]]);
});

Deno.test("chunkAfter() has a chunk in the queue again while nobody has it", () => {
  const chunk = after(started("a", 1), failed("a", 1));
  assertEquals([chunk.state, chunk.worker], ["queued", ""]);
});

Deno.test("chunkAfter() says which of two at once was first", () => {
  const chunk = after(started("a", 1), started("b", 2, true), encoded("b", 2));
  assertEquals([chunk.state, chunk.worker], ["done", "b"]);
  assertEquals(attemptsOf(chunk), [["a", 1, 3, "superseded"], ["b", 2, 3, "encoded"]]);
});

Deno.test("chunkAfter() stays with the one of two that goes on", () => {
  const chunk = after(started("a", 1), started("b", 2, true), failed("a", 1));
  assertEquals([chunk.state, chunk.worker], ["encoding", "b"]);
});

Deno.test("chunkAfter() keeps a chunk's own history when its shard is found again", () => {
  const own = after(started("a", 1), encoded("a", 1), REUSED);
  assertEquals([own.state, own.worker], ["done", "a"]);
  const foreign = after(REUSED);
  assertEquals([foreign.state, foreign.worker, foreign.shardBytes], ["reused", "", 400]);
});

Deno.test("interrupted() ends what runs and leaves what is done", () => {
  const running = interrupted(after(started("a", 1)), 9);
  assertEquals([running.state, running.worker], ["queued", ""]);
  assertEquals(attemptsOf(running), [["a", 1, 9, "interrupted"]]);
  const done = after(started("a", 1), encoded("a", 1));
  assertEquals(interrupted(done, 9), done);
});

Deno.test("recount() comes to what counting all chunks anew does, whatever happens", () => {
  const event = fc.oneof(
    fc.constantFrom(started("a", 1), started("b", 2), failed("a", 1), failed("b", 2), REUSED),
    fc.constantFrom(encoded("a", 1), encoded("b", 2)),
  );
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat(2), event)), (history) => {
    const chunks = plannedChunks(3).map(newChunk);
    let counts = NO_COUNTS;
    history.forEach(([index, event], nowMs) => {
      const before = chunks[index]!;
      chunks[index] = chunkAfter(before, event, nowMs);
      counts = recount(counts, before, chunks[index]);
    });
    assertEquals(counts, chunks.reduce((sum, chunk) => recount(sum, undefined, chunk), NO_COUNTS));
  }));
});
