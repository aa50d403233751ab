/** Work that is waited for before a server stops. */
export interface UnderWay {
  /** How much is under way. */
  readonly count: number;
  /**
   * Counts something as under way until it is disposed of, once or more, or the signal aborts.
   *
   * @param signal Aborts once it is over.
   */
  begin(signal?: AbortSignal): Disposable;
  /** Resolves as soon as nothing is under way. */
  idle(): Promise<void>;
}

export function createUnderWay(): UnderWay {
  const begun = new Set<symbol>();
  let idle = Promise.withResolvers<void>();

  return {
    get count() {
      return begun.size;
    },
    begin(signal) {
      if (signal?.aborted) return { [Symbol.dispose]() {} };
      const one = Symbol();
      if (begun.size === 0) idle = Promise.withResolvers();
      begun.add(one);
      const end = () => {
        signal?.removeEventListener("abort", end);
        begun.delete(one);
        if (begun.size === 0) idle.resolve();
      };
      signal?.addEventListener("abort", end, { once: true });
      return { [Symbol.dispose]: end };
    },
    async idle() {
      if (begun.size > 0) await idle.promise;
    },
  };
}
