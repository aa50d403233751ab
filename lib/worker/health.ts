/** When a worker calls itself healthy. */
/** What the worker knows of itself, kept up to date in the background. */
export interface Condition {
  readonly isDraining: boolean;
  /** Why nothing can be stored; undefined: it can. */
  readonly storeProblem: string | undefined;
  /** Free on the store's disk; undefined: not known. */
  readonly freeBytes: number | undefined;
}

/** Below this a disk counts as nearly full: several shards still fit, so what runs can end. */
export const MIN_FREE_BYTES = 256 * 1024 * 1024;

export interface Verdict {
  readonly isHealthy: boolean;
  /** In words; the first of the reasons that hold. */
  readonly message: string;
}

export function assessCondition({ isDraining, storeProblem, freeBytes }: Condition): Verdict {
  if (isDraining) return { isHealthy: false, message: "draining" };
  if (storeProblem !== undefined) {
    return { isHealthy: false, message: `store is not writable: ${storeProblem}` };
  }
  if (freeBytes !== undefined && freeBytes < MIN_FREE_BYTES) {
    return { isHealthy: false, message: `disk is nearly full: ${Math.floor(freeBytes / 2 ** 20)} MiB free` };
  }
  return { isHealthy: true, message: "healthy" };
}
