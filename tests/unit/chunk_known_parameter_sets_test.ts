import { assertEquals } from "@std/assert";
import { withoutKnownSets } from "../../lib/chunk/known_parameter_sets.ts";

const SPS = Uint8Array.of(0x67, 0x42, 0xc0, 0x1e, 0xd9);
const PPS = Uint8Array.of(0x68, 0xce, 0x38, 0x80);
const SLICE = Uint8Array.of(0x65, 0x88, 0x84, 0x00, 0x33);
/** Lengths of four bytes, one set of each kind. */
const AVCC = Uint8Array.of(1, 0x42, 0xc0, 0x1e, 0xff, 0xe1, 0, 5, ...SPS, 1, 0, 4, ...PPS);
const AVC = { codec: "avc", decoderConfig: { description: AVCC } };

const units = (...all: readonly Uint8Array[]) =>
  Uint8Array.from(all.flatMap((unit) => [0, 0, 0, unit.length, ...unit]));

const OTHER = Uint8Array.of(...PPS.subarray(0, 3), 0x81);

Deno.test("withoutKnownSets() leaves out the sets that the track states, and nothing else", () => {
  assertEquals(withoutKnownSets(AVC, [units(SPS, PPS, SLICE)]), [units(SLICE)]);
  assertEquals(withoutKnownSets(AVC, [units(SLICE)]), [units(SLICE)]);
  const packets = [units(SPS, PPS, SLICE), units(SLICE, SLICE), units(PPS, SLICE)];
  assertEquals(withoutKnownSets(AVC, packets), [units(SLICE), units(SLICE, SLICE), units(SLICE)]);
});

Deno.test("withoutKnownSets() leaves all packets as they are where a set is another one", () => {
  for (const other of [OTHER, PPS.subarray(0, 3)]) {
    for (
      const packets of [
        [units(SPS, other, SLICE)],
        [units(SPS, PPS, SLICE), units(other, SLICE), units(SPS, PPS, SLICE)],
        [units(SPS, PPS, SLICE), units(SLICE, other)],
      ]
    ) assertEquals(withoutKnownSets(AVC, packets), packets);
  }
});

Deno.test("withoutKnownSets() leaves all packets as they are where one cannot be read to its end", () => {
  const packets = [
    units(SPS, PPS, SLICE),
    Uint8Array.of(...units(SLICE), 0, 0, 0, 0, ...units(OTHER, SLICE)),
  ];
  assertEquals(withoutKnownSets(AVC, packets), packets);
});

Deno.test("withoutKnownSets() knows those of HEVC", () => {
  const vps = Uint8Array.of(0x40, 0x01, 0x0c);
  const slice = Uint8Array.of(0x26, 0x01, 0xaf);
  const description = Uint8Array.from([...new Uint8Array(21), 0xff, 1, 0x20, 0, 1, 0, vps.length, ...vps]);
  const data = [units(vps, slice)];
  assertEquals(withoutKnownSets({ codec: "hevc", decoderConfig: { description } }, data), [units(slice)]);
});

Deno.test("withoutKnownSets() leaves packets with start codes and those of other codecs as they are", () => {
  const data = [units(SPS, PPS, SLICE)];
  assertEquals(withoutKnownSets({ codec: "avc", decoderConfig: {} }, data), data);
  assertEquals(withoutKnownSets({ codec: "vp9", decoderConfig: { description: AVCC } }, data), data);
});
