/** MP4 files whose header alone says what light their pictures have. */
import { box, words } from "../../lib/chunk/mp4_box_bytes.ts";
import { boxesIn } from "../../lib/chunk/mp4_boxes.ts";
import { withVideoEntryBoxes } from "../../lib/chunk/mp4_video_entry.ts";

/** Green, blue, red and white in steps of 0.00002; luminances in steps of 0.0001. */
const MDCV = box(
  "mdcv",
  words(
    ...[(13_250 << 16) | 34_500, (7_500 << 16) | 3_000, (34_000 << 16) | 16_000, (15_635 << 16) | 16_450],
    ...[10_000_000, 50],
  ),
);
const CLLI = box("clli", words((1_000 << 16) | 400));
/** Version 1.0, profile 8, level 1, with RPU and base layer, compatible with HDR10. */
const DVVC = box("dvvC", Uint8Array.of(1, 0, 8 << 1, (1 << 3) | 0b101, 1 << 4), new Uint8Array(19));

/** @param parts A file as ffmpeg writes it, its index last. */
export function withStatedLight([file]: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  return withEntryBoxes(file!, [MDCV, CLLI]);
}

/** @param parts A file as ffmpeg writes it, its index last. */
export function withDolbyVision([file]: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  return withEntryBoxes(file!, [DVVC]);
}

function withEntryBoxes(
  file: Uint8Array<ArrayBuffer>,
  added: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const boxes = [...boxesIn(new DataView(file.buffer, file.byteOffset, file.byteLength))];
  const last = boxes.at(-1);
  if (last?.type !== "moov") throw new Error("the index is not last");
  const { buffer, byteOffset, byteLength } = withVideoEntryBoxes(last.view, added);
  const moov = box("moov", new Uint8Array(buffer, byteOffset, byteLength));
  return new Uint8Array([...file.subarray(0, last.view.byteOffset - file.byteOffset - 8), ...moov]);
}
