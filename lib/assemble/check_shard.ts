/** Whether a shard is what its segment asks for: to be known as soon as it is there, not when all are. */
import { distinctTicks } from "../chunk/distinct_ticks.ts";
import type { SegmentPlan } from "../chunk/plan_segments.ts";
import { AssembleError, describeShard } from "./assemble_error.ts";
import { restoreTimes } from "./restore_times.ts";
import {
  checkAgreement,
  type CheckedShard,
  type EncodedShard,
  openShard,
  shardSeconds,
} from "./shard_frames.ts";

/**
 * Reads the index of a shard and compares it with the plan: its frames, their times, and how it is decoded.
 *
 * @throws {AssembleError} If it cannot be read, has other frames than its segment, or does not go with the shards
 * that passed before it; `shards` has the chunks and workers at fault, this shard's last.
 */
export type CheckShard = (shard: EncodedShard) => Promise<void>;

/** A check for the shards of one video, in any order. The first one that passes says how all have to be decoded. */
export function createShardCheck(plan: SegmentPlan): CheckShard {
  let first: CheckedShard | undefined;
  return async (shard) => {
    const segment = plan.segments[shard.segment];
    if (!segment) {
      const count = plan.segments.length;
      throw new AssembleError(`Cannot use ${describeShard(shard)}: there are ${count} chunks`, {
        shards: [shard],
      });
    }
    using file = await openShard(shard);
    const shownTicks = plan.shownTicks.subarray(segment.firstFrame, segment.firstFrame + segment.frameCount);
    const expected = distinctTicks(shownTicks, segment.endTicks) ?? shownTicks;
    const restored = restoreTimes(await shardSeconds(shard, file), expected, segment.timescale);
    if (typeof restored === "string") {
      throw new AssembleError(`Cannot use ${describeShard(shard)}: ${restored}`, { shards: [shard] });
    }
    const checked = { origin: shard, decoderConfig: file.video.decoderConfig };
    checkAgreement(first ?? checked, checked);
    first ??= { ...checked, origin: { segment: shard.segment, worker: shard.worker } }; // without its bytes
  };
}
