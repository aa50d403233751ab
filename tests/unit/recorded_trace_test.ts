/** Spans as they are where somebody records them: whose they are, and how they ended. */
import { assertEquals, assertRejects } from "@std/assert";
import { createWorkerFleet } from "../../lib/fleet/worker_fleet.ts";
import { StoreFullError } from "../../lib/store/store_errors.ts";
import { currentTrace, withFirstSpan, withSpan, withTrace } from "../../lib/trace.ts";
import { newTrace } from "../../lib/traceparent.ts";
import { FakeClock, settled } from "./fake_clock.ts";
import { acceptAll, BUILD, chunkTask, FakeWorker } from "./fake_port.ts";
import { type RecordedSpan, recordSpans } from "./recorded_spans.ts";

const spans = recordSpans();

/** Those that have begun since this was last asked. */
const taken = (): RecordedSpan[] => spans.splice(0);

Deno.test("withSpan() is a child of the span around it, across whatever is awaited, and ends with its work", async () => {
  const inner = await withFirstSpan({ name: "outer" }, async () => {
    await Promise.resolve();
    return await withSpan({ name: "inner", facts: { "transcoder.attempt": 1 } }, async (span) => {
      span.note({ "transcoder.outcome": "done" });
      await Promise.resolve();
      return currentTrace();
    });
  });
  const [first, second, ...others] = taken();
  assertEquals([first!.parentSpanId, second!.parentSpanId, others], [undefined, first!.spanId, []]);
  assertEquals(second!.facts, { "transcoder.attempt": 1, "transcoder.outcome": "done" });
  assertEquals([first!.isEnded, second!.isEnded], [true, true]);
  assertEquals(inner, { traceId: first!.traceId, spanId: second!.spanId, isSampled: true });
});

Deno.test("withSpan() records nothing outside of a trace, and within a caller's is its child", async () => {
  await withSpan({ name: "work" }, () => Promise.resolve());
  assertEquals(taken(), []);
  const caller = newTrace();
  await withTrace(caller, () => withFirstSpan({ name: "work" }, () => Promise.resolve()));
  assertEquals(taken().map(({ traceId, parentSpanId }) => [traceId, parentSpanId]), [
    [caller.traceId, caller.spanId],
  ]);
});

Deno.test("a span has failed with what its work throws, unless that was called off", async () => {
  for (const error of [new RangeError("too much"), new DOMException("Enough", "AbortError")]) {
    await assertRejects(() => withFirstSpan({ name: "work" }, () => Promise.reject(error)));
  }
  assertEquals(taken().map(({ facts, failure, isEnded }) => [facts["error.type"], failure, isEnded]), [
    ["RangeError", "too much", true],
    ["AbortError", undefined, true],
  ]);
});

type Ended = readonly [chunk: unknown, worker: unknown, isHedge: unknown, outcome: unknown, failure: unknown];

interface AttemptsOptions {
  /** Of `w1:1` and `w2:1`, in frames a second. */
  readonly speeds?: readonly [number, number];
  readonly chunks?: number;
  readonly prepare?: (first: FakeWorker) => void;
  readonly accept?: typeof acceptAll;
  /** After so many milliseconds all is called off. */
  readonly abortMs?: number;
}

/** Chunks' way through a fleet of two, and their attempts as they were recorded. */
async function attempts(
  { speeds = [20, 10], chunks = 1, prepare = () => {}, accept = acceptAll, abortMs = 20_000 }:
    AttemptsOptions,
): Promise<Ended[]> {
  const clock = new FakeClock();
  const workers = speeds.map((speed, index) => new FakeWorker(`w${index + 1}:1`, { clock, speed }));
  await using fleet = createWorkerFleet({
    workers: workers.map(({ address }) => address),
    connect: (address) => workers.find((worker) => worker.address === address)!.port(),
    codecs: ["h264"],
    clock,
  });
  await settled();
  prepare(workers[0]!);
  const abort = new AbortController();
  const { signal } = abort;
  const trace = newTrace();
  const encoded = Array.from({ length: chunks }, (_, index) =>
    withTrace(trace, async () => {
      using place = await fleet.place({ jobId: "job", priority: 0, build: BUILD, signal });
      await place.encode(chunkTask(index), new Uint8Array(), accept);
    }));
  const ended = Promise.allSettled(encoded);
  await clock.advance(abortMs);
  abort.abort();
  await ended;
  const made = taken();
  assertEquals(made.filter(({ parentSpanId, isEnded }) => parentSpanId !== trace.spanId || !isEnded), []);
  return made.map(({ facts, failure }) => [
    facts["transcoder.chunk.index"],
    facts["transcoder.worker"],
    facts["transcoder.hedge"],
    facts["transcoder.outcome"],
    failure,
  ]);
}

Deno.test("an attempt that fails says why, and so does one at a worker that is lost, or busy", async () => {
  for (const kind of ["failed", "lost"] as const) {
    const made = await attempts({ prepare: (first) => first.refuse = () => ({ kind, reason: "no luck" }) });
    assertEquals(made, [[0, "w1:1", false, kind, "no luck"], [0, "w2:1", false, "accepted", undefined]]);
  }
  const busy = { kind: "busy", waitMs: 60_000, reason: "later" } as const;
  const made = await attempts({ prepare: (first) => first.refuse = () => busy });
  assertEquals(made, [[0, "w1:1", false, "busy", "later"], [0, "w2:1", false, "accepted", undefined]]);
});

Deno.test("where our own disk is full, the attempt is broken", async () => {
  const made = await attempts({ accept: () => Promise.reject(new StoreFullError("the disk is full")) });
  assertEquals(made, [[0, "w1:1", false, "broken", "the disk is full"]]);
});

Deno.test("a second attempt beside a slow one is of the same trace, and the slow one is superseded", async () => {
  assertEquals(await attempts({ speeds: [10, 1], chunks: 2 }), [
    [0, "w1:1", false, "accepted", undefined],
    [1, "w2:1", false, "superseded", undefined],
    [1, "w1:1", true, "accepted", undefined],
  ]);
});

Deno.test("an attempt that was called off with its job has not failed", async () => {
  assertEquals(await attempts({ abortMs: 100 }), [[0, "w1:1", false, "cancelled", undefined]]);
});
