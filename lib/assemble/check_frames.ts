/**
 * The proof that a finished video has as many frames as its source, each at its time, as its own index has them. It
 * looks into no frame: what is in them is guarded on the way by the SHA-256 of each chunk and shard, and by what the
 * encoder reports of the chunk.
 */
import { readPacketTable } from "../chunk/read_packet_table.ts";
import { openSource } from "../chunk/source_file.ts";
import type { SegmentPlan } from "../chunk/plan_segments.ts";

export interface FrameCheck {
  readonly framesIn: number;
  readonly framesOut: number;
  /** Between the times of a frame in the source and in the output: 0, or what the output's clock forces. */
  readonly largestDifferenceSeconds: number;
  /** From the first video frame's start to the last one's end, in the output. */
  readonly durationSeconds: number;
}

/** The video frames of a finished file. */
export interface ShownFrames {
  /** Presentation times in display order. */
  readonly shownTicks: Float64Array;
  /** Ticks a second. */
  readonly timescale: number;
  /** When the last frame ends. */
  readonly endTicks: number;
  /** Whether an edit list can begin within a frame; absent: it can. Elsewhere such a frame is shown from 0 on. */
  readonly hidesBeforeZero?: boolean;
}

/** A frame is missing, added, or shown at another time than in the source. */
export class FrameMismatchError extends Error {
  override readonly name = "FrameMismatchError";
  /** Index of the segment, which is also the chunk's, that the frame belongs to. */
  readonly segment: number;
  /** The first frame at fault, in display order from 0. */
  readonly frame: number;
  readonly framesIn: number;
  readonly framesOut: number;

  constructor(message: string, at: Pick<FrameMismatchError, "segment" | "frame" | "framesIn" | "framesOut">) {
    super(message);
    this.segment = at.segment;
    this.frame = at.frame;
    this.framesIn = at.framesIn;
    this.framesOut = at.framesOut;
  }
}

/** A float holds a time in ticks only this well once it has been through seconds. */
const ROUNDING_TICKS = 1e-3;

/**
 * Reads the index of a finished video and compares the time of each of its video frames with the plan.
 *
 * @throws {FrameMismatchError} Naming the chunk, if a frame's time is not the plan's, rounded to the output's clock.
 * @throws {SourceError} If the file cannot be read.
 * @throws `signal.reason` once aborted.
 */
export async function checkFrames(
  plan: SegmentPlan,
  outputPath: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<FrameCheck> {
  using output = await openSource(outputPath);
  const { packets, endTicks } = await readPacketTable(output, { signal });
  return compareFrames(plan, {
    shownTicks: packets.ticks.slice().sort(),
    timescale: output.video.timescale,
    endTicks,
    hidesBeforeZero: output.video.hidesBeforeZero,
  });
}

/**
 * The comparison of {@link checkFrames}: pure.
 *
 * @throws {FrameMismatchError} As {@link checkFrames} says.
 */
export function compareFrames(plan: SegmentPlan, output: ShownFrames): FrameCheck {
  const framesIn = plan.shownTicks.length;
  const framesOut = output.shownTicks.length;
  const counts = { framesIn, framesOut };
  const scale = output.timescale / plan.timescale;
  let largestTicks = 0;
  for (let frame = 0; frame < Math.min(framesIn, framesOut); frame++) {
    const isCut = frame === 0 && output.hidesBeforeZero === false;
    const expectedTicks = isCut ? Math.max(0, plan.shownTicks[0]! * scale) : plan.shownTicks[frame]! * scale;
    const differenceTicks = Math.abs(output.shownTicks[frame]! - expectedTicks);
    if (differenceTicks > 0.5 + ROUNDING_TICKS) {
      const [expected, actual] = [expectedTicks, output.shownTicks[frame]!].map((ticks) =>
        `${(ticks / output.timescale).toFixed(6)} s`
      );
      throw mismatch(plan, frame, `is shown at ${actual} instead of ${expected}`, counts);
    }
    largestTicks = Math.max(largestTicks, differenceTicks);
  }
  if (framesOut < framesIn) throw mismatch(plan, framesOut, "is missing", counts);
  if (framesOut > framesIn) throw mismatch(plan, framesIn, "is not in the source", counts);
  return {
    ...counts,
    largestDifferenceSeconds: largestTicks < ROUNDING_TICKS ? 0 : largestTicks / output.timescale,
    durationSeconds: (output.endTicks - (output.shownTicks[0] ?? 0)) / output.timescale,
  };
}

function mismatch(
  { segments }: SegmentPlan,
  frame: number,
  fault: string,
  counts: Pick<FrameMismatchError, "framesIn" | "framesOut">,
): FrameMismatchError {
  const segment = segments.findLast(({ firstFrame }) => firstFrame <= frame)?.index ?? 0;
  const { framesIn, framesOut } = counts;
  return new FrameMismatchError(
    `Output differs from the source in chunk ${segment}: frame ${frame} ${fault} (${framesIn} frames in, ${framesOut} out)`,
    { segment, frame, ...counts },
  );
}
