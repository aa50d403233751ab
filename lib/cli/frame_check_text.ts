import type { FrameCheck } from "../assemble/check_frames.ts";
import { formatCount, formatSeconds } from "./format.ts";

/**
 * The figures of a check, such as `75 frames in, 75 out, largest time difference 0 ms, duration 5.0 s`.
 *
 * @param sourceFrames Of a video whose frame rate was converted; default: as many as went in.
 */
export function frameCheckText(check: FrameCheck, sourceFrames = check.framesIn): string {
  const { framesIn, framesOut, largestDifferenceSeconds, durationSeconds } = check;
  const converted = sourceFrames === framesIn ? "" : `converted to ${formatCount(framesIn)}, `;
  return `${formatCount(sourceFrames, "frame")} in, ${converted}${formatCount(framesOut)} out, ` +
    `largest time difference ${difference(largestDifferenceSeconds)}, duration ${
      formatSeconds(durationSeconds)
    }`;
}

/** In microseconds where it would otherwise round to nothing. */
function difference(seconds: number): string {
  const microseconds = Math.round(seconds * 1e6);
  return microseconds > 0 && microseconds < 1000 ? `${microseconds} µs` : formatSeconds(seconds);
}
