/** The frame rate by which encoders set a video's level: pure. */
import type { FrameRate } from "../frame_grid.ts";

/** Those of films, television, cameras and screens, ascending; no two neighbours are further apart than 1 to 2. */
const RATES: readonly FrameRate[] = [
  ...[1, 2, 3, 4, 5, 6, 8, 10, 12].map((num) => ({ num, den: 1 })),
  { num: 25, den: 2 },
  ...[15, 18, 20].map((num) => ({ num, den: 1 })),
  { num: 24_000, den: 1_001 },
  { num: 24, den: 1 },
  { num: 25, den: 1 },
  { num: 30_000, den: 1_001 },
  ...[30, 40].map((num) => ({ num, den: 1 })),
  { num: 48_000, den: 1_001 },
  ...[48, 50].map((num) => ({ num, den: 1 })),
  { num: 60_000, den: 1_001 },
  ...[60, 72, 75, 90, 100].map((num) => ({ num, den: 1 })),
  { num: 120_000, den: 1_001 },
  ...[120, 144, 165, 200, 240, 300, 480, 960].map((num) => ({ num, den: 1 })),
];

export interface ShownTimes {
  /** Presentation times in display order. */
  readonly shownTicks: Float64Array;
  /** Ticks a second. */
  readonly timescale: number;
}

/**
 * The usual rate that is nearest to a video's average. Not the average itself, which changes in its last digits with
 * every frame that is added to the video: what was encoded before would no longer be what is asked for.
 *
 * @returns Undefined of a single frame.
 */
export function levelFrameRate({ shownTicks, timescale }: ShownTimes): FrameRate | undefined {
  const ticks = (shownTicks.at(-1) ?? 0) - (shownTicks[0] ?? 0);
  if (!(ticks > 0)) return undefined;
  const average = (shownTicks.length - 1) * timescale / ticks;
  const distance = ({ num, den }: FrameRate) => Math.abs(Math.log(num / den / average));
  return RATES.reduce((nearest, rate) => distance(rate) < distance(nearest) ? rate : nearest);
}
