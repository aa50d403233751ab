import { assert, assertEquals } from "@std/assert";
import { type Failure, isPoison, leastFailed, retryWaitMs } from "../../lib/fleet/attempts.ts";

const failed = (worker: string): Failure => ({ worker, reason: "no", kind: "failed" });
const lost = (worker: string): Failure => ({ worker, reason: "gone", kind: "lost" });
const at = (...addresses: string[]) => addresses.map((address) => ({ address }));

Deno.test("isPoison() once a chunk has failed on three workers, however often on each", () => {
  const present = ["a", "b", "c", "d"];
  assert(!isPoison([failed("a"), failed("b"), failed("b"), failed("a")], present));
  assert(isPoison([failed("a"), failed("b"), failed("c")], present));
});

Deno.test("isPoison() once all workers that are there have failed twice", () => {
  assert(!isPoison([failed("a")], ["a"]));
  assert(isPoison([failed("a"), failed("a")], ["a"]));
  assert(!isPoison([failed("a"), failed("a")], ["a", "b"]));
  assert(!isPoison([failed("a"), failed("a"), failed("b")], ["a", "b"]));
  assert(isPoison([failed("a"), failed("a"), failed("b"), failed("b")], ["a", "b"]));
  assert(isPoison([failed("a"), failed("a"), failed("b")], ["a"])); // b has gone
});

Deno.test("isPoison() waits where nobody is there to try", () => {
  assert(!isPoison([failed("a"), failed("a")], []));
});

Deno.test("isPoison() counts workers that went away with the chunk apart, and for longer", () => {
  assert(!isPoison([lost("a"), lost("b"), lost("c"), lost("a"), lost("a")], ["a", "b", "c"]));
  assert(isPoison(Array.from({ length: 6 }, () => lost("a")), ["a", "b"]));
});

Deno.test("leastFailed() gives those who have not failed, then those who failed least; a loss does not count", () => {
  assertEquals(leastFailed(at("a", "b", "c"), []), at("a", "b", "c"));
  assertEquals(leastFailed(at("a", "b", "c"), [failed("a"), lost("b")]), at("b", "c"));
  assertEquals(leastFailed(at("a", "b"), [failed("a"), failed("b"), failed("a")]), at("b"));
  assertEquals(leastFailed(at("a"), [failed("a"), failed("a")]), at("a"));
  assertEquals(leastFailed([], [failed("a")]), []);
});

Deno.test("retryWaitMs() doubles from a quarter of a second to ten", () => {
  const waits = [0, 1, 2, 3, 9].map((count) => retryWaitMs(Array.from({ length: count }, () => failed("a"))));
  assertEquals(waits, [0, 250, 500, 1_000, 10_000]);
});
