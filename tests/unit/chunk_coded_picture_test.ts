import { assertEquals } from "@std/assert";
import { parameterSetsIn, pictureKind, statedSets } from "../../lib/chunk/coded_picture.ts";
import { nalUnits } from "../../lib/chunk/nal_units.ts";

const ANNEX_B = { codec: "avc", decoderConfig: {} };
/** Of four-byte lengths. */
const AVCC = { codec: "avc", decoderConfig: { description: Uint8Array.of(1, 0x64, 0, 0x0c, 0xff) } };
const HEVC = { codec: "hevc", decoderConfig: {} };

/** Units behind start codes. */
function stream(...units: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from(units.flatMap((unit) => [0, 0, 1, ...unit]));
}

Deno.test("nalUnits() finds units behind start codes of three and of four bytes", () => {
  const data = Uint8Array.of(0, 0, 0, 1, 9, 0xf0, 0, 0, 1, 0x65, 0x88, 1, 0, 1);
  assertEquals([...nalUnits(data, undefined)], [Uint8Array.of(9, 0xf0), Uint8Array.of(0x65, 0x88, 1, 0, 1)]);
});

Deno.test("nalUnits() finds units behind lengths, and leaves out what is cut off", () => {
  const data = Uint8Array.of(0, 2, 9, 0xf0, 0, 1, 0x65, 0, 9, 1);
  assertEquals([...nalUnits(data, 2)], [Uint8Array.of(9, 0xf0), Uint8Array.of(0x65)]);
  assertEquals([...nalUnits(new Uint8Array(), undefined)], []);
  assertEquals([...nalUnits(Uint8Array.of(0, 0, 0, 0, 0, 0), 4)], []);
});

// The first macroblock is 0 (one bit), then comes the type of the slice: 7 for I, 5 for P, 6 for B.
for (
  const [what, data, kind] of [
    ["an IDR picture", stream([9, 0xf0], [0x65, 0x88]), "closed"],
    ["an I picture", stream([0x67, 1], [0x41, 0b1000_1000]), "open"],
    ["a P picture", stream([0x41, 0b1001_1000]), "other"],
    ["a B picture", stream([0x01, 0b1001_1100]), "other"],
    ["parameter sets alone", stream([0x67, 1], [0x68, 1]), undefined],
    ["nothing", new Uint8Array(), undefined],
  ] as const
) {
  Deno.test(`pictureKind() calls ${what} of H.264 ${kind}`, () =>
    assertEquals(pictureKind(ANNEX_B, data), kind));
}

Deno.test("pictureKind() reads units behind lengths as the decoder's configuration gives them", () => {
  assertEquals(pictureKind(AVCC, Uint8Array.of(0, 0, 0, 2, 9, 0xf0, 0, 0, 0, 2, 0x65, 0x88)), "closed");
});

for (
  const [type, kind] of [
    [1, "other"],
    [6, "leading-decodable"],
    [7, "leading-decodable"],
    [8, "leading"],
    [9, "leading"],
    [16, "open"],
    [19, "closed"],
    [20, "closed"],
    [21, "open"],
    [32, undefined],
  ] as const
) {
  Deno.test(`pictureKind() calls a picture of type ${type} of HEVC ${kind}`, () => {
    assertEquals(pictureKind(HEVC, stream([32 << 1, 1], [type << 1, 1, 0x80])), kind);
  });
}

Deno.test("pictureKind() does not tell of other codecs", () => {
  assertEquals(pictureKind({ codec: "vp9", decoderConfig: {} }, stream([0x65])), undefined);
});

Deno.test("parameterSetsIn() gives the parameter sets before the first slice", () => {
  const data = stream([0x67, 1, 2, 0], [0x68, 3], [0x65, 0x88], [0x68, 4]);
  assertEquals(parameterSetsIn(ANNEX_B, data), { video: [], sequence: ["670102"], picture: ["6803"] });
  const hevc = stream([32 << 1, 1, 4], [33 << 1, 1, 5], [34 << 1, 1, 6], [34 << 1, 1, 7], [19 << 1, 1]);
  assertEquals(parameterSetsIn(HEVC, hevc), {
    video: ["400104"],
    sequence: ["420105"],
    picture: ["440106", "440107"],
  });
});

Deno.test("parameterSetsIn() reads units behind lengths, the last of them cut off", () => {
  const data = Uint8Array.of(0, 0, 0, 2, 0x67, 1, 0, 0, 0, 2, 0x68, 3, 0, 0, 9, 0, 0x65, 0x88);
  assertEquals(parameterSetsIn(AVCC, data), { video: [], sequence: ["6701"], picture: ["6803"] });
});

Deno.test("statedSets() gives those of a track's configuration", () => {
  const avc = Uint8Array.of(
    1,
    0x64,
    0,
    0x0c,
    0xff,
    0xe1,
    0,
    2,
    0x67,
    1,
    2,
    0,
    2,
    0x68,
    3,
    0,
    2,
    0x68,
    4,
    0xfd,
  );
  const stated = (codec: string, description: Uint8Array<ArrayBuffer>) =>
    statedSets({ codec, decoderConfig: { description } });
  assertEquals(stated("avc", avc), { video: [], sequence: ["6701"], picture: ["6803", "6804"] });
  const lists = [[0x20, 0, 1, 0, 2, 0x40, 1], [0x21, 0, 1, 0, 2, 0x42, 1], [0x22, 0, 1, 0, 2, 0x44, 1]];
  const hevc = Uint8Array.from([...new Uint8Array(22), lists.length, ...lists.flat()]);
  assertEquals(stated("hevc", hevc), { video: ["4001"], sequence: ["4201"], picture: ["4401"] });
  const none = { video: [], sequence: [], picture: [] };
  assertEquals(stated("avc", avc.subarray(0, 5)), none);
  assertEquals(stated("vp9", avc), none);
  assertEquals(statedSets(ANNEX_B), none);
});
