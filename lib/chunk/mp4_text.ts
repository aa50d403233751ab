/** Text in the samples of MP4 and MOV files: subtitles and titles of chapters. */
import { boxesAt, letters } from "./mp4_boxes.ts";

/**
 * What a sample of a track of type `tx3g` or `text` says: a length, as much text, and boxes with its styles (3GPP TS
 * 26.245, 5.17; QuickTime File Format, Text Media).
 *
 * @param format Text in a track of type `text` may be of the old Mac.
 */
export function sampleText(sample: Uint8Array, format: string | undefined): string {
  if (sample.length < 2) return "";
  const text = sample.subarray(2, 2 + sample[0]! * 256 + sample[1]!);
  if (text[0] === 0xfe && text[1] === 0xff) return new TextDecoder("utf-16be").decode(text);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(text);
  } catch {
    return new TextDecoder(format === "text" ? "macintosh" : "utf-8").decode(text);
  }
}

/** Whether there is more in a sample than its text. */
export function hasStyles(sample: Uint8Array): boolean {
  const end = 2 + (sample[0] ?? 0) * 256 + (sample[1] ?? 0);
  // Its encoding alone is no style.
  return sample.length >= end + 8 && letters(viewOf(sample), end + 4) !== "encd";
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The type of a track's samples, such as `tx3g`; undefined: it states none. */
export function sampleFormat(trak: DataView): string | undefined {
  for (const stsd of boxesAt(trak, "mdia", "minf", "stbl", "stsd")) {
    if (stsd.byteLength >= 16) return letters(stsd, 12);
  }
  return undefined;
}
