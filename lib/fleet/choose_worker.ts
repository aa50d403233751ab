/** Who gets a chunk. Pure. */

/** A worker that has a free place. */
export interface Candidate {
  readonly address: string;
  /** Beside the others. */
  readonly speed: number;
  /** Chunks that it has of this fleet. */
  readonly tasks: number;
  readonly maxTasks: number;
  /** Of its whole machine, 0 to 100, as it said last. */
  readonly cpuPercent: number;
}

/** How much longer a chunk takes where all places are taken, and where all of the machine is busy, at a guess. */
const FULL_COST = 0.5;
/** Little, since an encoder that does its job uses all of it. */
const CPU_COST = 0.1;

/** How long a worker takes beside the others; the load that it has counts, as far as it is known. */
export function slownessOf({ speed, tasks, maxTasks, cpuPercent }: Candidate): number {
  return (1 + FULL_COST * tasks / maxTasks + CPU_COST * cpuPercent / 100) / speed;
}

/** The one that is expected to be done first; the first of several. */
export function chooseWorker<C extends Candidate>(candidates: readonly C[]): C | undefined {
  const [first, ...others] = candidates;
  if (!first) return undefined;
  return others.reduce((best, other) => slownessOf(other) < slownessOf(best) ? other : best, first);
}

/** A chunk that one worker encodes. */
export interface RunningChunk {
  readonly worker: Candidate;
  /** Since the worker got it. */
  readonly elapsedSeconds: number;
  /** What it should take there in all; undefined: not known. */
  readonly expectedSeconds: number | undefined;
  /** Workers that could have it and have nothing else to do. */
  readonly free: readonly Candidate[];
}

export interface Hedge<R extends RunningChunk> {
  readonly chunk: R;
  /** Where to run it beside. */
  readonly worker: R["free"][number];
}

/** A second run is worth it where it takes at most this share of the time that the first would still need, ... */
const WORTH_IT = 0.7;
/** ... and wins at least this: a chunk of few frames takes about as long to start as to encode. */
const MIN_WON_SECONDS = 1;
/** Past this multiple of the expected time, the expectation counts no more. */
const OVERDUE = 1.5;

/**
 * Which chunk to run a second time, and where, so that most time is won.
 *
 * @param running Those that run once.
 */
export function chooseHedge<R extends RunningChunk>(running: readonly R[]): Hedge<R> | undefined {
  let best: Hedge<R> & { readonly wonSeconds: number } | undefined;
  for (const chunk of running) {
    const { hereSeconds, restSeconds } = outlook(chunk);
    for (const worker of chunk.free) {
      const thereSeconds = hereSeconds * chunk.worker.speed / worker.speed;
      const wonSeconds = restSeconds - thereSeconds;
      if (thereSeconds > restSeconds * WORTH_IT || wonSeconds < MIN_WON_SECONDS) continue;
      if (best && wonSeconds <= best.wonSeconds) continue;
      best = { chunk, worker, wonSeconds };
    }
  }
  return best;
}

/** How long the whole chunk takes where it is, and what of that is left. */
function outlook({ elapsedSeconds, expectedSeconds }: RunningChunk) {
  if (expectedSeconds === undefined) {
    // what has lasted so long lasts as long again, as far as anybody knows
    return { hereSeconds: 2 * elapsedSeconds, restSeconds: elapsedSeconds };
  }
  const isOverdue = elapsedSeconds > expectedSeconds * OVERDUE;
  const restSeconds = isOverdue ? elapsedSeconds : Math.max(0, expectedSeconds - elapsedSeconds);
  return { hereSeconds: expectedSeconds, restSeconds };
}
