/** Whose turn it is. Pure. */

/** Somebody who waits for a place at a worker. */
export interface Turn {
  readonly jobId: string;
  /** Higher is sooner. */
  readonly priority: number;
  /** It has begun, and goes on: before those of the same priority that have not. */
  readonly isRetry: boolean;
}

export interface JobShare {
  /** Places that the job has now. */
  readonly held: number;
  /** When it last got one, as a number that grows; 0: never. */
  readonly lastTurn: number;
}

const NOTHING: JobShare = { held: 0, lastTurn: 0 };

/**
 * Those who wait, the next one first: by priority; then those who try again; then jobs with the fewest places, so
 * that jobs share the fleet evenly; then the job that got one longest ago; then as they came.
 *
 * @param waiting In the order in which they came.
 */
export function inTurn<T extends Turn>(
  waiting: readonly T[],
  shares: ReadonlyMap<string, JobShare>,
): readonly T[] {
  const shareOf = ({ jobId }: T): JobShare => shares.get(jobId) ?? NOTHING;
  return waiting.toSorted((a, b) =>
    b.priority - a.priority ||
    Number(b.isRetry) - Number(a.isRetry) ||
    shareOf(a).held - shareOf(b).held ||
    shareOf(a).lastTurn - shareOf(b).lastTurn
  );
}
