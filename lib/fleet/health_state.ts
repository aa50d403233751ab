/** What is known of a worker's health, and what one more check makes of it. */

/** What a worker says of itself. */
export interface HealthReport {
  /** False where it takes no work: draining, or its store cannot be written. */
  readonly isHealthy: boolean;
  readonly workerId: string;
  /** Of the whole machine, 0 to 100. */
  readonly cpuPercent: number;
  /** Resident size of the worker and of its encoders. */
  readonly memoryBytes: number;
  /** Chunks being encoded. */
  readonly activeTasks: number;
  /** In the worker's words: how it is, or why it takes no work. */
  readonly message: string;
}

/** An answer of a worker; times in milliseconds. */
export interface Sighting {
  readonly report: HealthReport;
  /** From the question to the answer. */
  readonly latencyMs: number;
  /** When the answer came, since 1970. */
  readonly lastSeenMs: number;
}

export type WorkerHealth =
  /** It has never answered, and has not failed often enough to be given up; `reason` is of the last failure. */
  | { readonly kind: "unknown"; readonly failures: number; readonly reason?: string }
  /** Its last answer said that it takes work. */
  | { readonly kind: "healthy"; readonly last: Sighting }
  /** It took work when last seen; checks have failed since, but not often enough to be given up. */
  | { readonly kind: "suspect"; readonly failures: number; readonly reason: string; readonly last: Sighting }
  /** It said itself that it takes no work, or check after check has failed. The next good answer ends this. */
  | {
    readonly kind: "unhealthy";
    /** Of the last check. */
    readonly reason: string;
    /** When it was first judged so, by the monotonic clock. */
    readonly sinceMs: number;
    /** Absent where it has never answered. */
    readonly last?: Sighting;
  };

/** How a worker starts. */
export const UNKNOWN: WorkerHealth = { kind: "unknown", failures: 0 };

/** What came of one check. */
export type CheckOutcome =
  | { readonly kind: "report"; readonly report: HealthReport; readonly latencyMs: number }
  /** No answer in time, or none at all. */
  | { readonly kind: "failure"; readonly reason: string };

export interface AssessOptions {
  /** When the check ended, in milliseconds since 1970. */
  readonly nowMs: number;
  /** The same by the monotonic clock. */
  readonly monotonicMs: number;
  /** Failures in a row that make a worker unhealthy; at least 1. */
  readonly unhealthyThreshold: number;
}

/**
 * The state after one more check. A worker is down after `unhealthyThreshold` failures in a row, or at once
 * where it says so itself; one good answer brings it back. Pure: a test says what time it is.
 */
export function assess(state: WorkerHealth, outcome: CheckOutcome, options: AssessOptions): WorkerHealth {
  return outcome.kind === "report"
    ? afterReport(state, outcome, options)
    : afterFailure(state, outcome.reason, options);
}

function afterReport(
  state: WorkerHealth,
  { report, latencyMs }: CheckOutcome & { kind: "report" },
  { nowMs, monotonicMs }: AssessOptions,
): WorkerHealth {
  const last: Sighting = { report, latencyMs, lastSeenMs: nowMs };
  if (report.isHealthy) return { kind: "healthy", last };
  const sinceMs = state.kind === "unhealthy" ? state.sinceMs : monotonicMs;
  return { kind: "unhealthy", reason: report.message, sinceMs, last };
}

function afterFailure(
  state: WorkerHealth,
  reason: string,
  { monotonicMs, unhealthyThreshold }: AssessOptions,
): WorkerHealth {
  if (state.kind === "unhealthy") return { ...state, reason };
  const failures = state.kind === "healthy" ? 1 : state.failures + 1;
  const seen = state.kind === "unknown" ? {} : { last: state.last };
  if (failures >= unhealthyThreshold) return { kind: "unhealthy", reason, sinceMs: monotonicMs, ...seen };
  if (state.kind === "unknown") return { kind: "unknown", failures, reason };
  return { kind: "suspect", failures, reason, last: state.last };
}
