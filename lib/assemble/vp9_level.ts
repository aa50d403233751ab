/** The level of a VP9 video, set in an MP4's movie header when all of it is known. */
import { boxesAt, boxesIn } from "../chunk/mp4_boxes.ts";

/** Bytes before the first sample entry of a table of them, and of a video's before the boxes in it. */
const ENTRY_LIST_BYTES = 8;
const VIDEO_ENTRY_BYTES = 78;

/**
 * Sets the level in place (VP Codec ISO Media File Format Binding, "VP Codec Configuration Box").
 *
 * @param moov The movie box, header included.
 */
export function setVp9Level(moov: Uint8Array, level: number): void {
  const file = new DataView(moov.buffer, moov.byteOffset, moov.byteLength);
  for (const stsd of boxesAt(file, "moov", "trak", "mdia", "minf", "stbl", "stsd")) {
    for (const entry of boxesIn(from(stsd, ENTRY_LIST_BYTES))) {
      if (entry.type !== "vp09") continue;
      // Version and flags, then the profile.
      for (const vpcC of boxesAt(from(entry.view, VIDEO_ENTRY_BYTES), "vpcC")) vpcC.setUint8(5, level);
    }
  }
}

function from(view: DataView, start: number): DataView {
  const skipped = Math.min(start, view.byteLength);
  return new DataView(view.buffer, view.byteOffset + skipped, view.byteLength - skipped);
}
