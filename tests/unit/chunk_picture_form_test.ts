import { assert, assertEquals, assertNotEquals } from "@std/assert";
import * as fc from "fast-check";
import { pictureForm } from "../../lib/chunk/sps_aspect.ts";

/** Of 160x120 pixels in 4:2:0 and 8 bits, as x264 and x265 write them, and others that were told something else. */
const H264 = {
  plain: "6764000bacd942847e5c0440000003004000000c83c50a6580",
  same: {
    "other references": "6764000bacb28508fcb808800000030080000019078a152c",
    "50 frames a second": "6764000cacd942847e5c0440000003004000001903c50a6580",
    "square pixels that are not said to be": "6764000bacd942847e5840000003004000000c83c50a6580",
    "the baseline profile": "6742c00bda0a11f97011000003000100000300320f142aa0",
  },
  other: {
    "two pixels more": "6764000bacd942c478897011000003000100000300320f142996",
    "oblong pixels": "6764000bacd942847e5c3840000003004000000c83c50a6580",
    "the full range of values": "6764000bacd942847e5c05b2000003000200000300641e28532c",
    "primaries": "6764000bacd942847e5c05a8081012000003000200000300641e28532c",
    "4:2:2": "677a000bbcd942847e27011000000300100000030320f1429960",
    "10 bits": "676e000ba6cd942847e5c044000003000400000300c83c50a658",
    "fields": "67640015acd94288fde022000003000200000300643e28532c",
  },
};
const HEVC = {
  plain: "42010101600000030090000003000003001ea01420207cb965654a4c2f016808000003000800000300c840",
  same: {
    "other references": "42010101600000030090000003000003001ea01420207cb965a4a4c2f0168080000003008000000c84",
  },
  other: {
    "eight lines more":
      "42010101600000030090000003000003001ea01420205965654a4c2f016808000003000800000300c840",
    "oblong pixels": "42010101600000030090000003000003001ea01420207cb965654a4c2f046808000003000800000300c840",
    "10 bits": "42010102200000030090000003000003001ea01420207cad965654a4c2f0168080000003008000000c84",
  },
};

for (const [codec, { plain, same, other }] of [["avc", H264], ["hevc", HEVC]] as const) {
  const formOf = (unit: string) => pictureForm(codec, Uint8Array.fromHex(unit));
  for (const [what, unit] of Object.entries(same)) {
    Deno.test(`pictureForm() is the same with ${what}: ${codec}`, () => {
      assert(formOf(plain) !== undefined);
      assertEquals(formOf(unit), formOf(plain));
    });
  }
  for (const [what, unit] of Object.entries(other)) {
    Deno.test(`pictureForm() is another one with ${what}: ${codec}`, () => {
      assert(formOf(unit) !== undefined);
      assertNotEquals(formOf(unit), formOf(plain));
    });
  }
}

Deno.test("pictureForm() ends with any bytes", () => {
  fc.assert(
    fc.property(fc.constantFrom("avc", "hevc"), fc.uint8Array({ maxLength: 60 }), (codec, unit) => {
      assert(pictureForm(codec, unit) !== "");
    }),
    { numRuns: 2000 },
  );
});
