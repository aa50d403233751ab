/** What the failed attempts at a chunk come to. Pure. */

export interface Failure {
  readonly worker: string;
  readonly reason: string;
  /** Whether the worker itself said or showed that it cannot; "lost": it went away with the chunk. */
  readonly kind: "failed" | "lost";
}

/** So many workers cannot all be at fault. */
export const MAX_FAILED_WORKERS = 3;
/** Where there are fewer workers: how often each of them has to fail. */
export const MAX_FAILURES_A_WORKER = 2;
/** A chunk that so often took its worker with it is at fault, too. */
export const MAX_LOSSES = 6;

/** How long a chunk waits, after it has failed, for a worker that has failed at it less than others. */
export const PATIENCE_MS = 60_000;

/** Before the next attempt; doubled for each further one. */
const FIRST_WAIT_MS = 250;
const MAX_WAIT_MS = 10_000;

/**
 * Whether the chunk must be at fault.
 *
 * @param able Addresses of the workers that could do it now, or when they are back.
 */
export function isPoison(failures: readonly Failure[], able: readonly string[]): boolean {
  const failed = countByWorker(failures);
  if (failed.size >= MAX_FAILED_WORKERS) return true;
  if (failures.filter(({ kind }) => kind === "lost").length >= MAX_LOSSES) return true;
  // those that have failed and are gone for good cannot show more
  return failed.size > 0 && able.length > 0 &&
    able.every((worker) => (failed.get(worker) ?? 0) >= MAX_FAILURES_A_WORKER);
}

/** Those of the workers that may try next: who has failed least. */
export function leastFailed<W extends { readonly address: string }>(
  workers: readonly W[],
  failures: readonly Failure[],
): readonly W[] {
  const failed = countByWorker(failures);
  const failuresOf = ({ address }: W): number => failed.get(address) ?? 0;
  const least = Math.min(...workers.map(failuresOf));
  return workers.filter((worker) => failuresOf(worker) === least);
}

/** How long to wait before the next attempt. */
export function retryWaitMs(failures: readonly Failure[]): number {
  return failures.length === 0 ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (failures.length - 1), MAX_WAIT_MS);
}

/** A worker that went away may have been unlucky, so only what it refused counts against trying it again. */
function countByWorker(failures: readonly Failure[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { worker, kind } of failures) {
    if (kind === "failed") counts.set(worker, (counts.get(worker) ?? 0) + 1);
  }
  return counts;
}
