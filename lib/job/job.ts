/** What a job is: one source, one output, and how to get from one to the other. */
import type { AssembleResult } from "../assemble/assemble.ts";
import type { AudioMode } from "../assemble/audio_plan.ts";
import type { FrameCheck } from "../assemble/check_frames.ts";
import type { OutputStart } from "../assemble/output_start.ts";
import type { EncodeSettings } from "../encode/settings.ts";
import type { Fleet, TaskEvent } from "../fleet/fleet.ts";
import type { ShardKey, ShardMemory } from "./shard_memory.ts";

/** Plain data, which can be stored. */
export interface JobSpec {
  /** A valid video_id. */
  readonly jobId: string;
  readonly sourcePath: string;
  /** Its extension chooses the container. Written whole or not at all, its proof beside it. */
  readonly outputPath: string;
  /** Width and height are those of the picture as it is shown, turned where the source's track says so. */
  readonly settings: EncodeSettings;
  readonly audio: AudioMode;
  /** Default "source". No chunk and no shard depends on it. */
  readonly start?: OutputStart | undefined;
  /** Target length of a chunk, in seconds. */
  readonly chunkSeconds: number;
  /** Higher is sooner; 0 is usual. */
  readonly priority: number;
  /** Of the source, hexadecimal, where it is known; else it is read for it, while chunks are encoded. */
  readonly sourceSha256?: string | undefined;
}

/** What a job goes through; a finished, failed or cancelled one is seen by what `runJob` returns or throws. */
export type JobEvent =
  | {
    readonly kind: "planned";
    readonly chunks: readonly PlannedChunk[];
    readonly frames: number;
    /** From the first frame's start to the last one's end. */
    readonly durationSeconds: number;
    readonly sourceBytes: number;
    readonly build: string;
  }
  /** Its shard was remembered from before. */
  | { readonly kind: "reused"; readonly chunk: number; readonly shardBytes: number }
  | EncodeEvent
  /** Once for each chunk, as its first frame is written. */
  | { readonly kind: "assembling"; readonly chunk: number }
  | { readonly kind: "checking" };

/** What happens to a chunk as it is encoded. */
export type EncodeEvent =
  & {
    readonly chunk: number;
    /** Milliseconds since 1970, of what went on before the job did, or beside it: see {@link ChunkAhead}. */
    readonly aheadMs?: number;
  }
  & (
    | TaskEvent
    | {
      readonly kind: "encoded";
      readonly worker: string;
      readonly attempt: number;
      readonly shardBytes: number;
      readonly encodeSeconds: number;
    }
  );

/** A chunk whose encode was begun before its job, while the source was still coming in. */
export interface ChunkAhead {
  /** Whether it is no more under way, its shard in the memory or not. */
  readonly isOver: boolean;
  /**
   * Tells what has happened to it and what still does, `chunk` being the number that it has in the job.
   *
   * @returns Once it is over, whether it was encoded.
   */
  follow(chunk: number, onEvent: (event: EncodeEvent) => void): Promise<boolean>;
}

export interface PlannedChunk {
  readonly index: number;
  readonly frames: number;
  readonly startSeconds: number;
  readonly durationSeconds: number;
}

export interface JobTools {
  readonly fleet: Fleet;
  readonly memory: ShardMemory;
  /** The encode of a chunk that was begun before the job; undefined: none was. */
  readonly ahead?: ((key: ShardKey) => ChunkAhead | undefined) | undefined;
  readonly onEvent?: ((event: JobEvent) => void) | undefined;
  readonly signal: AbortSignal;
}

export interface JobResult {
  readonly assembled: AssembleResult;
  /** Frames of the source; more or fewer than the check expects where the frame rate was converted. */
  readonly sourceFrames: number;
  readonly check: FrameCheck;
  /** Of the output, hexadecimal. */
  readonly sha256: string;
  readonly proofPath: string;
  readonly encodedChunks: number;
  readonly reusedChunks: number;
  /** What encoders changed without being asked to, each sentence once. */
  readonly notes: readonly string[];
  /** When the output begins, where that is late because its source does: see `lateStartNote()`. */
  readonly lateStartSeconds?: number | undefined;
}
