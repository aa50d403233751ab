/** FFmpeg's options for libx264; the same for both encoders. */
import { ASSUMED_FRAME_RATE, type SegmentSpan } from "./encoder.ts";
import type { EncodeSettings } from "./settings.ts";

/**
 * Everything that shapes the bytes but the threads, by FFmpeg's names. Nothing depends on what is in the chunk:
 * shards of one video can be joined only where their parameter sets (SPS, PPS) are the same.
 */
export function x264Options(settings: EncodeSettings, segment: SegmentSpan): Record<string, string> {
  const { num, den } = segment.frameRate ?? ASSUMED_FRAME_RATE;
  return {
    preset: settings.preset,
    ...rateOptions(settings),
    // Times come with the frames; the rate only sets the level.
    "x264-params": `fps=${num}/${den}`,
  };
}

function rateOptions({ rate }: EncodeSettings): Record<string, string> {
  if (rate.kind === "crf") return { crf: String(rate.crf) };
  return { b: String(rate.bitsPerSecond) };
}
