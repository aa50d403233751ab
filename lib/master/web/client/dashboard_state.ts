/** What the page knows, and what each event makes of it. No document is needed. */
import { type ChunkView, isFinal, type JobDetails, type JobView } from "../../job_view.ts";
import type { WorkerView } from "../../../fleet/fleet.ts";
import type { DashboardEvent } from "../event_stream.ts";

/** A job and its chunks, by index; a chunk that has not been told of yet is missing. */
export interface JobEntry {
  readonly job: JobView;
  readonly chunks: readonly (ChunkView | undefined)[];
}

/** How a worker was at a time. */
export interface LoadSample {
  readonly timeMs: number;
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  readonly framesPerSecond: number;
}

export interface DashboardState {
  readonly jobs: ReadonlyMap<string, JobEntry>;
  readonly workers: readonly WorkerView[];
  /** By address, the oldest first, as far back as {@link HISTORY_MS}. */
  readonly loads: ReadonlyMap<string, readonly LoadSample[]>;
  /** Every worker that was ever mentioned, by address: its number, from 0, which it keeps. */
  readonly workerNumbers: ReadonlyMap<string, number>;
  /** What the master's clock is ahead of the page's. */
  readonly clockAheadMs: number;
  /** Jobs that the master has announced at first, and not told of yet; undefined: it has not said what there is. */
  readonly awaited: ReadonlySet<string> | undefined;
  /** Whether the master has told of all that there was at first. */
  readonly isKnown: boolean;
}

export const HISTORY_MS = 5 * 60_000;

export const EMPTY: DashboardState = {
  jobs: new Map(),
  workers: [],
  loads: new Map(),
  workerNumbers: new Map(),
  clockAheadMs: 0,
  awaited: undefined,
  isKnown: false,
};

/**
 * The state after some events. Thousands may come at once: maps and lists are copied once for all of them.
 *
 * @param nowMs The page's clock.
 */
export function afterEvents(
  state: DashboardState,
  events: readonly DashboardEvent[],
  nowMs: number,
): DashboardState {
  const next = {
    ...state,
    jobs: new Map(state.jobs),
    loads: new Map(state.loads),
    workerNumbers: new Map(state.workerNumbers),
  };
  const chunksOf = new Map<string, (ChunkView | undefined)[]>();

  function ownChunks(jobId: string): (ChunkView | undefined)[] {
    const own = chunksOf.get(jobId) ?? [...next.jobs.get(jobId)?.chunks ?? []];
    chunksOf.set(jobId, own);
    return own;
  }

  for (const event of events) {
    switch (event.kind) {
      case "hello": {
        const present = new Set(event.jobIds);
        for (const [id, { job }] of next.jobs) {
          if (!present.has(id)) next.jobs.delete(id);
          // told anew, unless the job has ended meanwhile: then those that are known are old
          else if (!isFinal(job.state)) next.jobs.set(id, { job, chunks: [] });
        }
        next.clockAheadMs = event.nowMs - nowMs;
        if (!next.isKnown) next.awaited = present;
        break;
      }
      case "job": {
        // a job that is taken up again may be planned anew
        const chunks = ownChunks(event.job.id);
        chunks.length = Math.min(chunks.length, event.job.chunks);
        next.jobs.set(event.job.id, { job: event.job, chunks });
        break;
      }
      case "chunk":
        ownChunks(event.jobId)[event.chunk.index] = event.chunk;
        for (const { worker } of event.chunk.attempts) number(next.workerNumbers, worker);
        break;
      case "removed":
        next.jobs.delete(event.jobId);
        chunksOf.delete(event.jobId);
        break;
      case "workers":
        next.workers = event.workers;
        for (const worker of event.workers) {
          number(next.workerNumbers, worker.address);
          const samples = next.loads.get(worker.address) ?? [];
          next.loads.set(worker.address, withSample(samples, worker, nowMs));
        }
        break;
    }
  }
  if (next.awaited !== undefined && !next.isKnown) {
    const gone = new Set(events.flatMap((event) => event.kind === "removed" ? [event.jobId] : []));
    next.awaited = new Set([...next.awaited].filter((id) => !gone.has(id) && !next.jobs.has(id)));
    next.isKnown = next.awaited.size === 0;
  }
  for (const [jobId, chunks] of chunksOf) {
    const entry = next.jobs.get(jobId);
    if (entry) next.jobs.set(jobId, { ...entry, chunks });
  }
  return next;
}

/** The chunks of a job that is over, which no event tells of. */
export function withDetails(state: DashboardState, { job, chunks }: JobDetails): DashboardState {
  if (!state.jobs.has(job.id)) return state;
  const workerNumbers = new Map(state.workerNumbers);
  for (const { attempts } of chunks) for (const { worker } of attempts) number(workerNumbers, worker);
  return { ...state, workerNumbers, jobs: new Map(state.jobs).set(job.id, { job, chunks }) };
}

function number(numbers: Map<string, number>, worker: string): void {
  if (!numbers.has(worker)) numbers.set(worker, numbers.size);
}

function withSample(samples: readonly LoadSample[], worker: WorkerView, nowMs: number): LoadSample[] {
  const sample: LoadSample = {
    timeMs: nowMs,
    cpuPercent: worker.cpuPercent,
    memoryBytes: worker.memoryBytes,
    framesPerSecond: worker.framesPerSecond ?? 0,
  };
  return [...samples.filter(({ timeMs }) => timeMs > nowMs - HISTORY_MS && timeMs < nowMs), sample];
}

/** The newest first. */
export function jobsInOrder(state: DashboardState): JobEntry[] {
  return [...state.jobs.values()].sort((a, b) =>
    b.job.createdMs - a.job.createdMs || (a.job.id < b.job.id ? 1 : -1)
  );
}
