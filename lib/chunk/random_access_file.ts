/** A local file that is read at any position, by several readers at once. */
import { whyNotCapable } from "../not_capable.ts";
import { SourceError } from "./source_error.ts";

/** Reads are served one after another, each whole. */
export class RandomAccessFile implements Disposable {
  readonly path: string;
  readonly sizeBytes: number;
  readonly #file: Deno.FsFile;
  #lastRead: Promise<unknown> = Promise.resolve();
  #pendingReads = 0;
  #disposed = false;
  #closed = false;

  private constructor(path: string, file: Deno.FsFile, sizeBytes: number) {
    this.path = path;
    this.#file = file;
    this.sizeBytes = sizeBytes;
  }

  /** @throws {SourceError} If it is missing, a directory, unreadable or empty. */
  static async open(path: string): Promise<RandomAccessFile> {
    // Asked before it is opened: a named pipe would wait there for its writer.
    const { isFile, isDirectory, size } = await found(path, () => Deno.stat(path));
    if (isDirectory) throw new SourceError("directory", path, "it is a directory");
    if (!isFile) throw new SourceError("unreadable", path, "it is not a regular file");
    if (size === 0) throw new SourceError("empty", path, "the file is empty");
    return new RandomAccessFile(path, await found(path, () => Deno.open(path, { read: true })), size);
  }

  /**
   * The bytes from `start` to `end`, exclusive.
   *
   * @param into Where they are put if it has room for them.
   * @throws {SourceError} If the file has become shorter than that.
   * @throws {Deno.errors.BadResource} If it is closed, or to be closed.
   */
  read(start: number, end: number, into?: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    this.#pendingReads++;
    const bytes = this.#lastRead.then(() => this.#readWhole(start, end, into)).finally(() => {
      this.#pendingReads--;
      if (this.#disposed) this.#closeWhenIdle();
    });
    this.#lastRead = bytes.catch(() => {});
    return bytes;
  }

  /** Resolves once no read is under way, those included that others have led to. */
  async settled(): Promise<void> {
    while (this.#pendingReads > 0) await this.#lastRead;
  }

  /** Closes the file once the reads under way are over. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#closeWhenIdle();
  }

  #closeWhenIdle(): void {
    if (this.#pendingReads > 0 || this.#closed) return;
    this.#closed = true;
    this.#file.close();
  }

  async #readWhole(
    start: number,
    end: number,
    into: Uint8Array<ArrayBuffer> | undefined,
  ): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#disposed) throw new Deno.errors.BadResource("The file is closed");
    const hasRoom = into !== undefined && into.length >= end - start;
    const bytes = hasRoom ? into.subarray(0, end - start) : new Uint8Array(end - start);
    await this.#file.seek(start, Deno.SeekMode.Start);
    for (let filled = 0; filled < bytes.length;) {
      const count = await this.#file.read(bytes.subarray(filled));
      if (count === null) {
        throw new SourceError("damaged", this.path, `it now ends at byte ${start + filled}`);
      }
      filled += count;
    }
    return bytes;
  }
}

async function found<T>(path: string, find: () => Promise<T>): Promise<T> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      throw new SourceError("missing", path, `there is no such file${noFileNote(path)}`, { cause: error });
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new SourceError("unreadable", path, "permission denied", { cause: error });
    }
    if (error instanceof Deno.errors.NotCapable) {
      throw new SourceError("unreadable", path, whyNotCapable(error), { cause: error });
    }
    throw error;
  }
}

/** For what other programs would take. */
function noFileNote(path: string): string {
  if (path === "-") return "; standard input is not taken";
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(path) ? "; URLs are not taken" : "";
}
