import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import type { ByteSource } from "../../lib/chunk/container_outline.ts";
import { outlineMatroska } from "../../lib/chunk/matroska_outline.ts";
import { outlineMp4 } from "../../lib/chunk/mp4_outline.ts";

type Parts = readonly (number | string | Uint8Array)[];

function bytesOf(parts: Parts): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => {
    if (typeof part === "number") return [part];
    return typeof part === "string" ? [...new TextEncoder().encode(part)] : [...part];
  }));
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** An ISO box, or the start of one where `sizeBytes` says more than its parts are. */
function box(type: string, parts: Parts = [], sizeBytes?: number): Uint8Array {
  const contents = bytesOf(parts);
  return bytesOf([uint32(sizeBytes ?? contents.length + 8), type, contents]);
}

/** A Matroska element with a size of one byte. */
function element(id: readonly number[], parts: Parts = []): Uint8Array {
  const contents = bytesOf(parts);
  return bytesOf([...id, 0x80 | contents.length, contents]);
}

function source(parts: Parts): ByteSource & { readonly reads: [number, number][] } {
  const bytes = bytesOf(parts);
  const reads: [number, number][] = [];
  return {
    sizeBytes: bytes.length,
    reads,
    read(start, end) {
      assert(
        start >= 0 && start < end && end <= bytes.length,
        `a read from ${start} to ${end} of ${bytes.length}`,
      );
      reads.push([start, end]);
      return Promise.resolve(bytes.slice(start, end));
    },
  };
}

const trak = (handler: string) => box("trak", [box("mdia", [box("hdlr", [uint32(0), uint32(0), handler])])]);
const FTYP = box("ftyp", ["isom"]);

Deno.test("outlineMp4() names tracks that are neither video nor sound, and chapters", async () => {
  const moov = box("moov", [
    trak("vide"),
    trak("soun"),
    trak("sbtl"),
    trak("tmcd"),
    trak("abcd"),
    box("udta", [box("chpl")]),
  ]);
  const { otherContents } = await outlineMp4(source([FTYP, box("mdat", [new Uint8Array(50)]), moov]));
  assertEquals(otherContents, ["subtitles", "timecode track", "abcd track", "chapters"]);
});

Deno.test("outlineMp4() says how long a truncated file claims to be", async () => {
  const whole = await outlineMp4(source([FTYP, box("mdat", [new Uint8Array(50)])]));
  assertEquals(whole.claimedBytes, 12 + 58);
  const cut = await outlineMp4(source([FTYP, box("mdat", [new Uint8Array(50)], 5_000)]));
  assertEquals(cut.claimedBytes, 12 + 5_000);
  const large = bytesOf([uint32(1), "mdat", uint32(2), uint32(0), new Uint8Array(20)]);
  assertEquals((await outlineMp4(source([FTYP, large]))).claimedBytes, 12 + 2 * 2 ** 32);
});

Deno.test("outlineMp4() takes nothing that follows the last box for a size", async () => {
  const { claimedBytes } = await outlineMp4(source([FTYP, box("mdat", [1]), "junk behind the last box"]));
  assertEquals(claimedBytes, 12 + 9);
  const toTheEnd = source([FTYP, box("mdat", [new Uint8Array(30)], 0)]);
  assertEquals((await outlineMp4(toTheEnd)).claimedBytes, toTheEnd.sizeBytes);
});

Deno.test("outlineMp4() loads no media", async () => {
  const file = source([FTYP, box("mdat", [new Uint8Array(10_000)]), box("moov", [trak("vide")])]);
  await outlineMp4(file);
  assert(file.reads.every(([start, end]) => end - start <= 100));
});

interface Described {
  /** Contents of each sample description. */
  readonly entries: readonly string[];
  /** The description of each run of samples. */
  readonly runs: readonly number[];
  readonly handler?: string;
}

function describedTrack({ entries, runs, handler = "vide" }: Described): Uint8Array {
  const stsd = box("stsd", [
    uint32(0),
    uint32(entries.length),
    ...entries.map((text) => box("avc1", [text])),
  ]);
  const stsc = box("stsc", [
    ...[uint32(0), uint32(runs.length)],
    ...runs.flatMap((number, run) => [uint32(run + 1), uint32(1), uint32(number)]),
  ]);
  const sizes = box("stsz", [uint32(0), uint32(100), uint32(runs.length)]);
  const tkhd = box("tkhd", [uint32(0), uint32(0), uint32(0), uint32(7), uint32(0), uint32(0)]);
  return box("trak", [
    tkhd,
    box("mdia", [
      box("hdlr", [uint32(0), uint32(0), handler]),
      box("minf", [box("stbl", [stsd, stsc, sizes])]),
    ]),
  ]);
}

