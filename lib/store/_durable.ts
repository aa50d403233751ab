/** The few file operations that the disk must have done before we go on. */
import { createHash } from "node:crypto";
import { attempting, systemCode } from "./store_errors.ts";

/** How a file that must not exist yet is opened for writing. */
export type CreateFile = (path: string) => Promise<Deno.FsFile>;

export const createNewFile: CreateFile = (path: string): Promise<Deno.FsFile> =>
  Deno.open(path, { write: true, createNew: true });

/** What went into a file. */
export interface Written {
  readonly sizeBytes: number;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
}

/**
 * Writes a whole stream to a file, which stays open. The source is cancelled if writing fails or is aborted.
 *
 * Not `file.writable`, which holds bytes back and ignores that the last of them did not fit.
 *
 * @param options.attempted What is being done, as errors of writing put it; see {@linkcode attempting}.
 * @param options.onWritten Told how many bytes are in the file by now.
 * @throws What the source throws, untouched; `options.signal.reason` once aborted.
 */
export async function writeStream(
  file: Deno.FsFile,
  source: ReadableStream<Uint8Array>,
  options: {
    attempted: string;
    signal?: AbortSignal | undefined;
    onWritten?: ((sizeBytes: number) => void) | undefined;
  },
): Promise<Written> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  const sink = new WritableStream<Uint8Array>({
    async write(bytes) {
      await attempting(options.attempted, () => writeAll(file, bytes));
      hash.update(bytes);
      sizeBytes += bytes.length;
      options.onWritten?.(sizeBytes);
    },
  });
  await source.pipeTo(sink, options.signal && { signal: options.signal });
  return { sizeBytes, sha256: hash.digest("hex") };
}

/** Writes every byte: one `write` may take fewer than it is given. */
export async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
}

/** Makes a new file with this text, on disk once resolved; its name is only after {@linkcode syncDirectory}. */
export async function writeNewText(path: string, text: string, create: CreateFile): Promise<void> {
  using file = await create(path);
  await writeAll(file, new TextEncoder().encode(text));
  await file.sync();
}

/** Makes the names in a folder survive a power cut, where the system can: Windows has no way to ask for it. */
export async function syncDirectory(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using directory = await Deno.open(path, { read: true });
  try {
    await directory.sync();
  } catch (error) {
    if (systemCode(error) !== "EINVAL") throw error; // as file systems say that do not know it of folders
  }
}

/** {@linkcode syncDirectory}, unless the folder is one that we may use and not look into. @returns Whether it was. */
export async function syncIfReadable(path: string): Promise<boolean> {
  try {
    await syncDirectory(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
      return false;
    }
    throw error;
  }
}

/** What a file operation gives, or null if there is nothing at its path. */
export async function ifPresent<T>(operation: () => Promise<T>): Promise<T | null> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
}

/** What is at a path itself, a link not followed; null if nothing is. */
export function lstatIfPresent(path: string): Promise<Deno.FileInfo | null> {
  return ifPresent(() => Deno.lstat(path));
}

/** Removes a file, or a folder that is empty. @returns Whether it was there. */
export async function removeIfPresent(path: string): Promise<boolean> {
  return await ifPresent(() => Deno.remove(path)) !== null;
}

/** Removes a folder unless something is in it. Anything but a folder is left alone. */
export async function removeIfEmpty(path: string): Promise<void> {
  if (!(await lstatIfPresent(path))?.isDirectory) return;
  try {
    await removeIfPresent(path);
  } catch (error) {
    if (systemCode(error) !== "ENOTEMPTY") throw error;
  }
}

/** What is in a folder; nothing if there is none. */
export async function entriesOf(path: string): Promise<Deno.DirEntry[]> {
  return await ifPresent(() => Array.fromAsync(Deno.readDir(path))) ?? [];
}
