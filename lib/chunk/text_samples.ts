/** Samples of tracks that hold text, read in bounded memory. */
import type { ByteSource } from "./container_outline.ts";
import type { SampleIndex } from "./sample_index.ts";

/** More of either are in no file with text for people to read. */
export const MAX_TEXT_SAMPLES = 100_000;
export const MAX_TEXT_BYTES = 16 * 1024 * 1024;

export interface TextSample {
  /** On the clock of the video's frames. */
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly bytes: Uint8Array;
}

/** All samples of a track; undefined: there are more than text has, or they are not in the file. */
export async function readTextSamples(
  file: ByteSource,
  samples: SampleIndex,
): Promise<readonly TextSample[] | undefined> {
  if (samples.length > MAX_TEXT_SAMPLES) return undefined;
  if (samples.sizesBytes.reduce((sum, bytes) => sum + bytes, 0) > MAX_TEXT_BYTES) return undefined;
  const texts: TextSample[] = [];
  for (const [index, sizeBytes] of samples.sizesBytes.entries()) {
    const [position, ticks] = [samples.positions[index]!, samples.ticks[index]!];
    if (position + sizeBytes > file.sizeBytes) return undefined;
    texts.push({
      startSeconds: ticks / samples.timescale,
      endSeconds: (ticks + samples.durationTicks[index]!) / samples.timescale,
      bytes: sizeBytes === 0 ? new Uint8Array() : await file.read(position, position + sizeBytes),
    });
  }
  return texts;
}
