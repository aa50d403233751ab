import { assertEquals, assertNotEquals } from "@std/assert";
import { formatTraceparent, newTrace, parseTraceparent } from "../../lib/traceparent.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

Deno.test("parseTraceparent() reads the specification's own example, and gives it back", () => {
  const text = `00-${TRACE}-${SPAN}-01`;
  const trace = parseTraceparent(text);
  assertEquals(trace, { traceId: TRACE, spanId: SPAN, isSampled: true });
  assertEquals(formatTraceparent(trace!), text);
  assertEquals(parseTraceparent(`00-${TRACE}-${SPAN}-00`)?.isSampled, false);
});

Deno.test("parseTraceparent() reads what a later version adds to", () => {
  assertEquals(parseTraceparent(`01-${TRACE}-${SPAN}-01-more`)?.traceId, TRACE);
});

const NONE = [
  "",
  "undefined",
  `00-${TRACE}-${SPAN}`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${"0".repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${"0".repeat(16)}-01`,
  `ff-${TRACE}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-01-more`,
  `00-${TRACE}\n-${SPAN}-01`,
];

for (const text of NONE) {
  Deno.test(`parseTraceparent() takes ${JSON.stringify(text)} for none`, () => {
    assertEquals(parseTraceparent(text), undefined);
  });
}

Deno.test("newTrace() is one that others understand, and another each time", () => {
  const trace = newTrace();
  assertNotEquals(newTrace().traceId, trace.traceId);
  assertEquals(parseTraceparent(formatTraceparent(trace)), trace);
});
