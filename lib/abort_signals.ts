/** Signals that end together, and waits that end with them. */

/**
 * Aborts a controller when a signal does, until the function it returns is called. Not `AbortSignal.any()`: each of
 * those stays known to a signal that may live as long as the process.
 */
export function followSignal(signal: AbortSignal, controller: AbortController): () => void {
  const onAbort = (): void => controller.abort(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  return () => signal.removeEventListener("abort", onAbort);
}

/** A signal that aborts with the first of several, until it is disposed of. */
export function firstOf(...signals: readonly AbortSignal[]): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const unlink = signals.map((signal) => followSignal(signal, controller));
  return { signal: controller.signal, [Symbol.dispose]: () => unlink.forEach((end) => end()) };
}

/**
 * The promise, for as long as it is wanted: what it gives after that is dropped.
 *
 * @throws `signal.reason` once aborted, whatever becomes of the promise.
 */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await promise;
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
