/** A job under way: what is known of it once its source has been planned. */
import type { CheckShard } from "../assemble/check_shard.ts";
import type { EncodedShard } from "../assemble/shard_frames.ts";
import type { EncodePlan } from "../chunk/converted_plan.ts";
import type { SourceFile } from "../chunk/source_file.ts";
import type { SegmentSpan } from "../encode/encoder.ts";
import type { EncodeSettings } from "../encode/settings.ts";
import type { JobEvent, JobSpec, JobTools } from "./job.ts";
import type { RememberedShard, ShardKey } from "./shard_memory.ts";

export interface JobUnderWay {
  readonly spec: JobSpec;
  readonly tools: JobTools;
  readonly source: SourceFile;
  readonly plan: EncodePlan;
  /** What encoders are told: as the job's own, but with the sides of the picture as it is coded. */
  readonly settings: EncodeSettings;
  /** What encoders are told of each segment. */
  readonly spans: readonly SegmentSpan[];
  readonly build: string;
  readonly check: CheckShard;
  /** By chunk; complete once all have been encoded. */
  readonly kept: KeptShard[];
  readonly emit: (event: JobEvent) => void;
}

export interface KeptShard {
  readonly key: ShardKey;
  readonly shard: RememberedShard;
  readonly isReused: boolean;
}

/** As what puts shards together knows them. */
export function encodedShard(segment: number, { workerId, path }: RememberedShard): EncodedShard {
  return { segment, worker: workerId, data: path };
}
