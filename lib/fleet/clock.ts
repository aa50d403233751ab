/** Time as an argument: what waits can be tested without waiting. */

export interface Clock {
  /** Milliseconds since 1970, to be shown or stored; not to wait by: the system's clock is set back and forward. */
  now(): number;
  /** Milliseconds since some moment, which nobody sets: to wait and to measure by. */
  monotonicMs(): number;
  /**
   * Waits.
   *
   * @throws `signal.reason` once aborted.
   */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      }, ms);
      signal.addEventListener("abort", onAbort, { once: true });
    }),
};
