import { assertEquals } from "@std/assert";
import { codecDifferences } from "../../lib/assemble/codec_agreement.ts";
import type { DecoderConfig } from "../../lib/chunk/source_file.ts";

const CONFIG: DecoderConfig = {
  codec: "avc1.64001f",
  codedWidth: 1280,
  codedHeight: 720,
  description: Uint8Array.of(1, 100, 0, 31),
  colorSpace: { primaries: "bt709", transfer: "bt709", matrix: "bt709", fullRange: false },
};

Deno.test("codecDifferences() finds none between equal configurations, however they hold their bytes", () => {
  const buffer = Uint8Array.of(9, 1, 100, 0, 31, 9).buffer;
  assertEquals(codecDifferences(CONFIG, { ...CONFIG, description: new Uint8Array(buffer, 1, 4) }), []);
  assertEquals(codecDifferences(CONFIG, { ...CONFIG, description: buffer.slice(1, 5) }), []);
  assertEquals(codecDifferences(CONFIG, { ...CONFIG, displayAspectWidth: 16, displayAspectHeight: 9 }), []);
});

for (
  const [what, other] of [
    ["codec (avc1.64001f and avc1.640020)", { codec: "avc1.640020" }],
    ["parameter sets (0164001f and 01640020)", { description: Uint8Array.of(1, 100, 0, 32) }],
    ["pixel aspect (1.7778 and 2.3333)", { displayAspectWidth: 21, displayAspectHeight: 9 }],
    ["colour (bt709/bt709/bt709/limited and bt709/bt709/bt709/full)", {
      colorSpace: { ...CONFIG.colorSpace, fullRange: true },
    }],
  ] as const
) {
  Deno.test(`codecDifferences() names another ${what.split(" (")[0]}`, () => {
    assertEquals(codecDifferences(CONFIG, { ...CONFIG, ...other }), [what]);
  });
}

/** ISO/IEC 14496-15, 8.3.3.1: a list of one unit for each. */
function hvcC(fixed: number, ...units: readonly Uint8Array[]): Uint8Array {
  const lists = units.map((unit) =>
    Uint8Array.of(unit[0]! >> 1, 0, 1, unit.length >> 8, unit.length & 0xff, ...unit)
  );
  const start = Uint8Array.of(1, ...Array<number>(20).fill(fixed), 3, units.length);
  return Uint8Array.from([start, ...lists].flatMap((bytes) => [...bytes]));
}

/** The unit of a type, whose bytes after the header are `fill`, up to the last of them. */
function hevcUnit(type: number, fill: number, sizeBytes = 6, last = fill): Uint8Array {
  const unit = new Uint8Array(sizeBytes).fill(fill);
  unit.set([type << 1, 1]);
  unit[sizeBytes - 1] = last;
  return unit;
}

const [VPS, SPS, PPS] = [hevcUnit(32, 5), hevcUnit(33, 6), hevcUnit(34, 7)];
const HEVC = { ...CONFIG, codec: "hvc1.1.6.L93.B0", description: hvcC(9, VPS, SPS, PPS, hevcUnit(39, 1)) };

Deno.test("codecDifferences() minds no message in a record of HEVC, such as x265's options", () => {
  const description = hvcC(9, VPS, SPS, PPS, hevcUnit(39, 2, 3_000));
  assertEquals(codecDifferences(HEVC, { ...HEVC, description }), []);
  assertEquals(codecDifferences(HEVC, { ...HEVC, description: hvcC(9, VPS, SPS, PPS) }), []);
});

for (
  const [what, description, says] of [
    ["VPS", hvcC(9, hevcUnit(32, 8), SPS, PPS), "400105050505 and 400108080808"],
    ["SPS", hvcC(9, VPS, hevcUnit(33, 8), PPS), "420106060606 and 420108080808"],
    ["PPS", hvcC(9, VPS, SPS, hevcUnit(34, 8)), "440107070707 and 440108080808"],
    ["number of sets", hvcC(9, VPS, SPS), "440107070707 and none"],
    ["fixed field", hvcC(10, VPS, SPS, PPS), `01${"09".repeat(20)}03 and 01${"0a".repeat(20)}03`],
  ] as const
) {
  Deno.test(`codecDifferences() names another ${what} of HEVC, and no more than that`, () => {
    assertEquals(codecDifferences(HEVC, { ...HEVC, description }), [`parameter sets (${says})`]);
  });
}

Deno.test("codecDifferences() tells of long parameter sets only where they part", () => {
  const long = (last: number) => ({ ...HEVC, description: hvcC(9, VPS, hevcUnit(33, 6, 3_000, last), PPS) });
  const cut = "...06060606060606";
  assertEquals(codecDifferences(long(6), long(8)), [`parameter sets (${cut}06 and ${cut}08)`]);
  const early = { ...HEVC, description: hvcC(9, VPS, hevcUnit(33, 8, 3_000), PPS) };
  const says = codecDifferences(long(6), early).join();
  assertEquals(says, `parameter sets (4201${"06".repeat(30)}... and 4201${"08".repeat(30)}...)`);
});

Deno.test("codecDifferences() names everything that differs", () => {
  const { description: _, ...other } = { ...CONFIG, codedWidth: 640, codedHeight: 360 };
  assertEquals(codecDifferences(CONFIG, other), [
    "size (1280x720 and 640x360)",
    "parameter sets (0164001f and none)",
  ]);
});
