/** An MP4 of which a part of the samples is described apart, as some tools join recordings. */
import { box, bytesOf, words } from "../../lib/chunk/mp4_box_bytes.ts";
import { boxesAt, boxesIn } from "../../lib/chunk/mp4_boxes.ts";

/** By table of two numbers an entry, or one: what is behind its count. */
const TABLE_ENTRIES_AT = 8;

/**
 * The video of two files as one track of two sample descriptions.
 *
 * @param parts MP4 files of one video track each, without edit lists, whose frames are decoded in the order in which
 * they are shown and lie one after another.
 * @see ISO/IEC 14496-12, 8.5.2 (stsd), 8.6.1.2 (stts), 8.6.2 (stss), 8.7.3 (stsz), 8.7.4 (stsc) and 8.7.5 (stco).
 */
export function withTwoDescriptions(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const files = parts.map((bytes) => partOf(bytes));
  const [first, second] = [files[0]!, files[1]!];
  const ftyp = box("ftyp", bytesOf(boxesAt(first.file, "ftyp").next().value!));
  const mdat = box("mdat", first.media, second.media);
  const mediaAt = ftyp.length + 8;
  const both = (type: string, change = (entries: Uint8Array) => entries) =>
    joined(type, first.tables.get(type)!, change(entriesOf(second.tables.get(type)!)));
  const tables = [
    joined("stsd", first.tables.get("stsd")!, entriesOf(second.tables.get("stsd")!), 1),
    both("stts"),
    both("stss", (entries) => laterNumbers(entries, first.sizes.length)),
    box("stsc", words(0, 2, 1, first.sizes.length, 1, 2, second.sizes.length, 2)),
    box("stsz", words(0, 0, first.sizes.length + second.sizes.length, ...first.sizes, ...second.sizes)),
    box("stco", words(0, 2, mediaAt, mediaAt + first.media.length)),
  ];
  const moov = rebuilt("moov", first.moov, ["trak", "mdia", "minf", "stbl"], tables);
  return new Uint8Array([...ftyp, ...mdat, ...moov]);
}

interface Part {
  readonly file: DataView;
  readonly moov: DataView;
  readonly tables: ReadonlyMap<string, DataView>;
  readonly sizes: readonly number[];
  readonly media: Uint8Array;
}

function partOf(bytes: Uint8Array<ArrayBuffer>): Part {
  const file = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const moov = boxesAt(file, "moov").next().value!;
  const stbl = boxesAt(moov, "trak", "mdia", "minf", "stbl").next().value!;
  const tables = new Map([...boxesIn(stbl)].map(({ type, view }) => [type, view]));
  if (tables.has("ctts") || [...boxesAt(moov, "trak", "edts")].length > 0) {
    throw new Error("the frames have times of their own");
  }
  const stsz = tables.get("stsz")!;
  const sizes = Array.from({ length: stsz.getUint32(8) }, (_, sample) => stsz.getUint32(12 + 4 * sample));
  const start = tables.get("stco")!.getUint32(8);
  return { file, moov, tables, sizes, media: bytes.subarray(start, start + sizes.reduce((a, b) => a + b)) };
}

const entriesOf = (table: DataView): Uint8Array => bytesOf(table).subarray(TABLE_ENTRIES_AT);

/** @param count How many are added; absent: as many as there are in 4 or 8 bytes each. */
function joined(type: string, table: DataView, added: Uint8Array, count = countOf(type, added)): Uint8Array {
  return box(type, words(0, table.getUint32(4) + count), entriesOf(table), added);
}

const countOf = (type: string, entries: Uint8Array): number => entries.length / (type === "stts" ? 8 : 4);

function laterNumbers(entries: Uint8Array, by: number): Uint8Array {
  const view = new DataView(entries.buffer, entries.byteOffset, entries.byteLength);
  return words(...Array.from({ length: entries.length / 4 }, (_, i) => view.getUint32(4 * i) + by));
}

/** A box with others for what is in the box at the end of `path`. */
function rebuilt(
  type: string,
  view: DataView,
  [next, ...path]: readonly string[],
  contents: readonly Uint8Array[],
): Uint8Array {
  if (next === undefined) return box(type, ...contents);
  return box(
    type,
    ...[...boxesIn(view)].map((inner) =>
      inner.type === next ? rebuilt(next, inner.view, path, contents) : box(inner.type, bytesOf(inner.view))
    ),
  );
}
