import { assert, assertEquals, assertRejects } from "@std/assert";
import { currentTrace, withFirstSpan, withSpan, withTrace } from "../../lib/trace.ts";
import { newTrace } from "../../lib/traceparent.ts";

const later = () => new Promise<void>((resolve) => setTimeout(resolve));

Deno.test("withFirstSpan() begins a trace that lasts as long as its work, and goes on with one that there is", async () => {
  const seen = await withFirstSpan({ name: "work" }, async () => {
    const before = currentTrace();
    await later();
    return [before, await withFirstSpan({ name: "part" }, () => Promise.resolve(currentTrace()))];
  });
  assert(seen[0]);
  assertEquals(seen[1], seen[0]);
  assertEquals(currentTrace(), undefined);
});

Deno.test("withSpan() begins no trace, and what nobody records passes the caller's on as it is", async () => {
  const seen = () => withSpan({ name: "work" }, () => later().then(currentTrace));
  assertEquals(await seen(), undefined);
  const trace = newTrace();
  assertEquals(await withTrace(trace, seen), trace);
});

for (const trace of [undefined, newTrace()]) {
  Deno.test(`withSpan() ${trace ? "within a trace" : "without a trace"} starts its work at once and passes on how it ends`, async () => {
    const steps: string[] = [];
    const result = withTrace(
      trace,
      () =>
        withSpan({ name: "work", facts: { "transcoder.attempt": 1 } }, async (span) => {
          steps.push("started");
          span.note({ "transcoder.outcome": "done" });
          await later();
          return "value";
        }),
    );
    assertEquals(steps, ["started"]);
    assertEquals(await result, "value");
    const broken = new Error("broken");
    const failing = () => withSpan({ name: "work" }, () => Promise.reject(broken));
    assertEquals(await assertRejects(() => withTrace(trace, failing)), broken);
  });
}
