/** Whether a shard that came from a worker is what was asked for. */
import { createShardCheck } from "../assemble/check_shard.ts";
import type { SegmentPlan } from "../chunk/plan_segments.ts";
import type { CheckRetrieved } from "./round_trip.ts";

/** The worker has stored something, but not encoded the chunk as video; it would do so again. */
export class NotEncodedError extends Error {
  override readonly name = "NotEncodedError";
}

/**
 * A check for the shards of one video, in any order.
 *
 * @param plan What frames there have to be.
 * @returns It throws an `AssembleError` for a shard that is not as planned, and a {@link NotEncodedError} for one
 * that a worker says has no frames.
 */
export function createRetrievedCheck(plan: SegmentPlan): CheckRetrieved {
  const check = createShardCheck(plan);
  return async ({ chunkIndex, stored, path }) => {
    if (stored.frameCount === 0) {
      throw new NotEncodedError(`Worker ${stored.workerId} did not encode chunk ${chunkIndex} as video`);
    }
    await check({ segment: chunkIndex, worker: stored.workerId, data: path });
  };
}
