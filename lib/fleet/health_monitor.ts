/** Asks workers how they are, again and again, each at its own pace. */
import { type Clock, SYSTEM_CLOCK } from "./clock.ts";
import { followSignal } from "../abort_signals.ts";
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
    return [address, assess(state, outcome, { ...timesOf(clock), unhealthyThreshold })];
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

/** Watches workers, which may come and go. Disposing of it ends every check. */
export interface HealthWatch extends AsyncDisposable {
  /** What is known now; it changes with the next check. */
  readonly states: HealthSnapshot;
  /** Rejects if the watch cannot go on; resolves once it has been disposed of. */
  readonly ended: Promise<void>;
  /** Asks one more worker from now on; one that is watched is left as it is. */
  add(address: string): void;
  /** Forgets a worker. */
  remove(address: string): void;
  /** Asks now, and not at its next turn; no sooner than a check that runs has ended. */
  askNow(address: string): void;
  /** Counts a call that failed as a failed check, and asks now. */
  callFailed(address: string, reason: string): void;
}

export interface WatchOptions extends Omit<MonitorOptions, "signal"> {
  /** Told after every check, and of every call that failed. */
  readonly onOutcome: (address: string, health: WorkerHealth, outcome: CheckOutcome) => void;
}

/**
 * Asks each worker at its own pace, so that one that does not answer delays no other.
 *
 * @throws {RangeError} If an option is out of its range.
 */
export function watchHealth(check: CheckHealth, options: WatchOptions): HealthWatch {
  const { intervalMs, timeoutMs, unhealthyThreshold, onOutcome, clock = SYSTEM_CLOCK } = options;
  requirePositive({ intervalMs, timeoutMs, unhealthyThreshold });
  const states = new Map<string, WorkerHealth>();
  const watched = new Map<string, Watched>();
  const running = new Set<Promise<void>>();
  const ended = Promise.withResolvers<void>();
  ended.promise.catch(() => {}); // whoever wants to know reads `ended`

  function judge(address: string, outcome: CheckOutcome): void {
    const state = states.get(address) ?? UNKNOWN;
    const health = assess(state, outcome, { ...timesOf(clock), unhealthyThreshold });
    states.set(address, health);
    onOutcome(address, health, outcome);
  }

  async function watch(address: string, { signal, rest }: Watched): Promise<void> {
    while (!signal.aborted) {
      const startedMs = clock.monotonicMs();
      const outcome = await ask(address, check, { timeoutMs, clock, signal });
      if (signal.aborted) return;
      judge(address, outcome);
      await rest(Math.max(0, startedMs + intervalMs - clock.monotonicMs()));
    }
  }

  return {
    states,
    ended: ended.promise,
    add(address) {
      if (watched.has(address)) return;
      const worker = createWatched(clock);
      watched.set(address, worker);
      states.set(address, UNKNOWN);
      const run = watch(address, worker)
        .catch((error) => {
          // no failed check, those have been judged: a defect, so it ends the whole watch
          if (!worker.signal.aborted) ended.reject(error);
        })
        .finally(() => running.delete(run));
      running.add(run);
    },
    remove(address) {
      watched.get(address)?.end();
      watched.delete(address);
      states.delete(address);
    },
    askNow: (address) => watched.get(address)?.wake(),
    callFailed(address, reason) {
      const worker = watched.get(address);
      if (!worker) return;
      judge(address, { kind: "failure", reason });
      worker.wake();
    },
    async [Symbol.asyncDispose]() {
      for (const worker of watched.values()) worker.end();
      await Promise.all(running);
      ended.resolve();
    },
  };
}

/** The checks of one worker. */
interface Watched {
  readonly signal: AbortSignal;
  /** Waits, unless somebody has woken it since the last time. @throws `signal.reason` once aborted. */
  rest(ms: number): Promise<void>;
  wake(): void;
  end(): void;
}

function createWatched(clock: Clock): Watched {
  const over = new AbortController();
  let news = new AbortController();
  return {
    signal: over.signal,
    async rest(ms) {
      try {
        await clock.sleep(ms, news.signal);
      } catch (error) {
        if (!news.signal.aborted) throw error;
      }
      over.signal.throwIfAborted();
      news = new AbortController();
    },
    wake: () => news.abort(),
    end() {
      over.abort(new DOMException("The worker is no longer watched", "AbortError"));
      news.abort();
    },
  };
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
  const { signal = NEVER } = options;
  let news = Promise.withResolvers<void>();
  const wake = (): void => news.resolve();
  await using watch = watchHealth(check, { ...options, onOutcome: wake });
  let failure: { readonly error: unknown } | undefined;
  watch.ended.catch((error) => {
    failure = { error };
    wake();
  });
  if (signal.aborted) return;
  for (const address of addresses) watch.add(address);
  signal.addEventListener("abort", wake, { once: true });
  try {
    while (!signal.aborted) {
      yield new Map(watch.states);
      await news.promise;
      if (failure) throw failure.error;
      news = Promise.withResolvers();
    }
  } finally {
    signal.removeEventListener("abort", wake);
  }
}

/** The signal of a caller that gives none. */
const NEVER = new AbortController().signal;

function requirePositive(options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!(value > 0)) throw new RangeError(`Cannot check health with ${name} ${value}: it must be above 0`);
  }
}

const timesOf = (clock: Clock) => ({ nowMs: clock.now(), monotonicMs: clock.monotonicMs() });

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
  const unlink = followSignal(signal, call);
  const startedMs = clock.monotonicMs();
  try {
    const report = await Promise.race([check(address, call.signal), timeout(timeoutMs, clock, call.signal)]);
    return { kind: "report", report, latencyMs: clock.monotonicMs() - startedMs };
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
