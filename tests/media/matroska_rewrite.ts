/** Matroska files as ffmpeg writes them, written again with other elements. */
import { concatenated, element } from "../../lib/assemble/ebml_bytes.ts";
import { elementsIn, unsignedInt } from "../../lib/chunk/ebml.ts";

/** RFC 9559, 5.1. */
export const MATROSKA_ID = {
  Segment: 0x18538067,
  SeekHead: 0x114d9b74,
  Cues: 0x1c53bb6b,
  Tracks: 0x1654ae6b,
  TrackEntry: 0xae,
  TrackNumber: 0xd7,
  FlagLacing: 0x9c,
  DefaultDuration: 0x23e383,
  Cluster: 0x1f43b675,
  SimpleBlock: 0xa3,
  BlockGroup: 0xa0,
  Block: 0xa1,
} as const;

/** Of a block, for a track number below 128: number, time, flags. */
export const BLOCK_HEADER_BYTES = 4;

/** What becomes of an element, by its contents; undefined: what becomes of those in it, or it stays as it is. */
export type Rewrite = (id: number, bytes: Uint8Array) => Uint8Array | undefined;

/** Elements whose contents are elements. */
const PARENTS: ReadonlySet<number> = new Set([
  MATROSKA_ID.Segment,
  MATROSKA_ID.Tracks,
  MATROSKA_ID.Cluster,
  MATROSKA_ID.BlockGroup,
]);
/** Of positions, which are others afterwards. */
const DROPPED: ReadonlySet<number> = new Set([MATROSKA_ID.SeekHead, MATROSKA_ID.Cues]);

export function rewritten(file: Uint8Array, rewrite: Rewrite): Uint8Array<ArrayBuffer> {
  const made = [...elementsIn(file)].flatMap(({ id, bytes }) => {
    if (DROPPED.has(id)) return [];
    return [rewrite(id, bytes) ?? element(id, PARENTS.has(id) ? rewritten(bytes, rewrite) : bytes)];
  });
  return concatenated(made);
}

/** The number of a track; 0: it has none. */
export function trackNumberOf(entry: Uint8Array): number {
  const number = [...elementsIn(entry)].find(({ id }) => id === MATROSKA_ID.TrackNumber);
  return number ? unsignedInt(number.bytes) : 0;
}
