import { assertEquals } from "@std/assert";
import { type RequestedRange, requestedRange } from "../../lib/master/web/byte_range.ts";

const part = (first: number, last: number): RequestedRange => ({ kind: "part", range: { first, last } });
const WHOLE: RequestedRange = { kind: "whole" };
const UNSATISFIABLE: RequestedRange = { kind: "unsatisfiable" };

/** Of a file of 1000 bytes; after RFC 9110, 14.1.2. */
const CASES: readonly [header: string | null, range: RequestedRange][] = [
  [null, WHOLE],
  ["bytes=0-499", part(0, 499)],
  ["bytes=0-0", part(0, 0)],
  ["bytes=500-999", part(500, 999)],
  ["bytes=500-", part(500, 999)],
  ["bytes=500-2000", part(500, 999)],
  ["bytes=-500", part(500, 999)],
  ["bytes=-2000", part(0, 999)],
  ["Bytes=0-1", part(0, 1)],
  ["bytes=1000-", UNSATISFIABLE],
  ["bytes=1000-1001", UNSATISFIABLE],
  ["bytes=99999999999999999999999-", UNSATISFIABLE],
  ["bytes=-0", UNSATISFIABLE],
  // what is not understood is ignored
  ["bytes=5-4", WHOLE],
  ["bytes=-", WHOLE],
  ["bytes=a-b", WHOLE],
  ["bytes=0-1,5-6", WHOLE],
  ["seconds=0-1", WHOLE],
  ["", WHOLE],
];

for (const [header, range] of CASES) {
  Deno.test(`requestedRange() takes ${JSON.stringify(header)} for ${JSON.stringify(range)}`, () => {
    assertEquals(requestedRange(header, 1_000), range);
  });
}

Deno.test("requestedRange() finds no bytes in an empty file", () => {
  assertEquals(requestedRange("bytes=0-", 0), UNSATISFIABLE);
  assertEquals(requestedRange("bytes=-1", 0), UNSATISFIABLE);
});
