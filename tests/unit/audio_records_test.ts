import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  type AudioRecord,
  encodeHead,
  encodeRecord,
  headOf,
  RecordSplitter,
} from "../../lib/encode/audio_records.ts";

const RECORDS: readonly AudioRecord[] = [
  { startTicks: -1024, durationTicks: 1024, data: Uint8Array.of(1, 2, 3) },
  { startTicks: 0, durationTicks: 0, data: new Uint8Array() },
  { startTicks: 2 ** 40 + 0.5, durationTicks: 960, data: new Uint8Array(300).fill(7) },
];

function bytesOf(records: readonly AudioRecord[]): Uint8Array {
  return Uint8Array.from(records.flatMap((record) => [...encodeRecord(record)]));
}

Deno.test("RecordSplitter finds the records however the stream is cut", () => {
  const bytes = bytesOf(RECORDS);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 20 }), (positions) => {
      const cuts = [0, ...positions.sort((a, b) => a - b), bytes.length];
      const splitter = new RecordSplitter();
      const found = cuts.slice(1).flatMap((end, i) => [...splitter.push(bytes.subarray(cuts[i], end))]);
      splitter.end();
      assertEquals(found, [...RECORDS]);
    }),
  );
});

Deno.test("RecordSplitter gives records that stay as they are when the bytes they came from change", () => {
  const bytes = bytesOf(RECORDS);
  const found = [...new RecordSplitter().push(bytes)];
  bytes.fill(0);
  assertEquals(found, [...RECORDS]);
});

Deno.test("RecordSplitter.end() refuses a stream that ends within a record", () => {
  const bytes = bytesOf(RECORDS);
  for (const missing of [1, 299, 301, 319]) {
    const splitter = new RecordSplitter();
    assertEquals([...splitter.push(bytes.subarray(0, bytes.length - missing))].length, 2);
    assertThrows(() => splitter.end(), RangeError, "the stream ends within it");
  }
});

Deno.test("RecordSplitter refuses a length that no packet has, before it takes memory for it", () => {
  const header = encodeRecord({ startTicks: 0, durationTicks: 0, data: new Uint8Array() });
  new DataView(header.buffer).setUint32(0, 2 ** 32 - 1);
  assertThrows(() => [...new RecordSplitter().push(header)], RangeError, "4294967295 bytes");
});

Deno.test("headOf() reads what encodeHead() wrote", () => {
  const head = { sampleRate: 44_100, channels: 6, description: Uint8Array.of(0x12, 0x10) };
  const [record] = new RecordSplitter().push(encodeHead(head));
  assertEquals(headOf(record!), head);
});
