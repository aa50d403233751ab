import { assertEquals } from "@std/assert";
import { setVp8Colours } from "../../lib/chunk/vp8_colours.ts";

function box(type: string, ...contents: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(contents.reduce((sum, { length }) => sum + length, 8));
  new DataView(bytes.buffer).setUint32(0, bytes.length);
  bytes.set(new TextEncoder().encode(type), 4);
  let position = 8;
  for (const part of contents) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}

/** A movie box that ends with three numbers for colours, all BT.709. */
function moovWith(format: string): Uint8Array<ArrayBuffer> {
  const entry = box(format, new Uint8Array(78), box("vpcC", Uint8Array.of(1, 0, 0, 0, 0, 10, 0x82, 1, 1, 1)));
  const table = box("stbl", box("stsd", new Uint8Array(8), entry));
  return box("moov", box("trak", box("mdia", box("minf", table))));
}

Deno.test("setVp8Colours() leaves unspecified what is not stated", () => {
  const moov = moovWith("vp08");
  setVp8Colours(moov, { matrix: null });
  assertEquals([...moov.slice(-4)], [0x82, 2, 2, 2]);
});

Deno.test("setVp8Colours() leaves alone what is stated", () => {
  const moov = moovWith("vp08");
  setVp8Colours(moov, { primaries: "bt709", transfer: null, matrix: "bt709" });
  assertEquals([...moov.slice(-3)], [1, 2, 1]);
});

Deno.test("setVp8Colours() leaves VP9 alone", () => {
  const moov = moovWith("vp09");
  setVp8Colours(moov);
  assertEquals([...moov.slice(-3)], [1, 1, 1]);
});
