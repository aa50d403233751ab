/** What a master tells of a job, as the events that a job here would tell: pure, but for what it remembers. */
import type { WorkerView } from "../fleet/fleet.ts";
import type { JobEvent } from "../job/job.ts";
import type { RemoteAttempt, RemoteChunk, RemoteJob, RemoteUpdate } from "../rpc/master_client.ts";

/**
 * Compares each update with what it knew. A master that is slow to be heard leaves steps out, but none that
 * matters in the end; one that was restarted begins with everything anew.
 */
export class RemoteJobEvents {
  readonly #chunks = new Map<number, RemoteChunk>();
  /** As it has been told; only once it is planned. */
  readonly #told = new Map<number, RemoteChunk>();
  #job: RemoteJob | undefined;
  #isPlanned = false;
  #isAssembling = false;

  get job(): RemoteJob | undefined {
    return this.#job;
  }

  apply(update: RemoteUpdate): JobEvent[] {
    if (update.kind === "job") this.#job = update.job;
    else this.#chunks.set(update.chunk.chunkIndex, update.chunk);
    return [...this.#planned(), ...this.#changed(), ...this.#assembling()];
  }

  /** Those that have been seen at work. */
  workers(): WorkerView[] {
    const addresses = [...this.#chunks.values()].flatMap(({ attempts }) =>
      attempts.map(({ worker }) => worker)
    );
    return [...new Set(addresses)].sort().map((address) => ({ ...UNKNOWN_WORKER, address }));
  }

  #planned(): JobEvent[] {
    const job = this.#job;
    if (this.#isPlanned || !job || job.chunks === 0 || this.#chunks.size < job.chunks) return [];
    this.#isPlanned = true;
    const chunks = [...this.#chunks.values()].sort((a, b) => a.chunkIndex - b.chunkIndex);
    return [{
      kind: "planned",
      chunks: chunks.map(({ chunkIndex: index, frames, startSeconds, durationSeconds }) => {
        return { index, frames, startSeconds, durationSeconds };
      }),
      frames: job.frames,
      durationSeconds: job.durationSeconds,
      sourceBytes: job.sourceBytes,
      build: job.build,
    }];
  }

  #changed(): JobEvent[] {
    if (!this.#isPlanned) return [];
    const events: JobEvent[] = [];
    for (const [index, chunk] of this.#chunks) {
      const told = this.#told.get(index);
      if (told === chunk) continue;
      events.push(...chunkEvents(told, chunk));
      this.#told.set(index, chunk);
    }
    return events;
  }

  #assembling(): JobEvent[] {
    if (this.#isAssembling || !this.#isPlanned || this.#job?.state !== "concatenating") return [];
    this.#isAssembling = true;
    return [{ kind: "assembling", chunk: 0 }];
  }
}

function chunkEvents(told: RemoteChunk | undefined, chunk: RemoteChunk): JobEvent[] {
  const index = chunk.chunkIndex;
  const before = told?.attempts ?? [];
  const dropped = before.filter((attempt) => !chunk.attempts.some((other) => isSame(attempt, other)));
  const events: JobEvent[] = [
    ...dropped.map(({ worker, attempt }) => ({ kind: "refused", chunk: index, worker, attempt }) as const),
    ...chunk.attempts.flatMap((attempt) =>
      attemptEvents(index, before.find((other) => isSame(attempt, other)), attempt, chunk)
    ),
  ];
  const isNews = told?.state !== chunk.state;
  if (isNews && chunk.state === "reused") {
    events.push({ kind: "reused", chunk: index, shardBytes: chunk.shardBytes });
  }
  return events;
}

function isSame(a: RemoteAttempt, b: RemoteAttempt): boolean {
  return a.worker === b.worker && a.attempt === b.attempt && a.startedMs === b.startedMs;
}

function attemptEvents(
  chunk: number,
  told: RemoteAttempt | undefined,
  attempt: RemoteAttempt,
  { attempts, shardBytes }: RemoteChunk,
): JobEvent[] {
  const { worker, startedMs, endedMs = startedMs, reason } = attempt;
  const events: JobEvent[] = [];
  const isHedge = attempts.some((other) =>
    other !== attempt && other.startedMs < startedMs && (other.endedMs ?? Infinity) > startedMs
  );
  if (!told) events.push({ kind: "started", chunk, worker, attempt: attempt.attempt, isHedge });
  if (told && told.outcome !== "running") return events;
  if (attempt.outcome === "failed" || attempt.outcome === "interrupted") {
    const why = attempt.outcome === "failed" ? reason : "it was interrupted";
    events.push({ kind: "failed", chunk, worker, attempt: attempt.attempt, reason: why });
  } else if (attempt.outcome === "encoded") {
    const encodeSeconds = (endedMs - startedMs) / 1000;
    events.push({ kind: "encoded", chunk, worker, attempt: attempt.attempt, shardBytes, encodeSeconds });
  }
  return events;
}

const UNKNOWN_WORKER: WorkerView = {
  address: "",
  workerId: "",
  state: "unknown",
  reason: "",
  cpuPercent: 0,
  memoryBytes: 0,
  activeTasks: 0,
  maxTasks: 0,
  framesPerSecond: undefined,
  builds: {},
  lastSeenMs: undefined,
};
