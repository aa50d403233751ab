/** How far a worker can be relied upon. Pure: a test says what time it is. */

export interface Standing {
  /** Failed attempts since one was accepted. */
  readonly failuresInRow: number;
  /** Until then it gets nothing, by the monotonic clock. */
  readonly restUntilMs: number;
  /** Chunks that it failed at and another worker did, since one of its own was accepted. */
  readonly blames: number;
  /** Why it gets nothing any more; empty: it does. Only a restart of the worker ends this. */
  readonly setAside: string;
}

export const FRESH: Standing = { failuresInRow: 0, restUntilMs: 0, blames: 0, setAside: "" };

/** So often in a row another worker has done what this one could not. */
export const MAX_BLAMES = 3;
/** After the first failure; doubled for each further one in a row. */
const FIRST_REST_MS = 500;
const MAX_REST_MS = 30_000;

export function afterAccepted(standing: Standing): Standing {
  return { ...FRESH, setAside: standing.setAside };
}

/** It may have been the chunk; a pause keeps a worker that fails at once from taking all of them. */
export function afterFailure(standing: Standing, nowMs: number): Standing {
  const restMs = Math.min(FIRST_REST_MS * 2 ** standing.failuresInRow, MAX_REST_MS);
  return { ...standing, failuresInRow: standing.failuresInRow + 1, restUntilMs: nowMs + restMs };
}

/** It was busy, and says for how long. */
export function afterBusy(standing: Standing, untilMs: number): Standing {
  return { ...standing, restUntilMs: Math.max(standing.restUntilMs, untilMs) };
}

/** Another worker's shard was accepted of a chunk that this one had failed at: it was not the chunk. */
export function afterBlame(standing: Standing, reason: string): Standing {
  const blames = standing.blames + 1;
  return {
    ...standing,
    blames,
    ...(blames >= MAX_BLAMES && standing.setAside === "" && { setAside: reason }),
  };
}
