/** What a chunk is to become, as the encoder is told, and in a form by which it is found again: pure. */
import { createHash } from "node:crypto";
import type { EncodePlan } from "../chunk/converted_plan.ts";
import { FORM } from "../encode/encoder_build.ts";
import type { SegmentSpan } from "../encode/encoder.ts";
import type { EncodeSettings } from "../encode/settings.ts";
import { gridOffset } from "../frame_grid.ts";
import { canonicalJson } from "./canonical_json.ts";
import { levelFrameRate } from "./level_frame_rate.ts";

/** The span of each segment of a plan, by index. */
export function segmentSpans({ chunks, frames, grid }: EncodePlan): readonly SegmentSpan[] {
  const frameRate = grid?.rate ?? levelFrameRate(chunks);
  return chunks.segments.map(({ index, timescale, startTicks, endTicks, frameCount, hasLeadOut }) => ({
    timescale,
    startTicks,
    endTicks: hasLeadOut ? endTicks : undefined,
    frameCount: frames.segments[index]!.frameCount,
    converted: grid && { originTicks: grid.originTicks, sourceFrameCount: frameCount },
    frameRate,
  }));
}

/**
 * SHA-256 of all that shapes the shard of a chunk but the chunk and the build of the encoder. Nothing absolute is in
 * it: where in its source the segment lies does not matter, only where its frames lie within it.
 *
 * @returns Hexadecimal.
 */
export function taskSha256(settings: EncodeSettings, segment: SegmentSpan): string {
  const { timescale, startTicks, endTicks, frameCount, converted, frameRate } = segment;
  const grid = settings.frameRate === "source" || !converted
    ? undefined
    : gridOffset({ rate: settings.frameRate, originTicks: converted.originTicks, timescale }, startTicks);
  const task = {
    form: FORM,
    settings,
    segment: {
      timescale,
      endTicks: endTicks === undefined ? undefined : endTicks - startTicks,
      frameCount,
      grid,
      sourceFrameCount: converted?.sourceFrameCount,
      frameRate,
    },
  };
  return createHash("sha256").update(canonicalJson(task)).digest("hex");
}
