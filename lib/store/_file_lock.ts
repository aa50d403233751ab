/** One holder at a time, among the callers in this process and all others. */
import { untilAborted } from "../abort_signals.ts";

/**
 * A lock on a file. Its callers queue here, so that at most one thread of the process ever blocks in the
 * operating system's queue. The system frees the lock of a process that dies.
 */
export class FileLock {
  readonly #file: Deno.FsFile;
  /** Never rejects; resolves when the last one in line has let go. */
  #lastInLine: Promise<unknown> = Promise.resolve();
  /** Whether the system has yet to give us the lock. */
  #isPending = false;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Opens the lock's file, and makes it if there is none. */
  static async open(path: string): Promise<FileLock> {
    return new FileLock(await Deno.open(path, { read: true, write: true, create: true }));
  }

  /**
   * Runs a task while holding the lock.
   *
   * @param options.signal Ends the wait for the lock, not the task.
   * @throws `options.signal.reason` if aborted before the lock was had; otherwise what the task throws.
   */
  async run<T>(task: () => Promise<T>, options: { signal?: AbortSignal | undefined } = {}): Promise<T> {
    const { signal } = options;
    signal?.throwIfAborted();
    const over = Promise.withResolvers<void>();
    const held = this.#lastInLine.then(() => {
      signal?.throwIfAborted();
      return this.#acquire();
    });
    // A lock that comes after its caller has given up is let go at once.
    const released = held.then(() => over.promise).then(() => this.#file.unlock());
    this.#lastInLine = Promise.allSettled([released]);
    try {
      await untilAborted(held, signal);
      return await task();
    } finally {
      over.resolve();
    }
  }

  /** Gives the lock up for good, after the task that holds it. Nobody may be in line any more. */
  async close(): Promise<void> {
    // One that is still to come was given up by its caller, and goes with the file.
    if (!this.#isPending) await this.#lastInLine;
    this.#file.close();
  }

  async #acquire(): Promise<void> {
    this.#isPending = true;
    try {
      await this.#file.lock(true);
    } finally {
      this.#isPending = false;
    }
  }
}
