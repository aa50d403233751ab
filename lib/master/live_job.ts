/** A job while it runs: what its run tells becomes what people see and what the catalog holds. */
import { PoisonChunkError } from "../fleet/fleet.ts";
import type { JobEvent } from "../job/job.ts";
import type { Save } from "./catalog.ts";
import {
  chunkAfter,
  type ChunkEvent,
  type Counts,
  interrupted,
  newChunk,
  NO_COUNTS,
  recount,
} from "./chunk_history.ts";
import { type JobRecord, type StoredResult, viewOf } from "./job_record.ts";
import type { ChunkView, JobStage, JobView, MasterEvent } from "./job_view.ts";
import { paceOf } from "./pace.ts";

export interface LiveJobOptions {
  /** As it was taken up. */
  readonly job: JobRecord;
  /** Of former runs. */
  readonly chunks: readonly ChunkView[];
  readonly publish: (event: MasterEvent) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told when there is something to save at once, or before long. */
  readonly onChange: (when: "now" | "soon") => void;
}

export interface LiveJob {
  /** During which part of the way it is. */
  readonly stage: JobStage;
  view(): JobView;
  chunks(): readonly ChunkView[];
  apply(event: JobEvent): void;
  complete(result: StoredResult, notes: readonly string[]): void;
  fail(error: unknown, message: string): void;
  /** Its attempts are not under way any more, whatever becomes of the job. */
  interrupt(): void;
  /** What is to be saved; to be given back if that failed. */
  takeChanges(): Save;
  giveBack(save: Save): void;
}

type Planned = Extract<JobEvent, { readonly kind: "planned" }>;

export function createLiveJob({ publish, now, onChange, ...start }: LiveJobOptions): LiveJob {
  let job = start.job;
  let chunks = [...start.chunks];
  const changed = new Set<number>();
  let replacesChunks = false;
  let encodedFrames = 0;
  /** Of this run's first attempt. */
  let encodingSinceMs: number | undefined;

  const pace = () =>
    job.state === "processing" && encodingSinceMs !== undefined
      ? paceOf(job, { encodedFrames, elapsedMs: now() - encodingSinceMs })
      : undefined;
  const view = () => viewOf(job, pace());

  function update(next: JobRecord): void {
    const isTurn = next.state !== job.state;
    job = next;
    publish({ kind: "job", job: view() });
    onChange(isTurn ? "now" : "soon");
  }

  function setChunk(chunk: ChunkView): Counts {
    const counts = recount(job, chunks[chunk.index], chunk);
    chunks[chunk.index] = chunk;
    changed.add(chunk.index);
    publish({ kind: "chunk", jobId: job.id, chunk });
    return counts;
  }

  function plan({ chunks: planned, frames, durationSeconds, build }: Planned): void {
    const fresh = planned.map(newChunk);
    if (!isSamePlan(fresh, chunks)) {
      chunks = fresh;
      replacesChunks = true;
    } else {
      chunks = chunks.map((chunk) => chunk.state === "failed" ? { ...chunk, state: "queued" } : chunk);
    }
    for (const { index } of chunks) changed.add(index);
    for (const chunk of chunks) publish({ kind: "chunk", jobId: job.id, chunk });
    const counts = chunks.reduce((sum, chunk) => recount(sum, undefined, chunk), NO_COUNTS);
    update({ ...job, ...counts, state: "processing", chunks: chunks.length, frames, durationSeconds, build });
  }

  function changeChunk(event: ChunkEvent): void {
    const before = chunks[event.chunk];
    if (!before) return;
    const aheadMs = "aheadMs" in event ? event.aheadMs : undefined;
    if (aheadMs === undefined) {
      if (event.kind === "started") encodingSinceMs ??= now();
      if (event.kind === "encoded") encodedFrames += before.frames;
    }
    const counts = setChunk(chunkAfter(before, event, aheadMs ?? now()));
    const isAllDone = counts.chunksDone === job.chunks;
    update({ ...job, ...counts, state: isAllDone ? "concatenating" : "processing" });
  }

  function interrupt(): void {
    for (const chunk of chunks) {
      const after = interrupted(chunk, now());
      if (after !== chunk) job = { ...job, ...setChunk(after) };
    }
  }

  const stage = (): JobStage =>
    job.state === "processing" || job.state === "concatenating" ? job.state : "segmenting";

  return {
    get stage() {
      return stage();
    },
    view,
    chunks: () => chunks,
    apply(event) {
      switch (event.kind) {
        case "planned":
          return plan(event);
        case "reused":
        case "started":
        case "refused":
        case "failed":
        case "encoded":
          return changeChunk(event);
      }
    },
    complete(result, notes) {
      interrupt();
      update({ ...job, state: "completed", result, notes, finishedMs: now() });
    },
    fail(error, message) {
      const failure = { stage: stage(), message };
      interrupt();
      const poison = error instanceof PoisonChunkError ? chunks[error.chunkIndex] : undefined;
      if (poison) job = { ...job, ...setChunk({ ...poison, state: "failed" }) };
      update({ ...job, state: "failed", failure, finishedMs: now() });
    },
    interrupt,
    takeChanges() {
      const save: Save = { job, chunks: [...changed].map((index) => chunks[index]!), replacesChunks };
      changed.clear();
      replacesChunks = false;
      return save;
    },
    giveBack(save) {
      for (const { index } of save.chunks) changed.add(index);
      replacesChunks ||= save.replacesChunks ?? false;
    },
  };
}

function isSamePlan(fresh: readonly ChunkView[], known: readonly ChunkView[]): boolean {
  return fresh.length === known.length && fresh.every((chunk, index) => {
    const other = known[index]!;
    return chunk.startSeconds === other.startSeconds && chunk.frames === other.frames &&
      chunk.durationSeconds === other.durationSeconds;
  });
}
