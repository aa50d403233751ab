/** One command at a time makes an output: a file beside it, whose lock the system frees should the command die. */
import { basename, dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { quoted } from "../store/shard_key.ts";

/** Another command makes an output of that name. */
export class OutputBusyError extends Error {
  override readonly name = "OutputBusyError";
}

/** No longer than what ends a proof's name, so that it fits wherever an output with a proof does. */
const lockPathOf = (output: string): string => join(dirname(output), `.${basename(output)}.transcode`);
const LOCK_NAME = /^\..+\.transcode$/s;

/** Whoever removes what a dead command has left holds its lock for a moment: a second look, and a last one. */
const LOOKS = 3;
const LOOK_MS = 50;

/**
 * Keeps other commands from making an output of that name until it is disposed of, which leaves no file. What
 * killed commands have left in its folder is removed. Where the file system has no locks, or keeps us from them,
 * there is none: a command does not fail for want of it.
 *
 * @param output A link counts as the file that it leads to as well.
 * @throws {OutputBusyError} At once, if another has it.
 */
export async function lockOutput(output: string): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  for (const path of await namesOf(output)) {
    const lock = await take(lockPathOf(path));
    if (lock === "busy") {
      throw new OutputBusyError(`Cannot write ${quoted(output)}: another command is writing it`);
    }
    if (lock !== "none") stack.defer(() => giveUp(lockPathOf(path), lock));
    await sweepLocks(dirname(path), { except: lockPathOf(path) });
  }
  return stack.move();
}

/** As they are spelled in every working folder. */
async function namesOf(output: string): Promise<string[]> {
  const name = join(await Deno.realPath(dirname(output)).catch(() => dirname(output)), basename(output));
  const info = await Deno.lstat(name).catch(() => undefined);
  if (!info?.isSymlink) return [name];
  const target = await Deno.realPath(name).catch(() => name); // one that leads nowhere is replaced itself
  return [...new Set([name, target])];
}

/** @returns The file, locked, unless another holds the lock or none is to be had. */
async function take(path: string): Promise<Deno.FsFile | "busy" | "none"> {
  let found: "busy" | "none" = "none";
  for (let look = 0; look < LOOKS; look++) {
    if (look > 0) await setTimeout(LOOK_MS);
    try {
      const { file, isNew } = await createOrOpen(path);
      if (await isLocked(file, path, { isNew })) return file;
      found = "busy";
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) return "none";
    }
  }
  return found;
}

async function createOrOpen(path: string): Promise<{ file: Deno.FsFile; isNew: boolean }> {
  try {
    return { file: await Deno.open(path, { write: true, createNew: true }), isNew: true };
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  try {
    return { file: await Deno.open(path, { read: true, write: true }), isNew: false };
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    return { file: await Deno.open(path, { read: true }), isNew: false }; // another user's
  }
}

/**
 * Locks a file, unless another has it or it is not the file of that name any more, since who had it has removed it:
 * then it is closed. Where files cannot be locked, none that is new stays.
 */
async function isLocked(
  file: Deno.FsFile,
  path: string,
  { isNew }: { readonly isNew: boolean },
): Promise<boolean> {
  try {
    if (await file.tryLock(true)) {
      const [ours, named] = [await file.stat(), await Deno.stat(path)];
      if (ours.ino === named.ino && ours.dev === named.dev) return true;
    }
  } catch (error) {
    file.close();
    if (isNew) await Deno.remove(path).catch(() => {}); // of no use
    throw error;
  }
  file.close();
  return false;
}

/** Removed while it is held, so that nobody locks a file that is about to go. */
async function giveUp(path: string, file: Deno.FsFile): Promise<void> {
  await Deno.remove(path).catch(() => {}); // it can be another user's; free is what counts
  // By name: a program that is being started just now still has a copy of the file, and with it the lock.
  await file.unlock().catch(() => {});
  file.close();
}

async function sweepLocks(folder: string, { except }: { readonly except: string }): Promise<void> {
  const entries = await Array.fromAsync(Deno.readDir(folder)).catch(() => []);
  for (const { name, isFile } of entries) {
    const path = join(folder, name);
    if (isFile && LOCK_NAME.test(name) && path !== except) await removeIfDead(path).catch(() => {});
  }
}

/** Nothing but a file that nobody has locked. */
async function removeIfDead(path: string): Promise<void> {
  if ((await Deno.lstat(path)).size > 0) return; // none of ours
  const file = await Deno.open(path, { read: true, write: true });
  if (await isLocked(file, path, { isNew: false })) await giveUp(path, file);
}
