import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { matroskaPixelAspect } from "../../lib/chunk/matroska_aspect.ts";
import { aspectInPictures, exactAspect } from "../../lib/chunk/pixel_aspect.ts";
import { openSourceBytes } from "../../lib/chunk/source_file.ts";
import { spsPixelAspect } from "../../lib/chunk/sps_aspect.ts";
import { evenPackets, syntheticVideo } from "./chunk_synthetic_video.ts";

const CIF = { codedWidth: 352, codedHeight: 288 };

/** Decoder configuration records as x264 and x265 write them, and what these were told. */
const RECORDS = [
  {
    ...{ name: "H.264, High 4:4:4", codec: "avc", aspect: [16, 11] },
    record:
      "01f40015ffe1001967f40015919b282c25b041000003000100000300321f14299601000868fba3c44c000440fff8f800",
  },
  {
    ...{ name: "H.264, a ratio of its own", codec: "avc", aspect: [88, 85] },
    record:
      "0164000dffe1001d6764000dacd9416096ffc016001544000003000400000300c83c50a65801000668ebe3cb22c0fdf8f800",
  },
  {
    ...{ name: "HEVC, 10 bits", codec: "hevc", aspect: [40, 33] },
    record:
      "0102200000009000000000003cf000fcfdfafa00000f03200001001840010c01ffff022000000300900000030000030" +
      "03c959809210001002b42010102200000030090000003000003003ca00b080484d96566924caf0568080000030008000003" +
      "00c84022000100074401c172b46240",
  },
  {
    ...{ name: "HEVC, a ratio of its own behind scaling lists", codec: "hevc", aspect: [64, 45] },
    record:
      "0104080000009e08000000003cf000fcfff8f800000f03200001001740010c01ffff0408000003009e0800000300003" +
      "c95980921000100314201010408000003009e0800000300003c9001610090b2cacd249cafff0040002d6e04040008000003" +
      "000800000300c84022000100084401c172860c4624",
  },
] as const;

for (const { name, codec, record, aspect: [num, den] } of RECORDS) {
  Deno.test(`aspectInPictures() reads parameter sets: ${name}`, () => {
    const bytes = Uint8Array.fromHex(record);
    assertEquals(aspectInPictures(codec, bytes, undefined), { num, den });
    for (let length = 0; length < bytes.length; length++) {
      aspectInPictures(codec, bytes.subarray(0, length), undefined); // says nothing, or the same, and ends
    }
  });
}

Deno.test("aspectInPictures() finds parameter sets in packets with start codes, and none in other codecs", () => {
  const sps = Uint8Array.fromHex("6764000dacd9416096ffc016001544000003000400000300c83c50a658");
  const packet = Uint8Array.of(0, 0, 0, 1, 0x09, 0xf0, 0, 0, 1, ...sps, 0, 0, 1, 0x65);
  assertEquals(aspectInPictures("avc", undefined, packet), { num: 88, den: 85 });
  assertEquals(aspectInPictures("vp9", undefined, packet), undefined);
});

Deno.test("spsPixelAspect() ends with any bytes", () => {
  fc.assert(
    fc.property(fc.constantFrom("avc", "hevc"), fc.uint8Array({ maxLength: 60 }), (codec, unit) => {
      const aspect = spsPixelAspect(codec, unit);
      assert(aspect === undefined || (aspect.num > 0 && aspect.den > 0));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("exactAspect() believes the container, unless it has only rounded what the pictures say", () => {
  const inPictures = { num: 16, den: 11 };
  // 352 pixels of 16:11 are 512 wide.
  assertEquals(exactAspect(CIF, { num: 512 * 288, den: 288 * 352, isRounded: true }, inPictures), inPictures);
  assertEquals(exactAspect(CIF, { num: 513 * 288, den: 288 * 352, isRounded: true }, inPictures), inPictures);
  assertEquals(exactAspect(CIF, { num: 704 * 288, den: 288 * 352, isRounded: true }, inPictures), {
    num: 2,
    den: 1,
  });
  assertEquals(exactAspect(CIF, { num: 513, den: 352, isRounded: false }, inPictures), {
    num: 513,
    den: 352,
  });
  assertEquals(exactAspect(CIF, undefined, inPictures), inPictures);
  assertEquals(exactAspect(CIF, undefined, undefined), { num: 1, den: 1 });
});

Deno.test("matroskaPixelAspect() reads a display size in pixels, and a ratio", () => {
  const size = (id: number, value: number) => [id >> 8, id & 0xff, 0x82, value >> 8, value & 0xff];
  const picture = [0xb0, 0x82, 352 >> 8, 352 & 0xff, 0xba, 0x82, 288 >> 8, 288 & 0xff];
  const of = (...fields: number[][]) => matroskaPixelAspect(Uint8Array.from([...picture, ...fields.flat()]));
  assertEquals(of(), undefined);
  assertEquals(of(size(0x54b0, 512), size(0x54ba, 288)), { num: 512 * 288, den: 288 * 352, isRounded: true });
  assertEquals(of(size(0x54b0, 16), size(0x54ba, 9), size(0x54b2, 3)), {
    num: 16 * 288,
    den: 9 * 352,
    isRounded: false,
  });
  assertEquals(of(size(0x54b0, 16), size(0x54ba, 9), size(0x54b2, 4)), undefined);
});

for (const [num, den] of [[4, 3], [16, 11], [160, 99], [11, 12]] as const) {
  for (const container of ["mp4", "mov", "mkv"] as const) {
    Deno.test(`openSource() tells pixels of ${num}:${den} of a ${container} exactly`, async () => {
      const bytes = await syntheticVideo({
        packets: evenPackets(2, 1),
        timescale: 1000,
        container,
        displayAspect: { num: 320 * num, den: 240 * den },
      });
      using source = await openSourceBytes("video", bytes);
      const { displayAspectWidth, displayAspectHeight } = source.video.decoderConfig;
      assertEquals(
        [displayAspectWidth! * 240 * den, displayAspectHeight! * 320 * num].reduce((a, b) => a - b),
        0,
      );
    });
  }
}
