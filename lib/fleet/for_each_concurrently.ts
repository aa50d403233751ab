/** What every run of tasks has. */
export interface ConcurrencyOptions {
  /** Tasks that run at once at most. */
  readonly concurrency: number;
  /** Ends the run. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a task on each item of a stream, several at once, and pulls no item before there is a place for it.
 * The first task that throws cancels the stream and aborts the signal of the others, which are waited for.
 *
 * @param task Its signal aborts when `options.signal` does, and when another task has failed.
 * @throws {RangeError} If `concurrency` is not a positive integer.
 * @throws What the stream or the first failing task threw; `options.signal.reason` once aborted.
 */
export async function forEachConcurrently<Item>(
  items: ReadableStream<Item>,
  task: (item: Item, signal: AbortSignal) => Promise<void>,
  { concurrency, signal }: ConcurrencyOptions,
): Promise<void> {
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new RangeError(`Cannot run tasks ${concurrency} at a time: it must be a positive integer`);
  }
  const failed = new AbortController();
  const over = AbortSignal.any(signal ? [failed.signal, signal] : [failed.signal]);
  const running = new Set<Promise<void>>();
  try {
    for await (const item of items) {
      over.throwIfAborted();
      const run = task(item, over)
        .catch((error) => failed.abort(error))
        .finally(() => running.delete(run));
      running.add(run);
      if (running.size >= concurrency) await Promise.race(running);
      over.throwIfAborted();
    }
  } catch (error) {
    failed.abort(error); // for the tasks, where the stream failed
    throw error;
  } finally {
    await Promise.all(running);
  }
  over.throwIfAborted();
}
