import { assertEquals } from "@std/assert";
import { inTurn, type JobShare, type Turn } from "../../lib/fleet/place_queue.ts";

const turn = (jobId: string, { priority = 0, isRetry = false } = {}): Turn => ({ jobId, priority, isRetry });
const order = (waiting: Turn[], shares: Record<string, JobShare> = {}) =>
  inTurn(waiting, new Map(Object.entries(shares))).map(({ jobId }) => jobId);

Deno.test("inTurn() puts a higher priority first, whatever else", () => {
  assertEquals(
    order([turn("low", { isRetry: true }), turn("high", { priority: 2 }), turn("mid", { priority: 1 })], {
      high: { held: 9, lastTurn: 9 },
    }),
    ["high", "mid", "low"],
  );
});

Deno.test("inTurn() puts those that try again before those that have not begun", () => {
  assertEquals(order([turn("new"), turn("again", { isRetry: true })]), ["again", "new"]);
});

Deno.test("inTurn() puts the job with the fewest places first, then the one whose last turn was longest ago", () => {
  const shares = { a: { held: 2, lastTurn: 1 }, b: { held: 1, lastTurn: 7 }, c: { held: 1, lastTurn: 3 } };
  assertEquals(order([turn("a"), turn("b"), turn("c"), turn("d")], shares), ["d", "c", "b", "a"]);
});

Deno.test("inTurn() keeps the order in which they came where nothing else decides", () => {
  const waiting = [turn("x"), turn("y"), turn("x"), turn("y")];
  assertEquals(order(waiting), ["x", "y", "x", "y"]);
  assertEquals(waiting.map(({ jobId }) => jobId), ["x", "y", "x", "y"]);
});
