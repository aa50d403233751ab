/** A fleet that is a function in the test's own process; it needs no permission. */
import { createHash } from "node:crypto";
import {
  type ChunkTask,
  type Fleet,
  type Place,
  type PlaceOptions,
  PoisonChunkError,
  type ShardRef,
  type WorkerView,
} from "../../lib/fleet/fleet.ts";

export interface FakeFleetOptions {
  /** Makes a shard; what it throws fails the attempt. The signal aborts when the attempt is no longer wanted. */
  readonly encode: (task: ChunkTask, chunk: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>;
  /** Default "fake/encoder 1". */
  readonly build?: string;
  /** Workers, of one place each, which are named `worker-1:1` and so on. Default 2. */
  readonly workers?: number;
}

/** Disposing of it fails what waits and aborts what runs. */
export interface FakeFleet extends Fleet {
  /** Every attempt that was started, in order. */
  readonly attempts: readonly {
    readonly task: ChunkTask;
    readonly worker: string;
    readonly attempt: number;
  }[];
  /** Places that are given out now. */
  readonly placesTaken: number;
  /** Jobs that were forgotten, in order. */
  readonly forgotten: readonly string[];
  /** How many shards are kept. */
  readonly shards: number;
  /** Has a worker answer no request to remove shards, or answer again. */
  setAway(worker: string, isAway: boolean): void;
}

/** As many workers as a chunk may fail on. */
const MAX_FAILURES = 3;

/** Gives places by priority, then in the order in which they were asked for; hedges nothing. */
export function fakeFleet(
  { encode, build = "fake/encoder 1", workers = 2 }: FakeFleetOptions,
): FakeFleet {
  const over = new AbortController();
  const addresses = Array.from({ length: workers }, (_, index) => `worker-${index + 1}:1`);
  const free = new Set(addresses);
  const waiting: { readonly priority: number; readonly give: (worker: string) => void }[] = [];
  const attempts: { task: ChunkTask; worker: string; attempt: number }[] = [];
  const shards = new Map<
    string,
    { readonly jobId: string; readonly worker: string; readonly bytes: Uint8Array }
  >();
  const forgotten: string[] = [];
  const away = new Set<string>();
  const listeners = new Set<(worker: string) => void>();

  function giveOut(): void {
    waiting.sort((a, b) => b.priority - a.priority); // stable, so the order within a priority stays
    for (const worker of free) {
      const next = waiting.shift();
      if (!next) return;
      free.delete(worker);
      next.give(worker);
    }
  }

  async function takeWorker({ priority, signal }: PlaceOptions): Promise<string> {
    const either = AbortSignal.any([signal, over.signal]);
    either.throwIfAborted();
    const place = Promise.withResolvers<string>();
    const entry = { priority, give: place.resolve };
    const giveUp = (): void => {
      const index = waiting.indexOf(entry);
      if (index >= 0) waiting.splice(index, 1);
      place.reject(either.reason);
    };
    either.addEventListener("abort", giveUp, { once: true });
    waiting.push(entry);
    giveOut();
    try {
      return await place.promise;
    } finally {
      either.removeEventListener("abort", giveUp);
    }
  }

  async function attemptOnce<T>(
    { task, chunk, worker, attempt, signal }: {
      task: ChunkTask;
      chunk: Uint8Array;
      worker: string;
      attempt: number;
      signal: AbortSignal;
    },
    accept: (shard: ShardRef, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    attempts.push({ task, worker, attempt });
    const startMs = performance.now();
    const bytes = await encode(task, chunk, signal);
    signal.throwIfAborted();
    const location = `/fake/${task.jobId}/chunk_${task.chunkIndex}.shard`;
    shards.set(location, { jobId: task.jobId, worker, bytes });
    return await accept({
      worker,
      workerId: `id of ${worker}`,
      location,
      sha256: createHash("sha256").update(bytes).digest("hex"),
      sizeBytes: bytes.length,
      frameCount: task.segment.frameCount,
      build,
      encodeSeconds: (performance.now() - startMs) / 1000,
      attempt,
      notes: [],
    }, signal);
  }

  return {
    attempts,
    forgotten,
    get placesTaken() {
      return addresses.length - free.size;
    },
    get shards() {
      return shards.size;
    },
    chooseBuild: (_settings, { signal }) => {
      signal.throwIfAborted();
      return Promise.resolve(build);
    },
    async place(options): Promise<Place> {
      const worker = await takeWorker(options);
      const signal = AbortSignal.any([options.signal, over.signal]);
      let isTaken = true;
      return {
        async encode(task, chunk, accept, onEvent = () => {}) {
          const failures: { worker: string; reason: string }[] = [];
          for (let attempt = 1;; attempt++) {
            signal.throwIfAborted();
            onEvent({ kind: "started", worker, attempt, isHedge: false });
            try {
              return await attemptOnce({ task, chunk, worker, attempt, signal }, accept);
            } catch (error) {
              signal.throwIfAborted();
              const reason = error instanceof Error ? error.message : String(error);
              failures.push({ worker, reason });
              onEvent({ kind: "failed", worker, attempt, reason });
              if (attempt === MAX_FAILURES) throw new PoisonChunkError(task.chunkIndex, failures);
            }
          }
        },
        [Symbol.dispose]() {
          if (!isTaken) return;
          isTaken = false;
          free.add(worker);
          giveOut();
        },
      };
    },
    open({ location }, { signal }) {
      signal.throwIfAborted();
      const shard = shards.get(location);
      if (!shard) return Promise.reject(new Error(`Cannot read shard "${location}": no such shard`));
      return Promise.resolve(ReadableStream.from([shard.bytes]));
    },
    forget(jobId, { workers: asked = addresses }) {
      forgotten.push(jobId);
      const answering = addresses.filter((worker) => asked.includes(worker) && !away.has(worker));
      for (const [location, shard] of shards) {
        if (shard.jobId === jobId && answering.includes(shard.worker)) shards.delete(location);
      }
      return Promise.resolve(answering);
    },
    onAnswer(tell) {
      listeners.add(tell);
      return { [Symbol.dispose]: () => void listeners.delete(tell) };
    },
    setAway(worker, isAway) {
      if (isAway) away.add(worker);
      else if (away.delete(worker)) { for (const tell of listeners) tell(worker); }
    },
    workers: () => addresses.map((address) => viewOf(address, { build, isBusy: !free.has(address) })),
    [Symbol.asyncDispose]() {
      over.abort(new DOMException("The fleet is gone", "AbortError"));
      return Promise.resolve();
    },
  };
}

function viewOf(address: string, { build, isBusy }: { build: string; isBusy: boolean }): WorkerView {
  return {
    address,
    workerId: `id of ${address}`,
    state: "healthy",
    reason: "",
    cpuPercent: 0,
    memoryBytes: 0,
    activeTasks: isBusy ? 1 : 0,
    maxTasks: 1,
    framesPerSecond: undefined,
    builds: { h264: build, hevc: build, vp9: build, av1: build },
    lastSeenMs: 0,
  };
}
