import { assert, assertEquals, assertThrows } from "@std/assert";
import { BufferSource, Input, MP4 } from "mediabunny";
import { AssembleError } from "../../lib/assemble/assemble_error.ts";
import { checkOutput } from "../../lib/assemble/check_output.ts";
import { codecDifferences, vp9Level } from "../../lib/assemble/codec_agreement.ts";
import { outputTags } from "../../lib/assemble/output_tags.ts";
import { matrixPatch, withoutMatrix } from "../../lib/assemble/vp9_colour.ts";
import { setVp9Level } from "../../lib/assemble/vp9_level.ts";
import type { VideoPlan } from "../../lib/chunk/keyframe_segments.ts";
import { PacketTable } from "../../lib/chunk/packet_table.ts";
import { planSegments } from "../../lib/chunk/plan_segments.ts";
import { openSourceBytes } from "../../lib/chunk/source_file.ts";
import { evenPackets, syntheticVideo } from "./chunk_synthetic_video.ts";

const VP9 = { codec: "vp09.00.10.08", codedWidth: 320, codedHeight: 240 };
const PACKETS = evenPackets(4, 2);

function planOf(facts: Partial<VideoPlan> = {}): VideoPlan {
  const plan = planSegments(PacketTable.from(PACKETS), { kind: "bytes", bytes: 1 }, 25);
  return { ...plan, endTicks: 4, hiddenFirst: 0, hiddenLast: 0, parametersChangeAt: undefined, ...facts };
}

Deno.test("checkOutput() gives the container, and refuses one that cannot hold the codec", () => {
  assertEquals(checkOutput(planOf(), { path: "a/b.MKV", codec: "hevc" }), "mkv");
  assertThrows(() => checkOutput(planOf(), { path: "b.webm", codec: "hevc" }), AssembleError, "hevc");
  assertThrows(() => checkOutput(planOf(), { path: "b.avi" }), AssembleError, ".mp4");
});

Deno.test("checkOutput() refuses to copy what only an encoder can tell apart", () => {
  const lastLed = planOf().segments.map((segment) => ({ ...segment, hasLeadOut: true }));
  const hidden = planOf({ hiddenLast: 3, segments: lastLed });
  assertEquals(checkOutput(hidden, { path: "b.mp4" }), "mp4");
  assertThrows(() => checkOutput(hidden, { path: "b.mp4", copied: true }), AssembleError, "last 3 frames");
  const changing = planOf({ parametersChangeAt: 7 });
  assertEquals(checkOutput(changing, { path: "b.mp4" }), "mp4");
  assertThrows(() => checkOutput(changing, { path: "b.mp4", copied: true }), AssembleError, "frame 7");
});

Deno.test("codecDifferences() lets VP9 differ in level, and in nothing else", () => {
  assertEquals(codecDifferences(VP9, { ...VP9, codec: "vp09.00.31.08" }), []);
  assertEquals(codecDifferences(VP9, { ...VP9, codec: "vp09.02.10.10" }).length, 1);
  assertEquals(codecDifferences(VP9, { ...VP9, codec: "vp09.00.10.10" }).length, 1);
  assertEquals([vp9Level(VP9), vp9Level({ ...VP9, codec: "avc1.64000c" })], [10, undefined]);
});

for (const codec of ["hvc1.1.6.L93.B0", "av01.0.04M.08"]) {
  Deno.test(`codecDifferences() names what differs in the configuration of ${codec}`, () => {
    const config = { ...VP9, codec, description: Uint8Array.of(1, 2, 3) };
    assertEquals(codecDifferences(config, { ...config, description: Uint8Array.of(1, 2, 3) }), []);
    const other = { ...config, description: Uint8Array.of(1, 2, 4) };
    assertEquals(codecDifferences(config, other), ["parameter sets (010203 and 010204)"]);
  });
}

