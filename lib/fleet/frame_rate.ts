import { type FrameRate, greatestCommonDivisor } from "../frame_grid.ts";

const MAX_INT32 = 2 ** 31 - 1;

/**
 * The average of a whole video, exact where the fraction is small enough, else to a thousandth.
 *
 * @param durationTicks From the first frame's start to the last one's end.
 * @returns Undefined where there is no duration to speak of.
 */
export function averageFrameRate(
  { frameCount, durationTicks, timescale }: { frameCount: number; durationTicks: number; timescale: number },
): FrameRate | undefined {
  if (!(durationTicks > 0) || frameCount === 0) return undefined;
  const divisor = greatestCommonDivisor(frameCount * timescale, durationTicks);
  const num = frameCount * timescale / divisor;
  const den = durationTicks / divisor;
  if (num <= MAX_INT32 && den <= MAX_INT32) return { num, den };
  return { num: Math.max(1, Math.round(1000 * num / den)), den: 1000 };
}
