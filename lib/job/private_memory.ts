/** Memories of one command alone, that go when it ends: folders `.transcode-<uuid>`. */
import { join } from "node:path";
import { attempting } from "../store/store_errors.ts";
import { quoted } from "../store/shard_key.ts";
import { type DiskMemory, openDiskMemory } from "./disk_memory.ts";
import { ignoringAbsence, livingSince } from "./memory_areas.ts";

const NAME = /^\.transcode-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** One that nobody has open is just being made or removed; what is older than this is neither. */
const LEFT_MS = 86_400_000;

/**
 * Opens a memory in a folder of its own, which goes with all that is in it when the memory is disposed of.
 *
 * @param parent Made when absent, and left.
 * @throws {StoreFullError} @throws {StoreUnwritableError} @throws `options.signal.reason` once aborted.
 */
export async function openPrivateMemory(
  parent: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<DiskMemory> {
  await using stack = new AsyncDisposableStack();
  const folder = join(parent, `.transcode-${crypto.randomUUID()}`);
  await attempting(`make a folder in ${quoted(parent)}`, () => Deno.mkdir(folder, { recursive: true }));
  // it may look dead to another command's sweep once the memory is disposed of
  stack.defer(() => ignoringAbsence(() => Deno.remove(folder, { recursive: true })));
  const memory = stack.use(await openDiskMemory(folder, options));
  const done = stack.move();
  return {
    scratchDir: memory.scratchDir,
    find: (key, options) => memory.find(key, options),
    keep: (key, facts, bytes, options) => memory.keep(key, facts, bytes, options),
    forget: (key, options) => memory.forget(key, options),
    temporaryFor: (target) => memory.temporaryFor(target),
    [Symbol.asyncDispose]: () => done.disposeAsync(),
  };
}

/**
 * Removes the private memories in a folder whose commands have died, and what those were making elsewhere. What
 * cannot be removed, such as another user's, stays: a command does not fail because of what others have left.
 */
export async function sweepPrivateMemories(parent: string): Promise<void> {
  const entries = await Array.fromAsync(Deno.readDir(parent)).catch(() => []);
  for (const { name, isDirectory } of entries) {
    if (isDirectory && NAME.test(name)) await removeIfDead(join(parent, name)).catch(() => {});
  }
}

async function removeIfDead(folder: string): Promise<void> {
  const isDead = await hasAreas(folder) ? await allAreDead(folder) : await isOld(folder);
  if (isDead) await Deno.remove(folder, { recursive: true });
}

async function hasAreas(folder: string): Promise<boolean> {
  const areas = await ignoringAbsence(() => Array.fromAsync(Deno.readDir(join(folder, "running"))));
  return areas !== undefined && areas.length > 0;
}

/** Nobody opens such a memory a second time, and who does it the first time holds its lock meanwhile. */
async function allAreDead(folder: string): Promise<boolean> {
  using lock = await Deno.open(join(folder, "lock"), { read: true, write: true });
  return await lock.tryLock(true) && await livingSince(folder) === Infinity;
}

async function isOld(folder: string): Promise<boolean> {
  const { mtime } = await Deno.stat(folder);
  return mtime !== null && Date.now() - mtime.getTime() > LEFT_MS;
}