for (
  const [what, track, words] of [
    ["two descriptions", { entries: ["a", "b"], runs: [1, 2] }, "its video has 2 descriptions"],
    [
      "two of sound",
      { entries: ["a", "b", "b"], runs: [2, 1], handler: "soun" },
      "its sound has 3 descriptions",
    ],
    ["another than the last", { entries: ["a", "b"], runs: [1, 1] }, "its video has 2 descriptions"],
    ["the last alone", { entries: ["a", "b"], runs: [2, 2] }, undefined],
    ["two that are alike", { entries: ["a", "a"], runs: [1, 2] }, undefined],
    ["one", { entries: ["a"], runs: [1, 1] }, undefined],
    ["one, and a number that it has not", { entries: ["a"], runs: [0, 2] }, undefined],
    ["two of text", { entries: ["a", "b"], runs: [1, 2], handler: "sbtl" }, undefined],
  ] as const
) {
  Deno.test(`outlineMp4() ${words ? "refuses" : "takes"} a track whose samples have ${what}`, async () => {
    const moov = box("moov", [describedTrack(track)]);
    const { unsupported } = await outlineMp4(source([FTYP, box("mdat", [new Uint8Array(900)]), moov]));
    assertEquals(unsupported?.slice(0, words?.length), words);
  });
}

for (
  const [what, fragments, isRefused] of [
    ["say nothing", [undefined, undefined], false],
    ["say the same", [2, undefined], false],
    ["say another", [undefined, 1], true],
  ] as const
) {
  Deno.test(`outlineMp4() ${isRefused ? "refuses" : "takes"} fragments that ${what} of descriptions`, async () => {
    const trex = box("trex", [...[0, 7, 2, 0, 0, 0].map(uint32)]);
    const moov = box("moov", [describedTrack({ entries: ["a", "b"], runs: [] }), box("mvex", [trex])]);
    const moofs = fragments.map((number, index) => {
      // One of them has its position in front.
      const position = index === 0 ? [] : [uint32(0), uint32(0)];
      const flags = (index === 0 ? 0 : 1) + (number === undefined ? 0 : 2);
      const said = number === undefined ? [] : [uint32(number)];
      return box("moof", [box("traf", [box("tfhd", [uint32(flags), uint32(7), ...position, ...said])])]);
    });
    const { unsupported } = await outlineMp4(source([FTYP, moov, ...moofs]));
    assertEquals(unsupported?.startsWith("its video has 2 descriptions") ?? false, isRefused);
  });
}

const SEGMENT = [0x18, 0x53, 0x80, 0x67];
const TRACKS = [0x16, 0x54, 0xae, 0x6b];
const EBML = element([0x1a, 0x45, 0xdf, 0xa3], [new Uint8Array(3)]);

function track(number: number, type: number, fields: Parts = []): Uint8Array {
  return element([0xae], [element([0xd7], [number]), element([0x83], [type]), ...fields]);
}

Deno.test("outlineMatroska() names other tracks with codec and language, chapters and attachments", async () => {
  const tracks = element(TRACKS, [
    track(1, 1),
    track(2, 2),
    track(3, 17, [element([0x86], ["S_TEXT/UTF8"]), element([0x22, 0xb5, 0x9c], ["fre"])]),
    track(4, 33),
  ]);
  const chapters = element([0x10, 0x43, 0xa7, 0x70]);
  const attachments = element([0x19, 0x41, 0xa4, 0x69]);
  const file = source([EBML, element(SEGMENT, [tracks, chapters, attachments])]);
  const { otherContents, claimedBytes } = await outlineMatroska(file);
  assertEquals(otherContents, [
    "subtitles (S_TEXT/UTF8, fre)",
    "metadata track (?, eng)",
    "chapters",
    "attachments",
  ]);
  assertEquals(claimedBytes, file.sizeBytes);
});

Deno.test("outlineMatroska() gives the delay of each track that has one", async () => {
  // 6,500,000 ns
  const delay = element([0x56, 0xaa], [0x63, 0x2e, 0xa0]);
  const tracks = element(TRACKS, [track(1, 1), track(7, 2, [delay])]);
  const { delaysSeconds } = await outlineMatroska(source([EBML, element(SEGMENT, [tracks])]));
  assertEquals([...delaysSeconds], [[7, 0.0065]]);
});

Deno.test("outlineMatroska() says how long a truncated file claims to be, if it says", async () => {
  const cut = source([EBML, ...SEGMENT, 0x40 | 0x12, 0x34, new Uint8Array(9)]);
  assertEquals((await outlineMatroska(cut)).claimedBytes, EBML.length + 6 + 0x1234);
  const live = source([
    EBML,
    ...SEGMENT,
    0x01,
    255,
    255,
    255,
    255,
    255,
    255,
    255,
    element(TRACKS, [track(1, 17)]),
  ]);
  const outline = await outlineMatroska(live);
  assertEquals(outline.claimedBytes, EBML.length);
  assertEquals(outline.otherContents.length, 1);
});

for (
  const [name, outline, start] of [
    ["outlineMp4", outlineMp4, FTYP],
    [
      "outlineMatroska",
      outlineMatroska,
      bytesOf([EBML, ...SEGMENT, 0x01, 255, 255, 255, 255, 255, 255, 255]),
    ],
  ] as const
) {
  Deno.test(`${name}() reads within any bytes and comes to an end`, async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      const file = source([start, bytes]);
      await outline(file);
      assert(file.reads.length <= file.sizeBytes);
    }));
  });
}
