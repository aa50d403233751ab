/** An MP4 of whose tracks a demuxer sees no more than the first sample, so that it keeps no list of the others. */
import type { ByteSource } from "./container_outline.ts";
import { boxesAt, boxesIn } from "./mp4_boxes.ts";

/** Another number at a position of a file, in 32 bits. */
export interface Replacement {
  readonly position: number;
  readonly value: number;
}

/** By table, where it counts its entries and, if these are runs, the samples of its first one. */
const COUNTS: Readonly<Record<string, readonly number[]>> = {
  stts: [4, 8],
  ctts: [4, 8],
  stss: [4],
  stsz: [8],
  stz2: [8],
  stsc: [4],
  stco: [4],
  co64: [4],
};

/**
 * What makes a track's tables end after its first sample.
 *
 * @param shift To add to positions in the buffer of `trak`.
 */
export function firstSampleOnly(trak: DataView, shift: number): Replacement[] {
  return [...boxesAt(trak, "mdia", "minf", "stbl")].flatMap((stbl) =>
    [...boxesIn(stbl)].flatMap(({ type, view }) =>
      (COUNTS[type] ?? []).flatMap((offset) =>
        offset + 4 <= view.byteLength && view.getUint32(offset) > 1
          ? [{ position: view.byteOffset + offset + shift, value: 1 }]
          : []
      )
    )
  );
}

/** A file that reads with other numbers in some places. */
export function withReplacements(file: ByteSource, replacements: readonly Replacement[]): ByteSource {
  if (replacements.length === 0) return file;
  return {
    sizeBytes: file.sizeBytes,
    async read(start, end) {
      const isTouched = ({ position }: Replacement) => position < end && position + 4 > start;
      const touching = replacements.filter(isTouched);
      const read = await file.read(start, end);
      if (touching.length === 0) return read;
      const bytes = read.slice(); // the file may be in memory
      for (const { position, value } of touching) {
        for (let i = 0; i < 4; i++) {
          const at = position + i - start;
          if (at >= 0 && at < bytes.length) bytes[at] = (value >>> (24 - 8 * i)) & 0xff;
        }
      }
      return bytes;
    },
  };
}
