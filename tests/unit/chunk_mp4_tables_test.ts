import { assert, assertEquals, assertMatch } from "@std/assert";
import { shownUntilTicks } from "../../lib/chunk/mp4_edits.ts";
import { outlineMp4 } from "../../lib/chunk/mp4_outline.ts";

type Part = number | string | Uint8Array;

function bytesOf(parts: readonly Part[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => {
    if (typeof part === "number") {
      return [part >>> 24, (part >>> 16) & 0xff, (part >>> 8) & 0xff, part & 0xff];
    }
    return typeof part === "string" ? [...new TextEncoder().encode(part)] : [...part];
  }));
}

/** A box; numbers are written in 32 bits. */
function box(type: string, ...parts: readonly Part[]): Uint8Array {
  const contents = bytesOf(parts);
  return bytesOf([contents.length + 8, type, contents]);
}

const FTYP = box("ftyp", "isom");
const MVHD = box("mvhd", 0, 0, 0, 1000, 5000, new Uint8Array(80));
const HDLR = box("hdlr", 0, 0, "vide");
const TKHD = box("tkhd", 0, 0, 0, 7, new Uint8Array(68));

const SOUND_HDLR = box("hdlr", 0, 0, "soun");

function trak(tables: readonly Uint8Array[], ...others: readonly Uint8Array[]): Uint8Array {
  return box("trak", TKHD, ...others, box("mdia", HDLR, box("minf", box("stbl", ...tables))));
}

async function outlineOf(...boxes: readonly Uint8Array[]) {
  const bytes = bytesOf([FTYP, ...boxes]);
  return await outlineMp4({
    sizeBytes: bytes.length,
    read: (start, end) => Promise.resolve(bytes.slice(start, end)),
  });
}

const SIZES = box("stsz", 0, 0, 3, 10, 20, 30);
const GOOD = [SIZES, box("stts", 0, 1, 3, 512), box("stsc", 0, 1, 1, 3, 1), box("stco", 0, 1, 100)];

Deno.test("outlineMp4() finds nothing wrong with tables that have room for what they claim", async () => {
  assertEquals((await outlineOf(box("moov", MVHD, trak(GOOD)))).fault, undefined);
});

for (
  const [what, table] of [
    ["stsz", box("stsz", 0, 0, 0xffff_ffff, 10)],
    ["stsz", box("stsz", 0, 1, 0xffff_ffff)],
    ["stz2", box("stz2", 0, 16, 0xffff_ffff)],
    ["stts", box("stts", 0, 0xffff_ffff, 1, 512)],
    ["stts", box("stts", 0, 1, 0xffff_ffff, 512)],
    ["ctts", box("ctts", 0, 1, 0xffff_ffff, 512)],
    ["stss", box("stss", 0, 0xffff_ffff, 1)],
    ["stsc", box("stsc", 0, 1, 1, 0xffff_ffff, 1)],
    ["stco", box("stco", 0, 0x4000_0000, 1)],
    ["co64", box("co64", 0, 0x4000_0000, 0, 1)],
  ] as const
) {
  Deno.test(`outlineMp4() says that a "${what}" table claims more than it has room for`, async () => {
    const others = GOOD.filter((good) => new TextDecoder().decode(good.subarray(4, 8)) !== what);
    const sizes = what === "stz2" ? others.slice(1) : others;
    const { fault } = await outlineOf(box("moov", MVHD, trak([...sizes, table])));
    assert(fault?.includes(`"${what}" table claims`), fault);
  });
}

Deno.test("outlineMp4() says where a fragment claims more samples than there are bytes", async () => {
  const movie = box("moov", MVHD, box("mvex"), trak([]));
  const fragment = (count: number) => box("moof", box("traf", box("trun", 0, count)));
  assertEquals((await outlineOf(movie, fragment(5))).fault, undefined);
  const { fault } = await outlineOf(movie, fragment(0x4000_0000));
  assert(fault?.includes('"trun" table claims 1073741824 entries'), fault);
  assert(fault?.includes(`at byte ${FTYP.length + movie.length + 8}`), fault);
});

/** Fragments of that many samples of one track, of which nothing is said one by one. */
function fragments(trackId: number, counts: readonly number[]): Uint8Array[] {
  return counts.map((count) => box("moof", box("traf", box("tfhd", 0, trackId), box("trun", 0, count))));
}

function fragmented(handler: Uint8Array): Uint8Array {
  return box("moov", MVHD, box("mvex"), box("trak", TKHD, box("mdia", handler, box("minf", box("stbl")))));
}

Deno.test("outlineMp4() adds up what fragments claim: padding is no room for each of them anew", async () => {
  const padding = box("free", new Uint8Array(40_000));
  const faultOf = async (counts: readonly number[]) =>
    (await outlineOf(fragmented(HDLR), padding, ...fragments(7, counts))).fault;
  assertEquals(await faultOf([5_000, 5_000]), undefined);
  assertMatch(await faultOf([40_000]) ?? "", /^its "trun" table claims 40000 entries, .* \(at byte \d+\)$/);
  assertMatch(await faultOf([5_000, 5_000, 5_000]) ?? "", /"trun" table claims 15000 entries/);
});

