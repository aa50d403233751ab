import { assert, assertEquals } from "@std/assert";
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
