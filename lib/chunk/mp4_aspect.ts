/** The shape of the pixels of an MP4 video. */
import { boxesAt, boxesIn } from "./mp4_boxes.ts";
import type { StatedAspect } from "./pixel_aspect.ts";

/** Bytes before the first sample entry of a table of them, and of a video's before the boxes in it. */
const ENTRY_LIST_BYTES = 8;
const VIDEO_ENTRY_BYTES = 78;

/** What the first description of a track says (ISO/IEC 14496-12, 12.1.4); undefined: nothing. */
export function mp4PixelAspect(trak: DataView): StatedAspect | undefined {
  for (const stsd of boxesAt(trak, "mdia", "minf", "stbl", "stsd")) {
    for (const entry of boxesIn(from(stsd, ENTRY_LIST_BYTES))) {
      for (const pasp of boxesAt(from(entry.view, VIDEO_ENTRY_BYTES), "pasp")) {
        if (pasp.byteLength < 8 || pasp.getUint32(0) === 0 || pasp.getUint32(4) === 0) continue;
        return { num: pasp.getUint32(0), den: pasp.getUint32(4), isRounded: false };
      }
      return undefined;
    }
  }
  return undefined;
}

function from(view: DataView, start: number): DataView {
  const skipped = Math.min(start, view.byteLength);
  return new DataView(view.buffer, view.byteOffset + skipped, view.byteLength - skipped);
}
