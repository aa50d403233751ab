/** A job as the catalog holds it. */
import type { JobFailure, JobSettings, JobState, JobView } from "./job_view.ts";
import { type Pace, percentDone } from "./pace.ts";

export interface JobRecord {
  readonly id: string;
  readonly videoId: string;
  readonly originalFilename: string;
  readonly settings: JobSettings;
  readonly priority: number;
  /** W3C `traceparent` that its upload came with; empty: none. */
  readonly traceparent: string;
  readonly sourceBytes: number;
  /** Hexadecimal. */
  readonly sourceSha256: string;
  /** Milliseconds since 1970, as are the other times. */
  readonly createdMs: number;
  readonly state: JobState;
  /**
   * How often it was taken up, or ended from outside. What a run says counts only as long as this is its number,
   * so that one which was thought dead changes nothing.
   */
  readonly run: number;
  readonly startedMs: number | undefined;
  readonly finishedMs: number | undefined;
  /** 0 until it is planned, as are the next two; empty, the build. */
  readonly chunks: number;
  readonly frames: number;
  readonly durationSeconds: number;
  readonly build: string;
  readonly chunksDone: number;
  readonly chunksReused: number;
  readonly framesDone: number;
  /** Of all shards so far. */
  readonly shardBytes: number;
  /** Exactly where it is completed. */
  readonly result: StoredResult | undefined;
  readonly failure: JobFailure | undefined;
  readonly notes: readonly string[];
}

export interface StoredResult {
  /** Within the job's folder of results. */
  readonly fileName: string;
  readonly sizeBytes: number;
}

/** What an upload makes. */
export type NewJob = Pick<
  JobRecord,
  | "id"
  | "videoId"
  | "originalFilename"
  | "settings"
  | "priority"
  | "traceparent"
  | "sourceBytes"
  | "sourceSha256"
  | "createdMs"
>;

export function newRecord(job: NewJob): JobRecord {
  return {
    ...job,
    state: "queued",
    run: 0,
    startedMs: undefined,
    finishedMs: undefined,
    chunks: 0,
    frames: 0,
    durationSeconds: 0,
    build: "",
    chunksDone: 0,
    chunksReused: 0,
    framesDone: 0,
    shardBytes: 0,
    result: undefined,
    failure: undefined,
    notes: [],
  };
}

export function viewOf(record: JobRecord, pace: Pace | undefined): JobView {
  const { traceparent: _t, run: _r, sourceSha256: _s, shardBytes, result, ...shown } = record;
  return {
    ...shown,
    percent: percentDone(record),
    fps: pace?.fps,
    speed: pace?.speed,
    etaSeconds: pace?.etaSeconds,
    outputBytes: result?.sizeBytes ?? shardBytes,
  };
}
