import { assertEquals } from "@std/assert";
import { assessCondition, type Condition, MIN_FREE_BYTES } from "../../lib/worker/health.ts";

const WELL: Condition = { isDraining: false, storeProblem: undefined, freeBytes: MIN_FREE_BYTES };

const MESSAGES: [Partial<Condition>, string | null][] = [
  [{}, null],
  [{ freeBytes: undefined }, null],
  [{ freeBytes: MIN_FREE_BYTES - 1 }, "disk is nearly full: 255 MiB free"],
  [{ freeBytes: 0 }, "disk is nearly full: 0 MiB free"],
  [{ storeProblem: "it is gone" }, "store is not writable: it is gone"],
  [{ storeProblem: "it is gone", freeBytes: 0 }, "store is not writable: it is gone"],
  [{ isDraining: true }, "draining"],
  [{ isDraining: true, storeProblem: "it is gone", freeBytes: 0 }, "draining"],
];

for (const [change, message] of MESSAGES) {
  Deno.test(`assessCondition() says ${message ?? "healthy"} of ${JSON.stringify(change)}`, () => {
    const expected = { isHealthy: message === null, message: message ?? "healthy" };
    assertEquals(assessCondition({ ...WELL, ...change }), expected);
  });
}
