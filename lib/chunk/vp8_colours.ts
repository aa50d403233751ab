/** The colours of a VP8 video in an MP4's movie header, set right after the fact, in place. */
import { boxesAt, boxesIn } from "./mp4_boxes.ts";
import type { DecoderConfig } from "./source_file.ts";

/** Bytes before the first sample entry of a table of them, and of a video's before the boxes in it. */
const ENTRY_LIST_BYTES = 8;
const VIDEO_ENTRY_BYTES = 78;
/** Where a VP Codec Configuration Box has its colours: after version and flags, profile, level and bit depth. */
const PLACES = { primaries: 7, transfer: 8, matrix: 9 } as const;
/** As ISO/IEC 23091-2 (ITU-T H.273) numbers it. */
const UNSPECIFIED = 2;

/**
 * Leaves unspecified what `colours` do not state: mediabunny writes BT.709 there.
 *
 * @param moov The movie box, header included.
 * @see VP Codec ISO Media File Format Binding, "VP Codec Configuration Box".
 */
export function setVp8Colours(moov: Uint8Array, colours: DecoderConfig["colorSpace"] = {}): void {
  const file = new DataView(moov.buffer, moov.byteOffset, moov.byteLength);
  for (const stsd of boxesAt(file, "moov", "trak", "mdia", "minf", "stbl", "stsd")) {
    for (const entry of boxesIn(from(stsd, ENTRY_LIST_BYTES))) {
      if (entry.type !== "vp08") continue;
      for (const vpcC of boxesAt(from(entry.view, VIDEO_ENTRY_BYTES), "vpcC")) {
        for (const colour of ["primaries", "transfer", "matrix"] as const) {
          if (!colours[colour]) vpcC.setUint8(PLACES[colour], UNSPECIFIED);
        }
      }
    }
  }
}

function from(view: DataView, start: number): DataView {
  const skipped = Math.min(start, view.byteLength);
  return new DataView(view.buffer, view.byteOffset + skipped, view.byteLength - skipped);
}
