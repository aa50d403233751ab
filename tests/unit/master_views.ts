/** Jobs and chunks as plain data, for tests that need any. */
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import type { PlannedChunk } from "../../lib/job/job.ts";
import { type JobRecord, type NewJob, newRecord } from "../../lib/master/job_record.ts";

export const NEW_JOB: NewJob = {
  id: "job-1",
  videoId: "film",
  originalFilename: "Film.mkv",
  settings: { encode: DEFAULT_SETTINGS, container: "mp4", audio: "copy", chunkSeconds: 10 },
  priority: 0,
  traceparent: "",
  sourceBytes: 1_000,
  sourceSha256: "00".repeat(32),
  createdMs: 1_000,
};

export function jobRecord(more: Partial<JobRecord> = {}): JobRecord {
  return { ...newRecord(NEW_JOB), ...more };
}

export function plannedChunks(count: number, frames = 10): PlannedChunk[] {
  return Array.from({ length: count }, (_, index) => {
    return { index, frames, startSeconds: index, durationSeconds: 1 };
  });
}
