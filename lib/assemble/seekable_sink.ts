/** A file that a muxer writes to, and goes back in, under a name of its own until it is whole. */
import { dirname } from "node:path";
import type { StreamTargetChunk } from "mediabunny";

/** What is written to; a `Deno.FsFile` is one. */
export interface SeekableFile {
  seek(offset: number, whence: Deno.SeekMode): Promise<number>;
  write(bytes: Uint8Array): Promise<number>;
}

/** Writes every byte of `bytes` at `position`, however few a single write takes. */
export async function writeAt(file: SeekableFile, bytes: Uint8Array, position: number): Promise<void> {
  await file.seek(position, Deno.SeekMode.Start);
  for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
}

/** The first bytes of a file: `mostBytes`, or all that it has. */
export async function readStart(
  file: SeekableFile & { read(bytes: Uint8Array): Promise<number | null> },
  mostBytes: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(mostBytes);
  await file.seek(0, Deno.SeekMode.Start);
  let filled = 0;
  for (let count: number | null = 1; count !== null && filled < mostBytes; filled += count ?? 0) {
    count = await file.read(bytes.subarray(filled));
  }
  return bytes.subarray(0, filled);
}

/** What a muxer's stream target writes to: one write at a time, each at its place. */
export function seekableSink(file: SeekableFile): WritableStream<StreamTargetChunk> {
  return new WritableStream({ write: ({ data, position }) => writeAt(file, data, position) });
}

/**
 * Makes a file that appears under `path` once `write` is done and its bytes are on disk, and replaces one of that
 * name. Until then it lies beside it under another name, of which nothing is left on failure.
 *
 * @throws Whatever `write` throws, or a `Deno.errors` class if the file cannot be made.
 */
export async function writeWholeFile<T>(path: string, write: (file: Deno.FsFile) => Promise<T>): Promise<T> {
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    const result = await withNewFile(temporary, async (file) => {
      const result = await write(file);
      await file.sync();
      return result;
    });
    await Deno.rename(temporary, path);
    await syncFolder(dirname(path));
    return result;
  } finally {
    await Deno.remove(temporary).catch(ignoreNotFound);
  }
}

async function withNewFile<T>(path: string, use: (file: Deno.FsFile) => Promise<T>): Promise<T> {
  using file = await Deno.open(path, { read: true, write: true, createNew: true });
  return await use(file);
}

/** So that the name survives a power cut; Windows keeps names safe by itself and opens no folders. */
async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(path);
  await folder.sync();
}

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
