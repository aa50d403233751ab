/** What happens to a chunk, event by event: pure. */
import type { EncodeEvent, JobEvent, PlannedChunk } from "../job/job.ts";
import type { AttemptView, ChunkState, ChunkView } from "./job_view.ts";

/** Events that change a chunk. */
export type ChunkEvent = EncodeEvent | Extract<JobEvent, { readonly kind: "reused" }>;

export function newChunk({ index, startSeconds, durationSeconds, frames }: PlannedChunk): ChunkView {
  const nothingYet = { state: "queued", worker: "", shardBytes: 0, attempts: [] } as const;
  return { index, startSeconds, durationSeconds, frames, ...nothingYet };
}

export function isDone(state: ChunkState): boolean {
  return state === "done" || state === "reused";
}

/** @param nowMs Milliseconds since 1970. */
export function chunkAfter(chunk: ChunkView, event: ChunkEvent, nowMs: number): ChunkView {
  switch (event.kind) {
    case "reused":
      // its own shard, of before the master was stopped, is no news
      return { ...chunk, state: chunk.state === "done" ? "done" : "reused", shardBytes: event.shardBytes };
    case "started": {
      const { worker, attempt } = event;
      const running: AttemptView = {
        worker,
        attempt,
        startedMs: nowMs,
        endedMs: undefined,
        outcome: "running",
        reason: "",
      };
      return {
        ...chunk,
        state: "encoding",
        worker: event.isHedge && chunk.worker !== "" ? chunk.worker : worker,
        shardBytes: 0,
        attempts: [...chunk.attempts, running],
      };
    }
    case "refused":
      return withAttempts(chunk, chunk.attempts.filter((attempt) => !isThat(attempt, event)));
    case "failed": {
      const { reason } = event;
      const attempts = chunk.attempts.map((attempt) =>
        isThat(attempt, event) ? ended(attempt, "failed", { nowMs, reason }) : attempt
      );
      return withAttempts(chunk, attempts);
    }
    case "encoded": {
      const { worker, shardBytes } = event;
      const attempts = chunk.attempts.map((attempt) =>
        isRunning(attempt)
          ? ended(attempt, isThat(attempt, event) ? "encoded" : "superseded", { nowMs })
          : attempt
      );
      return { ...chunk, state: "done", worker, shardBytes, attempts };
    }
  }
}

/** With one attempt fewer that runs: with whoever still works on it. */
function withAttempts(chunk: ChunkView, attempts: readonly AttemptView[]): ChunkView {
  const other = attempts.findLast(isRunning);
  return { ...chunk, state: other ? "encoding" : "queued", worker: other?.worker ?? "", attempts };
}

/** Once nobody works on it any more, its job or the master having been stopped. */
export function interrupted(chunk: ChunkView, nowMs: number): ChunkView {
  if (chunk.state !== "encoding" && !chunk.attempts.some(isRunning)) return chunk;
  const attempts = chunk.attempts.map((attempt) =>
    isRunning(attempt) ? ended(attempt, "interrupted", { nowMs }) : attempt
  );
  return chunk.state === "encoding"
    ? { ...chunk, state: "queued", worker: "", attempts }
    : { ...chunk, attempts };
}

/** What a job's chunks come to. */
export interface Counts {
  readonly chunksDone: number;
  readonly chunksReused: number;
  readonly framesDone: number;
  readonly shardBytes: number;
}

export const NO_COUNTS: Counts = { chunksDone: 0, chunksReused: 0, framesDone: 0, shardBytes: 0 };

/** The counts once one of the chunks is no more what it was. */
export function recount(counts: Counts, before: ChunkView | undefined, after: ChunkView): Counts {
  const minus = before ? countsOf(before) : NO_COUNTS;
  const plus = countsOf(after);
  return {
    chunksDone: counts.chunksDone - minus.chunksDone + plus.chunksDone,
    chunksReused: counts.chunksReused - minus.chunksReused + plus.chunksReused,
    framesDone: counts.framesDone - minus.framesDone + plus.framesDone,
    shardBytes: counts.shardBytes - minus.shardBytes + plus.shardBytes,
  };
}

function countsOf({ state, frames, shardBytes }: ChunkView): Counts {
  if (!isDone(state)) return NO_COUNTS;
  return { chunksDone: 1, chunksReused: Number(state === "reused"), framesDone: frames, shardBytes };
}

const isRunning = ({ outcome }: AttemptView) => outcome === "running";

function isThat(view: AttemptView, { worker, attempt }: { worker: string; attempt: number }): boolean {
  return isRunning(view) && view.worker === worker && view.attempt === attempt;
}

function ended(
  attempt: AttemptView,
  outcome: AttemptView["outcome"],
  { nowMs, reason = "" }: { readonly nowMs: number; readonly reason?: string },
): AttemptView {
  return { ...attempt, outcome, endedMs: nowMs, reason };
}
