/** Writes a file that appears whole or not at all. */
import { dirname, join, resolve } from "node:path";
import { untilAborted } from "../abort_signals.ts";
import {
  type CreateFile,
  createNewFile,
  ifPresent,
  lstatIfPresent,
  removeIfPresent,
  syncIfReadable,
  writeStream,
  type Written,
} from "./_durable.ts";
import { quoted } from "./shard_key.ts";
import { attempting, StoreUnwritableError } from "./store_errors.ts";

export { syncDirectory } from "./_durable.ts";
export type { CreateFile, Written };

export interface WriteOptions {
  /** How the temporary file beside the target is opened: new, for writing. */
  readonly createFile?: CreateFile | undefined;
  /** Told of the temporary file each time that it has grown: what it has by then stays as it is. */
  readonly onGrown?: ((part: GrowingFile) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A file that is being written: gone, or another's, once that is over. */
export interface GrowingFile {
  readonly path: string;
  /** So far. */
  readonly sizeBytes: number;
}

/** Where the bytes go: a name that is given to a whole file, or something that takes them as they come. */
type Target =
  | { readonly kind: "name"; readonly path: string; readonly mode: number | null }
  | { readonly kind: "device"; readonly path: string };

/** As many as Linux follows. */
const MAX_LINKS = 40;

/**
 * Writes a stream to a file. Until all of it is on disk the path keeps what it had, or nothing; a link is
 * followed. What is there and no regular file, such as `/dev/stdout` or a named pipe, is written to directly.
 *
 * @param source Read to its end, or cancelled.
 * @returns Length and checksum of what was written.
 * @throws {StoreFullError} If there is no room.
 * @throws {StoreUnwritableError} If the path cannot be written, or is a folder.
 * @throws What the source throws, and `options.signal.reason` once aborted, untouched.
 */
export async function writeWhole(
  path: string,
  source: ReadableStream<Uint8Array>,
  options: WriteOptions = {},
): Promise<Written> {
  const attempted = `write ${quoted(path)}`;
  try {
    options.signal?.throwIfAborted();
    const target = await attempting(attempted, () => findTarget(path, attempted));
    if (target.kind === "device") return await writeThrough(target.path, source, { ...options, attempted });
    return await replaceFile(target, source, { ...options, attempted });
  } catch (error) {
    await source.cancel(error).catch(() => {}); // it has failed or ended itself unless we never came to read it
    throw error;
  }
}

async function findTarget(path: string, attempted: string): Promise<Target> {
  let at = path;
  for (let links = 0; links < MAX_LINKS; links++) {
    // Links in there stand for open files, not for names.
    if (/^\/(proc|dev\/fd)\//.test(at)) return { kind: "device", path: at };
    const info = await lstatIfPresent(at);
    if (info?.isDirectory) throw new StoreUnwritableError(`Cannot ${attempted}: it is a folder`);
    if (info === null || info.isFile) return { kind: "name", path: at, mode: info?.mode ?? null };
    if (!info.isSymlink) return { kind: "device", path: at };
    at = resolve(dirname(at), await Deno.readLink(at));
  }
  throw new StoreUnwritableError(`Cannot ${attempted}: too many links`);
}

async function replaceFile(
  target: Target & { kind: "name" },
  source: ReadableStream<Uint8Array>,
  options: WriteOptions & { attempted: string },
): Promise<Written> {
  const { attempted } = options;
  const folder = dirname(target.path);
  const temporary = join(folder, `.${crypto.randomUUID()}.tmp`);
  try {
    const written = await fill(temporary, target.mode, source, options);
    await attempting(attempted, () => Deno.rename(temporary, target.path));
    await attempting(attempted, () => syncIfReadable(folder));
    return written;
  } finally {
    await removeIfPresent(temporary).catch(() => {}); // there only after a failure, which says more
  }
}

async function fill(
  temporary: string,
  mode: number | null,
  source: ReadableStream<Uint8Array>,
  options: WriteOptions & { attempted: string },
): Promise<Written> {
  const { attempted, signal, onGrown, createFile = createNewFile } = options;
  using file = await attempting(attempted, () => createFile(temporary));
  // What was private stays private.
  if (mode !== null) await attempting(attempted, () => ifPresent(() => Deno.chmod(temporary, mode & 0o777)));
  const onWritten = (sizeBytes: number) => onGrown?.({ path: temporary, sizeBytes });
  const written = await writeStream(file, source, { attempted, signal, onWritten });
  await attempting(attempted, () => file.sync());
  return written;
}

async function writeThrough(
  path: string,
  source: ReadableStream<Uint8Array>,
  options: WriteOptions & { attempted: string },
): Promise<Written> {
  const { attempted, signal } = options;
  const opening = Deno.open(path, { append: true });
  // A pipe opens when somebody reads from it, which may be never; so may be a write.
  const file = await attempting(attempted, () => untilAborted(opening, signal)).catch((error) => {
    opening.then((late) => late.close(), () => {});
    throw error;
  });
  using _closed = file;
  return await untilAborted(writeStream(file, source, options), signal);
}
