import type { Clock } from "../../lib/fleet/clock.ts";

/** Time that passes only when the test says so. */
export class FakeClock implements Clock {
  #nowMs = 0;
  /** What the system's clock has been set by. */
  #setByMs = 0;
  readonly #sleepers = new Set<{ readonly untilMs: number; readonly wake: () => void }>();

  now(): number {
    return this.#nowMs + this.#setByMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  /** Sets the system's clock forward, or back by less than 0: no time passes by that. */
  setBy(ms: number): void {
    this.#setByMs += ms;
  }

  /** How many sleeps have not ended. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const end = (settle: () => void) => () => {
        this.#sleepers.delete(sleeper);
        signal.removeEventListener("abort", onAbort);
        settle();
      };
      const onAbort = end(() => reject(signal.reason));
      const sleeper = { untilMs: this.#nowMs + ms, wake: end(resolve) };
      this.#sleepers.add(sleeper);
      signal.addEventListener("abort", onAbort);
    });
  }

  /** Lets time pass, waking each sleeper at its time; what they set off has run when it resolves. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      await settled();
      const [next] = [...this.#sleepers].sort((a, b) => a.untilMs - b.untilMs);
      if (next === undefined || next.untilMs > endMs) break;
      this.#nowMs = next.untilMs;
      next.wake();
    }
    this.#nowMs = endMs;
  }
}

/** Resolves once the promises that are ready have run their course. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 500; i++) await Promise.resolve();
}
