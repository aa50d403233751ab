import type { Clock } from "./clock.ts";
import { firstOf, untilAborted } from "../abort_signals.ts";

/** Timers hold no more than 24 days, and nobody minds to look once an hour. */
const MAX_SLEEP_MS = 3_600_000;

/** Wakes those who wait until something has changed. */
export class News {
  #next = Promise.withResolvers<void>();
  readonly #listeners = new Set<() => void>();

  tell(): void {
    this.#next.resolve();
    this.#next = Promise.withResolvers();
    for (const listener of this.#listeners) listener();
  }

  /** Calls at each news, until it is disposed of. */
  follow(listener: () => void): Disposable {
    const own = () => listener();
    this.#listeners.add(own);
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) };
  }

  /**
   * Resolves with the next news, or at a time.
   *
   * @param untilMs By the monotonic clock; Infinity: at no time.
   * @throws `signal.reason` once aborted.
   */
  async wait(
    untilMs: number,
    { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  ): Promise<void> {
    const next = this.#next.promise;
    if (untilMs === Infinity) return await untilAborted(next, signal);
    const pause = new AbortController();
    using either = firstOf(signal, pause.signal);
    const restMs = Math.min(Math.max(0, untilMs - clock.monotonicMs()), MAX_SLEEP_MS);
    try {
      await Promise.race([next, clock.sleep(restMs, either.signal)]);
    } finally {
      pause.abort();
    }
  }
}
