/**
 * The samples of a track as typed arrays, 33 bytes each. The demuxer keeps several objects for each, which for hours
 * of video come to hundreds of megabytes.
 */

/** More than that are refused. 100 hours of AAC at 48 kHz are 17 million. */
export const MAX_SAMPLES = 30_000_000;

/** The samples of a track in decode order. */
export interface SampleIndex {
  readonly length: number;
  /** Ticks a second. */
  readonly timescale: number;
  /** Presentation times in ticks, as an edit list shifts them. */
  readonly ticks: Float64Array;
  /** Until the next one is shown; for the last one shown, what the container says. */
  readonly durationTicks: Float64Array;
  /** Where the data is in the file. */
  readonly positions: Float64Array;
  readonly sizesBytes: Uint32Array;
  /** 1 for a keyframe and 0 for another. */
  readonly keys: Uint8Array;
  /** The samples in the order in which they are shown; undefined: as they are decoded. */
  readonly displayOrder: Uint32Array | undefined;
}

/** The samples before the first one that is not all within so many bytes of the file. */
export function samplesWithin(index: SampleIndex, endBytes: number): SampleIndex {
  const { positions, sizesBytes } = index;
  const missing = positions.findIndex((position, sample) => position + sizesBytes[sample]! > endBytes);
  if (missing < 0) return index;
  const ticks = index.ticks.slice(0, missing);
  return {
    length: missing,
    timescale: index.timescale,
    ticks,
    durationTicks: index.durationTicks.slice(0, missing),
    positions: positions.slice(0, missing),
    sizesBytes: sizesBytes.slice(0, missing),
    keys: index.keys.slice(0, missing),
    displayOrder: orderShown(ticks),
  };
}

/** Which sample is shown first, next and so on; undefined: each after the one before. */
export function orderShown(ticks: Float64Array): Uint32Array | undefined {
  let isInOrder = true;
  for (let i = 1; i < ticks.length && isInOrder; i++) isInOrder = ticks[i]! >= ticks[i - 1]!;
  if (isInOrder) return undefined;
  const order = new Uint32Array(ticks.length);
  for (let sample = 0; sample < order.length; sample++) order[sample] = sample;
  return order.sort((a, b) => ticks[a]! - ticks[b]! || a - b);
}

/**
 * How long each sample is shown.
 *
 * @param statedTicks What the container says, which counts for the last one; overwritten, and returned.
 */
export function durationsShown(
  ticks: Float64Array,
  displayOrder: Uint32Array | undefined,
  statedTicks: Float64Array,
): Float64Array {
  const at = (rank: number) => displayOrder ? displayOrder[rank]! : rank;
  for (let rank = 0; rank + 1 < ticks.length; rank++) {
    statedTicks[at(rank)] = ticks[at(rank + 1)]! - ticks[at(rank)]!;
  }
  return statedTicks;
}
