/** A plan for a video whose frames are shown at another rate than in its source: pure. */
import {
  firstGridFrame,
  type FrameGrid,
  type FrameRate,
  greatestCommonDivisor,
  reducedRate,
} from "../frame_grid.ts";
import type { VideoPlan } from "./keyframe_segments.ts";
import type { Segment } from "./plan_segments.ts";
import { SourceError } from "./source_error.ts";

/** The two plans of one video have the same number of segments. */
export interface EncodePlan {
  /** What the chunks hold: the source's frames. */
  readonly chunks: VideoPlan;
  /** What the shards and the finished video hold. */
  readonly frames: VideoPlan;
  /** Where the output's frames lie, on the source's clock; undefined where they are the source's own. */
  readonly grid: FrameGrid | undefined;
}

/** A clock is taken no finer than this, nor coarser: what a player or another program may round to. */
const TIMESCALE = { min: 10_000, max: 1_000_000 } as const;

/** More are refused, as of a video with a leap in its times: 46 hours at 60 frames a second are ten million. */
const MAX_FRAMES = 10_000_000;

/**
 * Plans the frames that an output has. At another rate than the source's, frame k is shown at k / rate after the
 * source's first one and has the picture of the latest source frame at or before that time; frames that an edit
 * list hides before 0 are left out. A segment has the frames from its start, exclusive of the next one's; one that
 * has none of them becomes part of its neighbour.
 *
 * The same plan and rate give the same result, also for `chunks` of what it gave before.
 *
 * @param frameRate Its `num` and `den` up to one million.
 * @param options.path What the video is called in errors.
 * @throws {SourceError} If it would have more frames than there is room for.
 */
export function encodePlan(
  plan: VideoPlan,
  frameRate: FrameRate | "source",
  { path = "video" }: { readonly path?: string } = {},
): EncodePlan {
  if (frameRate === "source") return { chunks: plan, frames: plan, grid: undefined };
  const rate = reducedRate(frameRate);
  const { timescale, shownTicks, hiddenFirst } = plan;
  // What is on screen when the edit list begins is shown from then on.
  const originTicks = hiddenFirst > 0 ? Math.max(0, shownTicks[hiddenFirst] ?? 0) : shownTicks[0]!;
  const grid = { rate, timescale, originTicks };
  const endTicks = Math.max(plan.endTicks, originTicks + 1); // a video has one frame at least
  const frameCount = firstGridFrame(grid, endTicks);
  if (frameCount > MAX_FRAMES) throw tooManyFrames(path, frameCount, rate);
  const { segments, firstFrames } = withFrames(plan, grid, endTicks);
  return { chunks: { ...plan, segments }, frames: gridPlan(plan, grid, segments, firstFrames), grid };
}

function tooManyFrames(path: string, frameCount: number, { num, den }: FrameRate): SourceError {
  const rate = den === 1 ? num : (num / den).toFixed(3);
  const words = `at ${rate} frames a second it would have ${frameCount} frames, more than ${MAX_FRAMES}`;
  return new SourceError("unsupported", path, words);
}

interface MergedSegments {
  readonly segments: readonly Segment[];
  /** Of each segment the first frame of the grid, and at the end how many there are. */
  readonly firstFrames: readonly number[];
}

/** Segments that each have a frame of the grid. */
function withFrames({ segments }: VideoPlan, grid: FrameGrid, endTicks: number): MergedSegments {
  const merged: Segment[] = [];
  const firstFrames: number[] = [];
  let frames = 0;
  let waiting: Segment | undefined; // before the first frame of the grid
  for (const [index, segment] of segments.entries()) {
    const nextFrames = firstGridFrame(grid, segments[index + 1]?.startTicks ?? endTicks);
    const own = waiting ? joined(waiting, segment) : segment;
    waiting = undefined;
    if (nextFrames > frames) {
      merged.push(own);
      firstFrames.push(frames);
    } else if (merged.length > 0) {
      merged.push(joined(merged.pop()!, own));
    } else {
      waiting = own;
    }
    frames = nextFrames;
  }
  const renumbered = merged.map((segment, index) => {
    const next = merged[index + 1];
    const hasLeadOut = next ? segment.endPacket > next.firstPacket : segment.hasLeadOut;
    return { ...segment, index, hasLeadOut };
  });
  return { segments: renumbered, firstFrames: [...firstFrames, frames] };
}

/** Two segments of which the second follows the first. */
function joined(first: Segment, second: Segment): Segment {
  return {
    ...first,
    endTicks: second.endTicks,
    frameCount: first.frameCount + second.frameCount,
    endPacket: Math.max(first.endPacket, second.endPacket),
    hasLeadOut: second.hasLeadOut || first.hasLeadOut && second.endTicks !== undefined,
  };
}

function gridPlan(
  plan: VideoPlan,
  { rate, originTicks: sourceTicks }: FrameGrid,
  segments: readonly Segment[],
  firstFrames: readonly number[],
): VideoPlan {
  const timescale = outputTimescale(rate, sourceTicks, plan.timescale);
  const originTicks = Math.round(sourceTicks / plan.timescale * timescale);
  const frameTicks = timescale / rate.num * rate.den;
  const ticksOf = (frame: number) => originTicks + frame * frameTicks;
  const frameCount = firstFrames.at(-1)!;
  return {
    ...plan,
    timescale,
    shownTicks: Float64Array.from({ length: frameCount }, (_, frame) => ticksOf(frame)),
    endTicks: ticksOf(frameCount),
    hiddenFirst: 0,
    segments: segments.map((segment, index) => ({
      ...segment,
      timescale,
      startTicks: ticksOf(firstFrames[index]!),
      endTicks: index + 1 < segments.length ? ticksOf(firstFrames[index + 1]!) : undefined,
      firstFrame: firstFrames[index]!,
      frameCount: firstFrames[index + 1]! - firstFrames[index]!,
      hasLeadOut: false,
    })),
  };
}

/** A clock on which all distances are whole, and so is the origin where that can be. */
function outputTimescale({ num }: FrameRate, originTicks: number, timescale: number): number {
  const originClock = timescale / greatestCommonDivisor(Math.abs(originTicks), timescale);
  const exact = num / greatestCommonDivisor(num, originClock) * originClock;
  if (exact > TIMESCALE.max) return Math.max(1, Math.floor(TIMESCALE.max / num)) * num;
  return Math.ceil(TIMESCALE.min / exact) * exact;
}
