/** Who may encode now, who waits a little, and who is sent away. */

export interface AdmissionOptions {
  /** Tasks that run at once. */
  readonly maxTasks: number;
  /** Tasks that may wait for a place. */
  readonly maxQueued: number;
}

export interface Admission {
  readonly running: number;
  readonly queued: number;
  /**
   * Why a task would be sent away if it came now, after so many others that are on their way; undefined: it would
   * be taken.
   */
  refusal(others: number): BusyError | DrainingError | undefined;
  /**
   * Runs a task once there is a place for it.
   *
   * @throws {BusyError} If the queue is full.
   * @throws {DrainingError} If admission is closed, before the call or while it waited.
   * @throws `signal.reason` once aborted while waiting; while the task runs, the signal is the task's own affair.
   */
  run<T>(task: () => Promise<T>, options: { signal: AbortSignal }): Promise<T>;
  /** Sends away those that wait and all that come. Resolves once none runs. */
  close(): Promise<void>;
}

/** Too many tasks: come back after `retryAfterMs`. */
export class BusyError extends Error {
  override readonly name = "BusyError";
  readonly retryAfterMs: number;

  constructor(running: number, queued: number, retryAfterMs: number) {
    super(`Cannot take the chunk: ${running} running and ${queued} waiting are all that this worker takes`);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The worker takes no new work since it is about to stop. */
export class DrainingError extends Error {
  override readonly name = "DrainingError";

  constructor() {
    super("Worker is draining");
  }
}

export function createAdmission({ maxTasks, maxQueued }: AdmissionOptions): Admission {
  let running = 0;
  let isClosed = false;
  let lastTaskMs = MIN_RETRY_MS;
  const waiting = new Set<PromiseWithResolvers<void>>();
  const idle = Promise.withResolvers<void>();

  function refusal(others: number): BusyError | DrainingError | undefined {
    if (isClosed) return new DrainingError();
    if (running + waiting.size + others < maxTasks + maxQueued) return undefined;
    return new BusyError(running, waiting.size + others, retryAfterMs());
  }

  async function enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const reason = refusal(0);
    if (reason) throw reason;
    if (running < maxTasks) {
      running++;
      return;
    }
    const place = Promise.withResolvers<void>();
    const giveUp = () => waiting.delete(place) && place.reject(signal.reason);
    waiting.add(place);
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      await place.promise; // whoever leaves hands over its place, so `running` stays as it is
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  function leave(): void {
    const [next] = waiting;
    if (next) {
      waiting.delete(next);
      next.resolve();
      return;
    }
    running--;
    if (isClosed && running === 0) idle.resolve();
  }

  // by then one of the places is likely to be free
  const retryAfterMs = () =>
    Math.round(Math.min(Math.max(lastTaskMs / maxTasks, MIN_RETRY_MS), MAX_RETRY_MS));

  return {
    get running() {
      return running;
    },
    get queued() {
      return waiting.size;
    },
    refusal,
    async run(task, { signal }) {
      await enter(signal);
      const startMs = performance.now();
      try {
        return await task();
      } finally {
        lastTaskMs = performance.now() - startMs;
        leave();
      }
    },
    async close() {
      isClosed = true;
      for (const place of waiting) place.reject(new DrainingError());
      waiting.clear();
      if (running > 0) await idle.promise;
    },
  };
}

const MIN_RETRY_MS = 250;
const MAX_RETRY_MS = 30_000;