Deno.test("outlineMp4() lets the fragments of sound have a sample for each point in time, of a byte", async () => {
  const media = box("mdat", new Uint8Array(40_000));
  const faultOf = async (trackId: number, counts: readonly number[]) =>
    (await outlineOf(fragmented(SOUND_HDLR), media, ...fragments(trackId, counts))).fault;
  assertEquals(await faultOf(7, [20_000, 20_000]), undefined);
  assertMatch(await faultOf(7, [20_000, 20_000, 20_000]) ?? "", /"trun" table claims 60000 entries/);
  assertMatch(await faultOf(8, [20_000]) ?? "", /"trun" table claims 20000 entries/);
});

Deno.test("outlineMp4() refuses a fragment with more samples than there is memory for, whatever the file's size", async () => {
  const movie = fragmented(SOUND_HDLR);
  const faultOf = async (...boxes: readonly Uint8Array[]) => {
    const bytes = bytesOf([FTYP, movie, ...boxes]);
    const { fault } = await outlineMp4({
      sizeBytes: 2 ** 30,
      read: (start, end) =>
        Promise.resolve(Uint8Array.from({ length: end - start }, (_, i) => bytes[start + i] ?? 0)),
    });
    return fault;
  };
  assertEquals(await faultOf(...fragments(7, [1_000_000, 1_000_000])), undefined);
  assertMatch(await faultOf(...fragments(7, [1_000_001])) ?? "", /"moof" table claims 1000001 entries/);
});

Deno.test("outlineMp4() refuses an index that the demuxer would read where it has more samples than a fragment", async () => {
  const faultOf = async (count: number) => {
    const tables = [box("stsz", 0, 1, count), box("stts", 0, 1, count, 1), box("ctts", 0, 1, count, 1)];
    const bytes = bytesOf([FTYP, box("moov", MVHD, box("mvex"), trak(tables))]);
    const { fault } = await outlineMp4({
      sizeBytes: 2 ** 30,
      read: (start, end) =>
        Promise.resolve(Uint8Array.from({ length: end - start }, (_, i) => bytes[start + i] ?? 0)),
    });
    return fault;
  };
  assertEquals(await faultOf(2_000_000), undefined);
  assertMatch(await faultOf(2_000_001) ?? "", /"stsz" table claims 2000001 entries/);
});

Deno.test("outlineMp4() leaves samples of a few bytes each to the demuxer where they are sound alone", async () => {
  const movie = async (handler: Uint8Array, count: number, ...more: readonly Uint8Array[]) => {
    const tables = [
      box("stsz", 0, 1, count),
      box("stts", 0, 1, count, 1),
      box("stsc", 0, 1, 1, count, 1),
      box("stco", 0, 1, 100),
      ...more,
    ];
    const mdhd = box("mdhd", 0, 0, 0, 48_000, count, 0);
    const media = box("mdia", mdhd, handler, box("minf", box("stbl", ...tables)));
    return await outlineOf(box("moov", MVHD, box("trak", TKHD, media)), box("mdat", new Uint8Array(40_000)));
  };
  const sound = await movie(SOUND_HDLR, 40_000);
  assertEquals([sound.fault, sound.samples?.size], [undefined, 0]);
  const video = await movie(HDLR, 40_000);
  assertEquals(video.fault, "it claims 40000 samples, which is more than it has room for");
  assertEquals((await movie(HDLR, 10_000)).samples?.get(7)?.length, 10_000);
  // Whose times are shifted one by one.
  const shifted = await movie(SOUND_HDLR, 40_000, box("ctts", 0, 1, 40_000, 1));
  assertEquals(shifted.fault, video.fault);
});

Deno.test("outlineMp4() calls an index that fragments go on from unsupported", async () => {
  const fragment = box("moof", box("traf"));
  const mixed = await outlineOf(box("moov", MVHD, box("mvex"), trak(GOOD)), fragment);
  assert(mixed.unsupported?.includes("fragments"), mixed.unsupported);
  const empty = [box("stsz", 0, 0, 0), box("stts", 0, 0)];
  assertEquals(
    (await outlineOf(box("moov", MVHD, box("mvex"), trak(empty)), fragment)).unsupported,
    undefined,
  );
});

Deno.test("outlineMp4() tells until when a track's edit list shows it", async () => {
  const edits = (...entries: readonly number[]) =>
    box("edts", box("elst", 0, entries.length / 3, ...entries));
  const movie = (list: Uint8Array) => box("moov", MVHD, trak(GOOD, list));
  const late = await outlineOf(movie(edits(500, -1, 0x10000, 2000, 1024, 0x10000)));
  assertEquals(late.shownUntilSeconds?.get(7), 2.5);
  const two = await outlineOf(movie(edits(500, 0, 0x10000, 2000, 1024, 0x10000)));
  assertEquals(two.unsupported, "its edit list shows 2 parts one after another");
  const fragmented = await outlineOf(box("moov", MVHD, box("mvex"), trak([], edits(500, 0, 0x10000))));
  assertEquals(fragmented.shownUntilSeconds?.size, 0);
});

Deno.test("shownUntilTicks() knows no end where the edit has none, and no speed but one", () => {
  assertEquals(shownUntilTicks([]), undefined);
  assertEquals(shownUntilTicks([{ durationTicks: 0, mediaTicks: 1024, rate: 1 }]), undefined);
  assertEquals(shownUntilTicks([{ durationTicks: 5, mediaTicks: -1, rate: 1 }]), undefined);
  assertEquals(
    shownUntilTicks([{ durationTicks: 5, mediaTicks: 0, rate: 0.5 }]),
    "its edit list plays it at 0.5 times its speed",
  );
});
