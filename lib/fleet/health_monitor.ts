/** Asks workers how they are, again and again, each at its own pace. */
import { type Clock, SYSTEM_CLOCK } from "./clock.ts";
import { assess, type CheckOutcome, type HealthReport, UNKNOWN, type WorkerHealth } from "./health_state.ts";

/** Asks one worker; ends soon after `signal` aborts. A rejection is a failed check, its message the reason. */
export type CheckHealth = (address: string, signal: AbortSignal) => Promise<HealthReport>;

/** What is known of each worker, in the order of the addresses given. */
export type HealthSnapshot = ReadonlyMap<string, WorkerHealth>;

export interface CheckOnceOptions {
  /** How long one worker may take to answer. */
  readonly timeoutMs: number;
  /** Failures in a row that make a worker unhealthy; 1 by default. */
  readonly unhealthyThreshold?: number;
  /** What is known from the checks before. */
  readonly previous?: HealthSnapshot;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/**
 * Asks every worker once, all at the same time.
 *
 * @throws {RangeError} If an option is out of its range.
 * @throws `options.signal.reason` once aborted; every check has been told to end by then.
 */
export async function checkOnce(
  addresses: Iterable<string>,
  check: CheckHealth,
  options: CheckOnceOptions,
): Promise<HealthSnapshot> {
  const { timeoutMs, unhealthyThreshold = 1, previous, clock = SYSTEM_CLOCK, signal = NEVER } = options;
  requirePositive({ timeoutMs, unhealthyThreshold });
  const asked = [...new Set(addresses)].map(async (address): Promise<[string, WorkerHealth]> => {
    const outcome = await ask(address, check, { timeoutMs, clock, signal });
    const state = previous?.get(address) ?? UNKNOWN;
    return [address, assess(state, outcome, { nowMs: clock.now(), unhealthyThreshold })];
  });
  return new Map(await Promise.all(asked));
}

export interface MonitorOptions {
  /** From the start of one check of a worker to the start of its next. */
  readonly intervalMs: number;
  /** How long one worker may take to answer. */
  readonly timeoutMs: number;
  /** Failures in a row that make a worker unhealthy; at least 1. */
  readonly unhealthyThreshold: number;
  readonly clock?: Clock;
  /** Ends the monitor, without an error. */
  readonly signal?: AbortSignal;
}

/**
 * Watches workers: gives what is known at the start (nothing) and again after every check, the newest state
 * only where the reader is slower than the checks. Each worker is asked at its own pace, so that one that does
 * not answer delays no other. Checks begin with the first read and end with the last.
 *
 * @throws {RangeError} If an option is out of its range.
 */
export async function* monitorHealth(
  addresses: Iterable<string>,
  check: CheckHealth,
  options: MonitorOptions,
): AsyncGenerator<HealthSnapshot, void, void> {
  const { intervalMs, timeoutMs, unhealthyThreshold, clock = SYSTEM_CLOCK, signal = NEVER } = options;
  requirePositive({ intervalMs, timeoutMs, unhealthyThreshold });
  const states = new Map<string, WorkerHealth>();
  for (const address of addresses) states.set(address, UNKNOWN);

  const over = new AbortController();
  const unlink = follow(signal, over);
  let news = Promise.withResolvers<void>();
  const watch = async (address: string): Promise<void> => {
    while (!over.signal.aborted) {
      const startedMs = clock.now();
      const outcome = await ask(address, check, { timeoutMs, clock, signal: over.signal });
      const nowMs = clock.now();
      states.set(address, assess(states.get(address)!, outcome, { nowMs, unhealthyThreshold }));
      news.resolve();
      // a clock that is set back must not stretch the wait
      const restMs = Math.min(intervalMs, Math.max(0, startedMs + intervalMs - nowMs));
      await clock.sleep(restMs, over.signal);
    }
  };
  const watches = Promise.all([...states.keys()].map((address) =>
    watch(address).catch((error: unknown) => {
      if (over.signal.aborted) return;
      over.abort(error);
      throw error; // no failed check, those have been assessed: a defect, so it ends the whole monitor
    })
  ));
  const wake = (): void => news.resolve();
  watches.then(wake, wake);
  try {
    while (!over.signal.aborted) {
      yield new Map(states);
      await news.promise;
      news = Promise.withResolvers();
    }
  } finally {
    over.abort();
    unlink();
    await watches;
  }
}

/** The signal of a caller that gives none. */
const NEVER = new AbortController().signal;

function requirePositive(options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!(value > 0)) throw new RangeError(`Cannot check health with ${name} ${value}: it must be above 0`);
  }
}

/** Aborts `controller` when `signal` does, until the function it returns is called. */
function follow(signal: AbortSignal, controller: AbortController): () => void {
  const onAbort = (): void => controller.abort(signal.reason);
  if (signal.aborted) onAbort();
  // not AbortSignal.any(): each of those stays known to a signal that lives as long as the process
  signal.addEventListener("abort", onAbort, { once: true });
  return () => signal.removeEventListener("abort", onAbort);
}

interface AskOptions {
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** @throws `signal.reason` once aborted. */
async function ask(
  address: string,
  check: CheckHealth,
  { timeoutMs, clock, signal }: AskOptions,
): Promise<CheckOutcome> {
  signal.throwIfAborted();
  const call = new AbortController();
  const unlink = follow(signal, call);
  const startedMs = clock.now();
  try {
    const report = await Promise.race([check(address, call.signal), timeout(timeoutMs, clock, call.signal)]);
    return { kind: "report", report, latencyMs: Math.max(0, clock.now() - startedMs) };
  } catch (error) {
    signal.throwIfAborted();
    call.abort(error);
    return { kind: "failure", reason: error instanceof Error ? error.message : String(error) };
  } finally {
    call.abort(); // ends whichever of the two still waits
    unlink();
  }
}

async function timeout(timeoutMs: number, clock: Clock, signal: AbortSignal): Promise<never> {
  await clock.sleep(timeoutMs, signal);
  throw new DOMException(`no answer within ${timeoutMs / 1000} s`, "TimeoutError");
}
