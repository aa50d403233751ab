/** The boxes in the sample description of an MP4 video: what they say, and others put in. */
import { box, bytesOf, movieContents } from "./mp4_box_bytes.ts";
import { type Box, boxesAt, boxesIn, letters } from "./mp4_boxes.ts";

/** Bytes before the first of a table of descriptions, and of a video's before the boxes in it. */
const [ENTRIES_AT, VIDEO_ENTRY_BYTES] = [8, 78] as const;
/** Bit rates, which are looked for at the end. */
const LAST_TYPE = "btrt";

/** The boxes in a track's first description (ISO/IEC 14496-12, 12.1.3). */
export function* videoEntryBoxes(trak: DataView): Generator<Box> {
  for (const stsd of boxesAt(trak, "mdia", "minf", "stbl", "stsd")) {
    for (const entry of boxesIn(from(stsd, ENTRIES_AT))) {
      yield* boxesIn(from(entry.view, VIDEO_ENTRY_BYTES));
      return;
    }
  }
}

/**
 * @param moov Contents of a movie box as mediabunny writes it.
 * @param added Boxes for the descriptions of its first video track.
 * @returns Contents with them.
 */
export function withVideoEntryBoxes(moov: DataView, added: readonly Uint8Array[]): DataView {
  if (added.length === 0) return moov;
  const video = [...boxesAt(moov, "trak")].find((trak) =>
    [...boxesAt(trak, "mdia", "hdlr")].some((hdlr) => letters(hdlr, 8) === "vide")
  );
  return movieContents(
    ...[...boxesIn(moov)].map(({ type, view }) =>
      video && view.byteOffset === video.byteOffset
        ? inPath(type, view, ["mdia", "minf", "stbl"], added)
        : box(type, bytesOf(view))
    ),
  );
}

function inPath(
  type: string,
  view: DataView,
  [next = "stsd", ...path]: readonly string[],
  added: readonly Uint8Array[],
): Uint8Array {
  if (type === "stsd") {
    const entries = [...boxesIn(from(view, ENTRIES_AT))].map((entry) => withBoxes(entry, added));
    return box(type, bytesOf(view).subarray(0, ENTRIES_AT), ...entries);
  }
  return box(
    type,
    ...[...boxesIn(view)].map((inner) =>
      inner.type === next ? inPath(next, inner.view, path, added) : box(inner.type, bytesOf(inner.view))
    ),
  );
}

function withBoxes({ type, view }: Box, added: readonly Uint8Array[]): Uint8Array {
  const boxes = [...boxesIn(from(view, VIDEO_ENTRY_BYTES))];
  const asBytes = (isLast: boolean) =>
    boxes.filter((inner) => (inner.type === LAST_TYPE) === isLast).map((inner) =>
      box(inner.type, bytesOf(inner.view))
    );
  const fields = bytesOf(view).subarray(0, VIDEO_ENTRY_BYTES);
  return box(type, fields, ...asBytes(false), ...added, ...asBytes(true));
}

function from(view: DataView, start: number): DataView {
  const skipped = Math.min(start, view.byteLength);
  return new DataView(view.buffer, view.byteOffset + skipped, view.byteLength - skipped);
}
