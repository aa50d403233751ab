/** Calls that a worker sees to their end before it stops. */

export interface OpenCalls {
  /** @param signal Aborts when the call is over. */
  add(signal: AbortSignal): void;
  /** Resolves as soon as there is none. */
  over(): Promise<void>;
}

export function createOpenCalls(): OpenCalls {
  let count = 0;
  let none = Promise.withResolvers<void>();
  none.resolve();
  return {
    add(signal) {
      if (signal.aborted) return;
      if (count++ === 0) none = Promise.withResolvers();
      signal.addEventListener("abort", () => --count === 0 && none.resolve(), { once: true });
    },
    over: () => none.promise,
  };
}
