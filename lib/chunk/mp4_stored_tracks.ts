/** Tracks of an MP4 or MOV that another one can have as they are: timecodes, telemetry, captions, other sound. */
import { box, bytesOf } from "./mp4_box_bytes.ts";
import { boxesAt, boxesIn } from "./mp4_boxes.ts";
import { SampleDescriptions } from "./mp4_descriptions.ts";
import type { StoredOutline } from "./stored_track.ts";

/** Handler types of what means the same in another file: no pictures, and nothing that is about a file's bytes. */
const CARRIABLE: ReadonlySet<string> = new Set([
  ...["soun", "tmcd", "meta", "fdsc", "subp", "subt", "sbtl", "text", "clcp"],
]);
/** Of a header without sample tables; those of most have a few hundred. */
const MAX_ENTRY_BYTES = 1024 * 1024;
const BOX_HEADER_BYTES = 8;
/** Of a data reference (8.7.2): the data is in the same file. */
const SELF_CONTAINED = 1;

/**
 * @param trak Contents of its box.
 * @param handler What it is, such as `tmcd`.
 * @returns Undefined where it cannot be carried.
 */
export function mp4StoredTrack(
  trak: DataView,
  handler: string,
  labels: Pick<StoredOutline, "id" | "title">,
): StoredOutline | undefined {
  if (!CARRIABLE.has(handler) || new SampleDescriptions(trak).count !== 1 || !hasOwnData(trak)) {
    return undefined;
  }
  const entry = box("trak", ...withoutTables(trak)).subarray(BOX_HEADER_BYTES);
  if (entry.length > MAX_ENTRY_BYTES) return undefined;
  const isSound = handler === "soun";
  return { kind: isSound && isOfQuickTime(trak) ? "mov" : "mp4", ...labels, isSound, entry };
}

/** Whether its description of sound has a version other than 0, which has other fields (QuickTime File Format). */
function isOfQuickTime(trak: DataView): boolean {
  const [stsd] = boxesAt(trak, "mdia", "minf", "stbl", "stsd");
  return !stsd || stsd.byteLength < VERSION_AT + 2 || stsd.getUint16(VERSION_AT) !== 0;
}

/** In a table of one description: behind the table's header, the description's, and its reference to data. */
const VERSION_AT = 8 + 8 + 8;

function hasOwnData(trak: DataView): boolean {
  const [dref] = boxesAt(trak, "mdia", "minf", "dinf", "dref");
  if (!dref || dref.byteLength < 8) return false;
  const references = [...boxesIn(new DataView(dref.buffer, dref.byteOffset + 8, dref.byteLength - 8))];
  return references.length === 1 && references[0]!.view.byteLength >= 4 &&
    (references[0]!.view.getUint32(0) & SELF_CONTAINED) !== 0;
}

/** Boxes that lead to the sample tables. */
const PATH = ["mdia", "minf", "stbl"] as const;

/** Its boxes. */
function withoutTables(view: DataView, depth = 0): Uint8Array[] {
  return [...boxesIn(view)].flatMap(({ type, view }) => {
    if (depth === PATH.length) return type === "stsd" ? [box(type, bytesOf(view))] : [];
    return [type === PATH[depth] ? box(type, ...withoutTables(view, depth + 1)) : box(type, bytesOf(view))];
  });
}