/** A box; its parts are contents or further boxes. */
function box(type: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const sizeBytes = parts.reduce((sum, { length }) => sum + length, 8);
  const bytes = new Uint8Array(sizeBytes);
  new DataView(bytes.buffer).setUint32(0, sizeBytes);
  bytes.set(new TextEncoder().encode(type), 4);
  let position = 8;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}

Deno.test("setVp9Level() sets the level of a VP9 sample entry, and of no other", () => {
  const moovWith = (format: string) => {
    const entry = box(format, new Uint8Array(78), box("vpcC", Uint8Array.of(1, 0, 0, 0, 0, 10, 0x80)));
    const table = box("stbl", box("stsd", new Uint8Array(8), entry));
    return box("moov", box("trak", box("mdia", box("minf", table))));
  };
  const [vp9, vp8] = [moovWith("vp09"), moovWith("vp08")];
  for (const moov of [vp9, vp8]) setVp9Level(moov, 31);
  assertEquals(vp9.at(-2), 31);
  assertEquals(vp8.at(-2), 10);
});

Deno.test("matrixPatch() puts the matrix that withoutMatrix() takes out into the tracks of the file", () => {
  const bt2020 = { primaries: "bt2020", transfer: "pq", matrix: "bt2020-ncl", fullRange: false };
  const colorSpace = bt2020 as object as VideoColorSpaceInit; // TypeScript's own list of matrices is shorter
  const config = { ...VP9, colorSpace };
  assertEquals(withoutMatrix(config).colorSpace?.matrix, undefined);
  assertEquals(withoutMatrix(config).colorSpace?.primaries, "bt2020");
  assertEquals(withoutMatrix({ ...config, codec: "av01.0.04M.08" }).colorSpace, colorSpace);
  const header = Uint8Array.of(0x55, 0xb1, 0x81, 2, 0x16, 0x54, 0xae, 0x6b, 0x90, 0x55, 0xb1, 0x81, 2, 7);
  assertEquals(matrixPatch(header, config), { position: 12, bytes: Uint8Array.of(9) });
  assertEquals(matrixPatch(header, VP9), undefined);
  assertEquals(matrixPatch(header.subarray(0, 6), config), undefined);
});

for (const container of ["mp4", "mov", "mkv", "webm"] as const) {
  Deno.test(`outputTags() writes who encoded the video into ${container}`, async () => {
    const bytes = await syntheticVideo({ packets: PACKETS, timescale: 25, tags: { title: "Film" } });
    using source = await openSourceBytes("film.mp4", bytes);
    const { tags, notCarried } = await outputTags(source, container, "libav/libx264 8.1 crf=23");
    assertEquals([tags.title, notCarried], ["Film", []]);
    assertEquals(Object.values(tags.raw ?? {}), ["libav/libx264 8.1 crf=23"]);
  });
}

Deno.test("outputTags() carries cover art where it has a place, and names it elsewhere", async () => {
  const cover = { data: Uint8Array.of(1, 2, 3), mimeType: "image/png", kind: "coverFront" } as const;
  const bytes = await syntheticVideo({ packets: PACKETS, timescale: 25, tags: { images: [cover] } });
  // A file that the test made wrongly would say nothing of how it is carried.
  using input = new Input({ source: new BufferSource(bytes), formats: [MP4] });
  assertEquals((await input.getMetadataTags()).images?.length, 1);
  using source = await openSourceBytes("film.mp4", bytes);
  const inMp4 = await outputTags(source, "mp4", undefined);
  assertEquals([inMp4.tags.images?.[0]?.data, inMp4.notCarried], [cover.data, []]);
  const inMkv = await outputTags(source, "mkv", undefined);
  assertEquals([Object.keys(inMkv.tags.raw ?? {}), inMkv.notCarried], [["1"], []]);
  assert(!("images" in inMkv.tags), "mediabunny would give them random numbers");
  for (const container of ["mov", "webm"] as const) {
    assertEquals((await outputTags(source, container, undefined)).notCarried, ["cover art"]);
  }
});
