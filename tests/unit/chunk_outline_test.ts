import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import type { ByteSource } from "../../lib/chunk/container_outline.ts";
import { outlineMatroska } from "../../lib/chunk/matroska_outline.ts";
import { outlineMp4 } from "../../lib/chunk/mp4_outline.ts";
import type { StatedHdr } from "../../lib/chunk/stated_hdr.ts";

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

const CONTENT_ENCODINGS = [0x6d, 0x80];
const encodings = (...fields: Parts) => element(CONTENT_ENCODINGS, [element([0x62, 0x40], fields)]);
const compression = (...fields: Parts) => element([0x50, 0x34], fields);
const algorithm = (number: number) => element([0x42, 0x54], [number]);

for (
  const [fields, why] of [
    [[encodings(compression())], "is compressed (zlib)"],
    [[encodings(compression(algorithm(1)))], "is compressed (bzlib)"],
    [[encodings(compression(algorithm(2)))], "is compressed (LZO)"],
    [[encodings(element([0x50, 0x33], [1]), element([0x50, 0x35]))], "is encrypted"],
    [[encodings(compression(algorithm(3)))], "cannot be read"],
    [[element([0xb9], [0])], "is switched off"],
  ] as const
) {
  Deno.test(`outlineMatroska() lists video and sound, with why a demuxer leaves them out: ${why}`, async () => {
    const tracks = element(TRACKS, [
      track(1, 1, [element([0x86], ["V_VP9"]), ...fields]),
      track(2, 2, [element([0x86], ["A_AC3"]), ...fields]),
      track(3, 17),
    ]);
    const { streams } = await outlineMatroska(source([EBML, element(SEGMENT, [tracks])]));
    assertEquals([...streams ?? []], [
      [1, `video track (V_VP9, eng), which ${why}`],
      [2, `audio track (A_AC3, eng), which ${why}`],
    ]);
  });
}

const DISPLAY: NonNullable<StatedHdr["masteringDisplay"]> = {
  ...{ red: [0.75, 0.25], green: [0.25, 0.75], blue: [0.125, 0.0625], white: [0.3125, 0.375] },
  ...{ maxLuminance: 1000, minLuminance: 0.25 },
};
const DISPLAY_NUMBERS = [...DISPLAY.red, ...DISPLAY.green, ...DISPLAY.blue, ...DISPLAY.white, 1000, 0.25];

function float32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value);
  return bytes;
}

async function matroskaLight(numbers: readonly number[]) {
  const mastering = element(
    [0x55, 0xd0],
    numbers.map((number, index) => element([0x55, 0xd1 + index], [float32(number)])),
  );
  const colour = element([0x55, 0xb0], [mastering, element([0x55, 0xbc], [4, 0])]);
  const tracks = element(TRACKS, [track(7, 1, [element([0xe0], [colour])])]);
  return await outlineMatroska(source([EBML, ...SEGMENT, 0x40, 0xff, tracks]));
}

Deno.test("outlineMatroska() reads mastering display and light level", async () => {
  const { hdr, otherContents } = await matroskaLight(DISPLAY_NUMBERS);
  assertEquals(hdr?.get(7), { masteringDisplay: DISPLAY, contentLight: { max: 1024, maxAverage: 0 } });
  assertEquals(otherContents, []);
});

Deno.test("outlineMatroska() names a mastering display of which numbers are missing or wrong", async () => {
  for (
    const numbers of [DISPLAY_NUMBERS.slice(0, 9), DISPLAY_NUMBERS.with(8, 0), DISPLAY_NUMBERS.with(1, NaN)]
  ) {
    const { hdr, otherContents } = await matroskaLight(numbers);
    assertEquals([hdr?.size, otherContents.length], [0, 1]);
    assert(otherContents[0]!.startsWith("mastering display"));
  }
});

/** A movie of one video whose description has these boxes, and whose track has this user data. */
async function mp4With(entryBoxes: Parts, userData: Parts = []) {
  const stsd = box("stsd", [uint32(0), uint32(1), box("vp09", [new Uint8Array(78), ...entryBoxes])]);
  const tkhd = box("tkhd", [new Uint8Array(12), uint32(4), new Uint8Array(68)]);
  const media = box("mdia", [
    box("hdlr", [uint32(0), uint32(0), "vide"]),
    box("minf", [box("stbl", [stsd])]),
  ]);
  const moov = box("moov", [box("trak", [tkhd, media, box("udta", userData)])]);
  return await outlineMp4(source([FTYP, moov]));
}

function uint16s(...numbers: readonly number[]): Uint8Array {
  return Uint8Array.from(numbers.flatMap((number) => [number >> 8, number & 255]));
}

Deno.test("outlineMp4() reads mastering display and light level, in the older boxes of VP9 too", async () => {
  const light = { max: 1000, maxAverage: 400 };
  const points = (steps: number) =>
    [DISPLAY.green, DISPLAY.blue, DISPLAY.red, DISPLAY.white].flat().map((value) =>
      Math.round(value * steps)
    );
  const mdcv = box("mdcv", [uint16s(...points(50_000)), uint32(10_000_000), uint32(2_500)]);
  const clli = box("clli", [uint16s(1000, 400)]);
  const both = await mp4With([mdcv, clli]);
  assertEquals(both.hdr?.get(4), { masteringDisplay: DISPLAY, contentLight: light });
  const inOrder = DISPLAY_NUMBERS.slice(0, 8).map((value) => value * 2 ** 16);
  const old = [
    box("SmDm", [uint32(0), uint16s(...inOrder), uint32(1000 * 2 ** 8), uint32(0.25 * 2 ** 14)]),
    box("CoLL", [uint32(0), uint16s(1000, 400)]),
  ];
  assertEquals((await mp4With(old)).hdr?.get(4), { masteringDisplay: DISPLAY, contentLight: light });
  const { hdr, otherContents } = await mp4With([box("mdcv", [new Uint8Array(24)]), box("clli", [1])]);
  assertEquals([hdr?.size, otherContents.map((what) => what.slice(0, 17))], [
    0,
    ["mastering display", "mastering display"],
  ]);
});

Deno.test("outlineMp4() names Dolby Vision, and roles that it does not know", async () => {
  const kind = (scheme: string, value: string) => box("kind", [uint32(0), scheme, 0, value, 0]);
  const dash = "urn:mpeg:dash:role:2011";
  const { roles, otherContents, dolbyVision } = await mp4With([box("dvvC", [1, 0])], [
    ...[kind(dash, "main"), kind(dash, "commentary"), kind(dash, "karaoke"), kind("urn:other", "x")],
  ]);
  assertEquals(dolbyVision?.get(4), { type: "dvvC", record: Uint8Array.of(1, 0) });
  assertEquals([...roles?.get(4) ?? []], ["commentary"]);
  assertEquals(otherContents.toSorted(), [
    "Dolby Vision configuration",
    'the role "karaoke" of track 4',
    'the role "x" of track 4',
  ]);
});
