/** What people see of a master's jobs: plain data, for the wire, a page or a terminal. It holds no paths. */
import type { AudioMode } from "../assemble/audio_plan.ts";
import type { Container } from "../assemble/output_container.ts";
import type { EncodeSettings } from "../encode/settings.ts";
import type { WorkerView } from "../fleet/fleet.ts";

/** `queued` until it has its turn; the next three are under way; the last three are for good. */
export const JOB_STATES = [
  "queued",
  "segmenting",
  "processing",
  "concatenating",
  "completed",
  "failed",
  "cancelled",
] as const;
export type JobState = typeof JOB_STATES[number];

/** During which part of the way a job failed. */
export type JobStage = "segmenting" | "processing" | "concatenating";

/** What a video is made into. */
export interface JobSettings {
  readonly encode: EncodeSettings;
  readonly container: Container;
  readonly audio: AudioMode;
  /** Target length of a chunk. */
  readonly chunkSeconds: number;
}

export interface JobFailure {
  readonly stage: JobStage;
  /** In words, for people. */
  readonly message: string;
}

export interface JobView {
  /** Unique for ever: a video that is uploaded again is another job. */
  readonly id: string;
  /** As the uploader named it; no two jobs at a time have the same. */
  readonly videoId: string;
  /** As the uploader said; any text, so to be shown and never used as a path. May be empty. */
  readonly originalFilename: string;
  readonly settings: JobSettings;
  /** Higher is sooner; 0 is usual. */
  readonly priority: number;
  readonly state: JobState;
  /** 0 to 100, by frames; 100 only once it is completed. */
  readonly percent: number;
  /** 0 until the video is planned, as are the other figures of the plan. */
  readonly chunks: number;
  readonly chunksDone: number;
  /** Of those done, how many had been encoded before, for this or another job. */
  readonly chunksReused: number;
  readonly frames: number;
  readonly framesDone: number;
  readonly durationSeconds: number;
  /** Frames encoded a second, all workers together; undefined: not known, or nothing is encoded now. */
  readonly fps: number | undefined;
  /** Seconds of video encoded a second. */
  readonly speed: number | undefined;
  /** Until the last chunk is done. */
  readonly etaSeconds: number | undefined;
  readonly sourceBytes: number;
  /** Of the shards so far; of the result, once there is one. */
  readonly outputBytes: number;
  /** Such as `libav/libx264 8.1 form 2`; empty until it is chosen. */
  readonly build: string;
  /** When the upload was complete, in milliseconds since 1970, as are the next two. */
  readonly createdMs: number;
  /** When it first had its turn. */
  readonly startedMs: number | undefined;
  readonly finishedMs: number | undefined;
  /** Exactly where `state` is `failed`. */
  readonly failure: JobFailure | undefined;
  /** What the encoders changed and what could not be carried, a sentence each. */
  readonly notes: readonly string[];
}

/** `reused`: it was encoded before. `failed`: its job failed by it. */
export const CHUNK_STATES = ["queued", "encoding", "done", "reused", "failed"] as const;
export type ChunkState = typeof CHUNK_STATES[number];

/** `superseded`: another attempt was first. `interrupted`: the job or the master was stopped meanwhile. */
export const ATTEMPT_OUTCOMES = ["running", "encoded", "failed", "superseded", "interrupted"] as const;
export type AttemptOutcome = typeof ATTEMPT_OUTCOMES[number];

export interface AttemptView {
  /** Where the worker is reached. */
  readonly worker: string;
  /** From 1, anew each time that the job is taken up. */
  readonly attempt: number;
  readonly startedMs: number;
  /** Undefined as long as it is running. */
  readonly endedMs: number | undefined;
  readonly outcome: AttemptOutcome;
  /** Why it failed; else empty. */
  readonly reason: string;
}

export interface ChunkView {
  /** From 0. */
  readonly index: number;
  readonly startSeconds: number;
  readonly durationSeconds: number;
  readonly frames: number;
  readonly state: ChunkState;
  /** Who encodes it or did; empty while nobody does, and where its shard was reused. */
  readonly worker: string;
  /** 0 until it is done. */
  readonly shardBytes: number;
  /** In the order in which they began. */
  readonly attempts: readonly AttemptView[];
}

export interface JobDetails {
  readonly job: JobView;
  /** By index; none until the video is planned. */
  readonly chunks: readonly ChunkView[];
}

/** What is new. Each holds the whole of what it is about, so that one who missed some needs only the last. */
export type MasterEvent =
  | { readonly kind: "job"; readonly job: JobView }
  | { readonly kind: "chunk"; readonly jobId: string; readonly chunk: ChunkView }
  | { readonly kind: "removed"; readonly jobId: string }
  | { readonly kind: "workers"; readonly workers: readonly WorkerView[] };

/** Whether nothing will change any more. */
export function isFinal(state: JobState): boolean {
  return state === "completed" || state === "failed" || state === "cancelled";
}
