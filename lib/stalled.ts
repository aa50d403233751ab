/** Streams of which nothing comes any more. */

/** Nothing came for too long. */
export class StalledError extends Error {
  override readonly name = "StalledError";
}

/**
 * What is awaited, if it comes in time.
 *
 * @param attempted What it is for, as in "Cannot <attempted>: nothing came for 60 s".
 * @throws {StalledError} If it does not. @throws What the promise does.
 */
export async function unlessStalled<T>(attempted: string, promise: Promise<T>, stallMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const giveUp = () =>
    late.reject(new StalledError(`Cannot ${attempted}: nothing came for ${stallMs / 1000} s`));
  const timer = setTimeout(giveUp, stallMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
