/** Edit lists: which part of a track is shown, and when. */
import { boxesAt } from "./mp4_boxes.ts";

/** One part of a track that is shown, or a pause. */
export interface Edit {
  /** On the movie's clock; 0: to the end. */
  readonly durationTicks: number;
  /** Where it begins in the media, on the track's clock; below 0: nothing is shown. */
  readonly mediaTicks: number;
  readonly rate: number;
}

/** The edits of a track, in order (ISO/IEC 14496-12, 8.6.6). */
export function editsOf(trak: DataView): Edit[] {
  const edits: Edit[] = [];
  for (const elst of boxesAt(trak, "edts", "elst")) {
    if (elst.byteLength < 8) continue;
    const bytes = elst.getUint8(0) === 1 ? 8 : 4;
    const entryBytes = 2 * bytes + 4;
    const count = Math.min(elst.getUint32(4), Math.floor((elst.byteLength - 8) / entryBytes));
    for (let i = 0; i < count; i++) {
      const at = 8 + i * entryBytes;
      edits.push({
        durationTicks: bytes === 8 ? Number(elst.getBigUint64(at)) : elst.getUint32(at),
        mediaTicks: bytes === 8 ? Number(elst.getBigInt64(at + 8)) : elst.getInt32(at + 4),
        rate: elst.getInt32(at + 2 * bytes) / 65_536,
      });
    }
  }
  return edits;
}

/**
 * When the part that a track's edits show is over, in ticks of the movie from its start; undefined: at the end of
 * the track. A text instead says why the edits cannot be followed.
 */
export function shownUntilTicks(edits: readonly Edit[]): number | string | undefined {
  const shown = edits.filter(({ mediaTicks }) => mediaTicks >= 0);
  if (shown.length > 1) return `its edit list shows ${shown.length} parts one after another`;
  const [only] = shown;
  if (!only) return undefined;
  if (only.rate !== 1) return `its edit list plays it at ${only.rate} times its speed`;
  if (only.durationTicks === 0) return undefined;
  const before = edits.slice(0, edits.indexOf(only));
  return before.reduce((sum, { durationTicks }) => sum + durationTicks, only.durationTicks);
}
