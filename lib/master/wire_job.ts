/** Jobs as the wire has them, and in the Python project's words. */
import type { Job } from "../rpc/generated/replication/Job.ts";
import type { JobChunk } from "../rpc/generated/replication/JobChunk.ts";
import { toWireSettings } from "../rpc/wire_settings.ts";
import type { AttemptView, ChunkView, JobStage, JobView } from "./job_view.ts";

export function toWireJob(job: JobView): Job {
  return {
    jobId: job.id,
    videoId: job.videoId,
    originalFilename: job.originalFilename,
    state: job.state,
    percent: job.percent,
    chunks: job.chunks,
    chunksDone: job.chunksDone,
    chunksReused: job.chunksReused,
    frames: job.frames,
    framesDone: job.framesDone,
    durationSeconds: job.durationSeconds,
    ...(job.fps !== undefined && { fps: job.fps }),
    ...(job.speed !== undefined && { speed: job.speed }),
    ...(job.etaSeconds !== undefined && { etaSeconds: job.etaSeconds }),
    sourceBytes: job.sourceBytes,
    outputBytes: job.outputBytes,
    build: job.build,
    priority: job.priority,
    createdMs: job.createdMs,
    ...(job.startedMs !== undefined && { startedMs: job.startedMs }),
    ...(job.finishedMs !== undefined && { finishedMs: job.finishedMs }),
    failureStage: job.failure?.stage ?? "",
    failureMessage: job.failure?.message ?? "",
    notes: [...job.notes],
    settings: toWireSettings(job.settings.encode),
    outputFormat: job.settings.container,
  };
}

export function toWireChunk(chunk: ChunkView): JobChunk {
  return {
    chunkIndex: chunk.index,
    startSeconds: chunk.startSeconds,
    durationSeconds: chunk.durationSeconds,
    frames: chunk.frames,
    state: chunk.state,
    worker: chunk.worker,
    shardBytes: chunk.shardBytes,
    attempts: chunk.attempts.map(toWireAttempt),
  };
}

function toWireAttempt({ worker, attempt, startedMs, endedMs, outcome, reason }: AttemptView) {
  return { worker, attempt, startedMs, ...(endedMs !== undefined && { endedMs }), outcome, reason };
}

/** The Python project's statuses, on whose last four its clients stop. */
export type VideoStatus =
  | "segmenting"
  | "processing"
  | "concatenating"
  | "completed"
  | "failed_segmentation"
  | "processing_failed"
  | "concatenation_failed"
  | "not_found";

const FAILED: Readonly<Record<JobStage, VideoStatus>> = {
  segmenting: "failed_segmentation",
  processing: "processing_failed",
  concatenating: "concatenation_failed",
};

export function videoStatus({ state, failure }: Pick<JobView, "state" | "failure">): VideoStatus {
  switch (state) {
    case "queued":
      return "segmenting"; // which it will be; the Python project knows no queue
    case "cancelled":
      return "processing_failed"; // so that its clients stop
    case "failed":
      return FAILED[failure?.stage ?? "processing"];
    default:
      return state;
  }
}

/** How a job is, in a sentence. */
export function statusMessage(job: JobView): string {
  switch (job.state) {
    case "queued":
      return "Waiting for its turn";
    case "segmenting":
      return "Looking for places to cut the video";
    case "processing":
      return `${Math.floor(job.percent)} %: ${job.chunksDone} of ${job.chunks} chunks done${eta(job)}`;
    case "concatenating":
      return `${Math.floor(job.percent)} %: all ${job.chunks} chunks done, putting them together`;
    case "completed":
      return `Completed: ${job.frames} frames in ${job.chunks} chunks, ${job.outputBytes} bytes`;
    case "failed":
      return job.failure?.message ?? "Failed";
    case "cancelled":
      return "Cancelled";
  }
}

function eta({ etaSeconds }: JobView): string {
  return etaSeconds === undefined ? "" : `, about ${Math.ceil(etaSeconds)} s to go`;
}
