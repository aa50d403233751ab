/**
 * Takes care that no shard stays at a worker once its job needs it no more: who may have some of which job is noted
 * before a chunk is sent, and struck out once the worker has removed them. Both outlive the master.
 */
import { firstOf, untilAborted } from "../abort_signals.ts";
import type { Clock } from "../fleet/clock.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { Logger } from "../log.ts";
import type { Catalog } from "./catalog.ts";
import { DrainingError } from "./master_errors.ts";

export interface ShardRemovalsOptions {
  readonly catalog: Pick<Catalog, "noteShards" | "shardsAt" | "workersWithShards" | "settleShards">;
  readonly fleet: Fleet;
  /** Jobs that are to go on: their shards stay until they are released. */
  readonly inUse: Iterable<string>;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Disposing of it ends what it asks of workers; what is left is for the next master. */
export interface ShardRemovals extends AsyncDisposable {
  /** The same fleet; whoever has it forget a job says that nobody encodes for that job any more. */
  readonly fleet: Fleet;
  /** Nobody encodes for this job any more: what workers still have of it goes. */
  release(jobId: string): void;
}

/** For one job at the workers that answer; the others are asked when they do. */
const FORGET_MS = 30_000;
/** A worker that has not answered for so long is not asked any more. */
const GIVE_UP_DAYS = 30;
/** Pairs of a job and a worker; the oldest are given up. */
const MAX_NOTES = 100_000;
const DAY_MS = 86_400_000;

export function createShardRemovals(
  { catalog, fleet, logger, clock, ...options }: ShardRemovalsOptions,
): ShardRemovals {
  const inUse = new Set(options.inUse);
  const closing = new AbortController();
  const background = new Set<Promise<unknown>>();
  /** Workers are visited one after the other, each job of theirs in turn. */
  let visits = Promise.resolve();

  function note(jobId: string, worker: string): void {
    inUse.add(jobId);
    const nowMs = clock.now();
    try {
      catalog.noteShards({ jobId, worker, nowMs }, {
        sinceMs: nowMs - GIVE_UP_DAYS * DAY_MS,
        count: MAX_NOTES,
      });
    } catch (error) {
      // the chunk is worth more than the room that it may take in vain
      logger.error("Cannot write the catalog", { job_id: jobId, worker, error: String(error) });
    }
  }

  /** @returns Who has none any more. */
  async function remove(jobId: string, workers?: readonly string[]): Promise<readonly string[]> {
    using either = firstOf(closing.signal, AbortSignal.timeout(FORGET_MS));
    either.signal.throwIfAborted();
    const done = await fleet.forget(jobId, { workers, signal: either.signal });
    if (!inUse.has(jobId)) catalog.settleShards(jobId, done);
    return done;
  }

  async function visit(worker: string): Promise<void> {
    for (const jobId of closing.signal.aborted ? [] : catalog.shardsAt(worker)) {
      if (closing.signal.aborted) return;
      if (!inUse.has(jobId)) await remove(jobId, [worker]).catch((error) => complain(error, jobId));
    }
  }

  function visitSoon(worker: string): void {
    visits = visits.then(() => visit(worker)).catch((error) => complain(error, undefined));
  }

  function complain(error: unknown, jobId: string | undefined): void {
    if (closing.signal.aborted) return;
    logger.warn("Cannot remove all shards of a job", { job_id: jobId, error: String(error) });
  }

  async function inBackground<T>(work: Promise<T>): Promise<T> {
    background.add(work);
    try {
      return await work;
    } finally {
      background.delete(work);
    }
  }

  const listening = fleet.onAnswer(visitSoon);
  for (const worker of catalog.workersWithShards()) visitSoon(worker);

  return {
    fleet: {
      chooseBuild: (settings, options) => fleet.chooseBuild(settings, options),
      async place(options) {
        const place = await fleet.place(options);
        return {
          encode: (task, chunk, accept, onEvent) =>
            place.encode(task, chunk, accept, (event) => {
              if (event.kind === "started") note(task.jobId, event.worker);
              onEvent?.(event);
            }),
          [Symbol.dispose]: () => place[Symbol.dispose](),
        };
      },
      open: (shard, options) => fleet.open(shard, options),
      async forget(jobId, { workers, signal }) {
        inUse.delete(jobId);
        return await untilAborted(inBackground(remove(jobId, workers)), signal);
      },
      onAnswer: (tell) => fleet.onAnswer(tell),
      workers: () => fleet.workers(),
      [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
    },
    release(jobId) {
      if (!inUse.delete(jobId)) return;
      void inBackground(remove(jobId)).catch((error) => complain(error, jobId));
    },
    async [Symbol.asyncDispose]() {
      listening[Symbol.dispose]();
      closing.abort(new DrainingError());
      await Promise.allSettled([visits, ...background]);
    },
  };
}
