/**
 * Who has a memory open: for each a folder in `running/`, whose lock the system frees should its process die.
 *
 * ```text
 * lock                                     of the memory as a whole
 * running/<start>-<uuid>/lock              held for as long as that one lives
 * running/<start>-<uuid>/<uuid>.elsewhere  names a file of its making that is in another folder
 * ```
 */
import { basename, dirname, extname, isAbsolute, join } from "node:path";
import { untilAborted } from "../abort_signals.ts";
import { writeWhole } from "../store/write_file.ts";

/** The folder of one who has the memory open, locked for as long as that is. */
export interface Area {
  readonly path: string;
  readonly lock: Deno.FsFile;
  readonly startMs: number;
}

export interface LockOptions {
  readonly exclusive: boolean;
  /** Ends the wait for the lock, not the task. */
  readonly signal?: AbortSignal | undefined;
}

/** In an area: a note of a file that goes with it. */
const NOTE = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.elsewhere$/;

/**
 * Runs a task while holding the memory's lock, which the system frees should the process die.
 *
 * @throws `options.signal.reason` if aborted before the lock was had; otherwise what the task throws.
 */
export async function locked<T>(
  root: string,
  { exclusive, signal }: LockOptions,
  task: () => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const lock = await Deno.open(join(root, "lock"), { read: true, write: true, create: true });
  const held = lock.lock(exclusive);
  try {
    await untilAborted(held, signal);
  } catch (error) {
    // one that comes after its caller has given up goes with the file
    held.then(() => lock.unlock()).catch(() => {}).finally(() => lock.close());
    throw error;
  }
  using _closed = lock;
  return await task();
}

/** The memory's lock must be held, or it could be taken for a dead one's. */
export async function openArea(root: string): Promise<Area> {
  const startMs = Date.now();
  const path = join(root, "running", `${startMs}-${crypto.randomUUID()}`);
  await Deno.mkdir(path);
  const lock = await Deno.open(join(path, "lock"), { write: true, createNew: true });
  try {
    await lock.lock(true);
    return { path, lock, startMs };
  } catch (error) {
    lock.close();
    throw error;
  }
}

export async function closeArea({ path, lock }: Area): Promise<void> {
  // By name: a program that is being started just now still has a copy of the file, and with it the lock.
  await lock.unlock();
  lock.close(); // before removing it, which some systems do not do to a file that is open
  await ignoringAbsence(() => Deno.remove(path, { recursive: true }));
}

/**
 * Since when the longest of those has been at work that have the memory open; what the dead have left is removed.
 * The memory's lock must be held exclusively.
 */
export async function livingSince(root: string): Promise<number> {
  let sinceMs = Infinity;
  for await (const { name } of Deno.readDir(join(root, "running"))) {
    const path = join(root, "running", name);
    if (await isAlive(path)) sinceMs = Math.min(sinceMs, Number.parseInt(name));
    else await removeArea(path);
  }
  return sinceMs;
}

/** A name for a file in the folder of another, which goes when it is disposed of, or once its maker has died. */
export interface FileElsewhere extends AsyncDisposable {
  readonly path: string;
}

/**
 * @param target In whose folder, and with whose extension.
 * @throws {StoreFullError} @throws {StoreUnwritableError}
 */
export async function elsewhere(area: Area, target: string): Promise<FileElsewhere> {
  const id = crypto.randomUUID();
  const folder = await Deno.realPath(dirname(target)); // it may be swept from another working folder
  const path = join(folder, nameElsewhere(id, extname(target)));
  const note = join(area.path, `${id}.elsewhere`);
  await writeWhole(note, new Blob([path]).stream());
  return {
    path,
    async [Symbol.asyncDispose]() {
      for (const file of [path, note]) await ignoringAbsence(() => Deno.remove(file));
    },
  };
}

const nameElsewhere = (id: string, extension: string): string => `.transcode-${id}${extension}`;

async function isAlive(area: string): Promise<boolean> {
  using lock = await ignoringAbsence(() => Deno.open(join(area, "lock"), { write: true }));
  return lock !== undefined && !await lock.tryLock(true);
}

/** With what its notes name. */
async function removeArea(area: string): Promise<void> {
  const names = await ignoringAbsence(() => Array.fromAsync(Deno.readDir(area), ({ name }) => name)) ?? [];
  for (const name of names) {
    const [, id] = NOTE.exec(name) ?? [];
    // one that cannot be removed, such as another user's, is none of our failures
    if (id !== undefined) await removeElsewhere(id, join(area, name)).catch(() => {});
  }
  await ignoringAbsence(() => Deno.remove(area, { recursive: true }));
}

/** Nothing but a file of the very name that was given to it as the note was made. */
async function removeElsewhere(id: string, note: string): Promise<void> {
  const path = await Deno.readTextFile(note);
  const isOurs = isAbsolute(path) && basename(path) === nameElsewhere(id, extname(path));
  if (isOurs && (await Deno.lstat(path)).isFile) await Deno.remove(path);
}

export async function ignoringAbsence<T>(operation: () => Promise<T>): Promise<T | undefined> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
