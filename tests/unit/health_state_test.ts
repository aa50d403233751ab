import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  assess,
  type CheckOutcome,
  type HealthReport,
  UNKNOWN,
  type WorkerHealth,
} from "../../lib/fleet/health_state.ts";

const REPORT: HealthReport = {
  isHealthy: true,
  workerId: "w1",
  cpuPercent: 12.5,
  memoryBytes: 1024,
  activeTasks: 1,
  message: "ready",
};
const GOOD: CheckOutcome = { kind: "report", report: REPORT, latencyMs: 4 };
const DRAINING: CheckOutcome = {
  kind: "report",
  report: { ...REPORT, isHealthy: false, message: "draining" },
  latencyMs: 4,
};
const FAILED: CheckOutcome = { kind: "failure", reason: "no answer within 3 s" };

/** The states after each outcome, one second apart: on both clocks from 1000 ms on. */
function history(outcomes: readonly CheckOutcome[], unhealthyThreshold = 2): WorkerHealth[] {
  let state = UNKNOWN;
  return outcomes.map((outcome, i) =>
    state = assess(state, outcome, {
      nowMs: (i + 1) * 1000,
      monotonicMs: (i + 1) * 1000,
      unhealthyThreshold,
    })
  );
}

const kinds = (states: readonly WorkerHealth[]): string[] => states.map(({ kind }) => kind);

Deno.test("assess() takes a worker for healthy at its first good answer", () => {
  assertEquals(history([GOOD]), [
    { kind: "healthy", last: { report: REPORT, latencyMs: 4, lastSeenMs: 1000 } },
  ]);
});

Deno.test("assess() gives a worker up after as many failures in a row as the threshold says", () => {
  assertEquals(kinds(history([GOOD, FAILED, FAILED, FAILED])), [
    "healthy",
    "suspect",
    "unhealthy",
    "unhealthy",
  ]);
  assertEquals(kinds(history([GOOD, FAILED, FAILED, FAILED], 3)), [
    "healthy",
    "suspect",
    "suspect",
    "unhealthy",
  ]);
  assertEquals(kinds(history([GOOD, FAILED], 1)), ["healthy", "unhealthy"]);
});

Deno.test("assess() counts failures in a row only", () => {
  assertEquals(kinds(history([FAILED, GOOD, FAILED, GOOD, FAILED])), [
    "unknown",
    "healthy",
    "suspect",
    "healthy",
    "suspect",
  ]);
});

Deno.test("assess() knows nothing of a worker never seen until it has failed often enough", () => {
  const reason = "no answer within 3 s";
  assertEquals(history([FAILED, FAILED]), [
    { kind: "unknown", failures: 1, reason },
    { kind: "unhealthy", reason, sinceMs: 2000 },
  ]);
});

Deno.test("assess() takes a worker back after one good answer", () => {
  assertEquals(kinds(history([FAILED, FAILED, GOOD])).at(-1), "healthy");
  assertEquals(kinds(history([DRAINING, GOOD])), ["unhealthy", "healthy"]);
});

Deno.test("assess() believes a worker at once that says it takes no work", () => {
  assertEquals(history([GOOD, DRAINING])[1], {
    kind: "unhealthy",
    reason: "draining",
    sinceMs: 2000,
    last: { report: { ...REPORT, isHealthy: false, message: "draining" }, latencyMs: 4, lastSeenMs: 2000 },
  });
});

Deno.test("assess() keeps since when a worker is down, and when it was last seen, and gives the newest reason", () => {
  const last = { report: REPORT, latencyMs: 4, lastSeenMs: 1000 };
  const refused: CheckOutcome = { kind: "failure", reason: "refused" };
  assertEquals(history([GOOD, FAILED, refused, FAILED]).slice(1), [
    { kind: "suspect", failures: 1, reason: "no answer within 3 s", last },
    { kind: "unhealthy", reason: "refused", sinceMs: 3000, last },
    { kind: "unhealthy", reason: "no answer within 3 s", sinceMs: 3000, last },
  ]);
  assertEquals(
    history([DRAINING, DRAINING, FAILED]).map((state) => state.kind === "unhealthy" && state.sinceMs),
    [
      1000,
      1000,
      1000,
    ],
  );
});

Deno.test("assess() never has a worker flap: it is down only after N failures or by its own word", () => {
  const outcomes = fc.array(fc.constantFrom(GOOD, DRAINING, FAILED), { minLength: 1, maxLength: 30 });
  fc.assert(fc.property(outcomes, fc.integer({ min: 1, max: 5 }), (given, threshold) => {
    history(given, threshold).forEach((state, i) => {
      const past = given.slice(0, i + 1);
      const lastAnswer = past.findLastIndex(({ kind }) => kind === "report");
      const failures = i - lastAnswer;
      const isDown = failures >= threshold || past[lastAnswer] === DRAINING;
      assertEquals(state.kind === "unhealthy", isDown);
      assertEquals(state.kind === "healthy", past[i] === GOOD);
      assert(state.kind !== "suspect" || past[lastAnswer] === GOOD);
      assert(state.kind !== "unknown" || lastAnswer === -1);
    });
  }));
});
