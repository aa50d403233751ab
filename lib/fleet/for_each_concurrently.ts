/**
 * Runs a task on each item of a stream, several at once, and pulls no item before there is a place for it.
 * The first task that throws cancels the stream; those that run are waited for.
 *
 * @throws {RangeError} If `concurrency` is not a positive integer.
 * @throws What the stream or the first failing task threw.
 */
export async function forEachConcurrently<Item>(
  items: ReadableStream<Item>,
  task: (item: Item) => Promise<void>,
  { concurrency }: { concurrency: number },
): Promise<void> {
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new RangeError(`Cannot run tasks ${concurrency} at a time: it must be a positive integer`);
  }
  const running = new Set<Promise<void>>();
  try {
    for await (const item of items) {
      const run = task(item).finally(() => running.delete(run));
      run.catch(() => {}); // thrown below, by the race or at the end
      running.add(run);
      if (running.size >= concurrency) await Promise.race(running);
    }
    await Promise.all(running);
  } finally {
    await Promise.allSettled(running);
  }
}
