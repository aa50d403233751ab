/** Gives the frames of a shard the times that they have in the source: pure. */
import { displayRanks } from "../chunk/display_order.ts";

/** A clock of one millisecond, such as Matroska's, may be off by that much between two frames. */
const CLOCK_TOLERANCE_SECONDS = 0.001;

export interface RestoredTimes {
  /** For each packet in decode order, its place in the segment in display order. */
  readonly ranks: Uint32Array;
}

/**
 * Pairs the frames of a shard with those of its segment: the n-th shown gets the n-th time of the plan, whatever
 * clock the shard's container has, once their number agrees and, counted from the first frame, none is off by
 * half a frame.
 *
 * @param seconds The shard's presentation times in decode order.
 * @param shownTicks The segment's presentation times in display order, in ticks of `timescale`.
 * @returns The pairing, or in words why there is none.
 */
export function restoreTimes(
  seconds: readonly number[],
  shownTicks: Float64Array,
  timescale: number,
): RestoredTimes | string {
  if (seconds.length !== shownTicks.length) {
    return `it has ${seconds.length} frames instead of ${shownTicks.length}`;
  }
  const ranks = displayRanks(seconds);
  const firstSeconds = seconds.reduce((a, b) => Math.min(a, b), Infinity);
  for (const [packet, rank] of ranks.entries()) {
    const expected = (shownTicks[rank]! - shownTicks[0]!) / timescale;
    const actual = seconds[packet]! - firstSeconds;
    if (Math.abs(actual - expected) > toleranceSeconds(shownTicks, rank, timescale)) {
      return `its frame ${rank} is shown ${actual.toFixed(4)} s after its first instead of ${
        expected.toFixed(4)
      } s`;
    }
  }
  return { ranks };
}

/** Half the distance to the nearer neighbour, by which a frame would be taken for it. */
function toleranceSeconds(shownTicks: Float64Array, frame: number, timescale: number): number {
  const ticks = shownTicks[frame]!;
  const before = ticks - (shownTicks[frame - 1] ?? -Infinity);
  const after = (shownTicks[frame + 1] ?? Infinity) - ticks;
  return Math.max(Math.min(before, after) / 2 / timescale, CLOCK_TOLERANCE_SECONDS);
}
