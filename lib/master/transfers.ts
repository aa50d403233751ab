/** What a master that stops waits for. */
export interface Transfers {
  /** Of an upload or download. Disposing of it, once or more, says that it is over. */
  begin(): Disposable;
  /** Resolves once none is under way. */
  idle(): Promise<void>;
}

export function createTransfers(): Transfers {
  const underWay = new Set<symbol>();
  let idle = Promise.withResolvers<void>();

  return {
    begin() {
      const transfer = Symbol();
      if (underWay.size === 0) idle = Promise.withResolvers();
      underWay.add(transfer);
      return {
        [Symbol.dispose]() {
          underWay.delete(transfer);
          if (underWay.size === 0) idle.resolve();
        },
      };
    },
    async idle() {
      if (underWay.size > 0) await idle.promise;
    },
  };
}
