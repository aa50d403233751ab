/**
 * The working area of a store, `metadata/.staging/`: a folder for each process that has the store open, and the
 * lock that they share. A file in an owner's folder is locked for as long as the owner lives.
 */
import { dirname, join } from "node:path";
import { createNewFile, entriesOf, ifPresent, syncDirectory, syncIfReadable } from "./_durable.ts";
import { settleLeftovers } from "./_recovery.ts";
import { metadataDir, stagingDir } from "./shard_path.ts";

/** The folder of one owner, who holds the lock on it. */
export interface StagingArea {
  readonly path: string;
  readonly ownerLock: Deno.FsFile;
}

const OWNER = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The file whose lock whoever commits, deletes or sweeps must hold. */
export function storeLockPath(root: string): string {
  return join(stagingDir(root), "lock");
}

/**
 * Makes the folders of a store, as far as they are missing.
 *
 * @returns The root with every link on the way to it followed.
 */
export async function prepareFolders(root: string): Promise<string> {
  await Deno.mkdir(root, { recursive: true });
  const path = await Deno.realPath(root);
  await syncAbove(path);
  await Deno.mkdir(stagingDir(path), { recursive: true });
  for (const folder of [path, metadataDir(path), stagingDir(path)]) await syncDirectory(folder);
  return path;
}

/** Makes a folder for a new owner. The store's lock must be held, or a sweep could take it for a dead one's. */
export async function claimArea(root: string): Promise<StagingArea> {
  const path = join(stagingDir(root), crypto.randomUUID());
  await Deno.mkdir(path);
  const ownerLock = await createNewFile(join(path, "lock"));
  try {
    await ownerLock.lock(true);
    await syncDirectory(stagingDir(root));
  } catch (error) {
    ownerLock.close();
    throw error;
  }
  return { path, ownerLock };
}

/**
 * Finishes or undoes what dead owners left, and removes their folders; the living are not touched. The store's
 * lock must be held.
 */
export async function sweepDeadOwners(root: string): Promise<void> {
  for (const entry of await entriesOf(stagingDir(root))) {
    if (entry.isDirectory && OWNER.test(entry.name)) {
      await sweepIfDead(root, join(stagingDir(root), entry.name));
    }
  }
}

async function sweepIfDead(root: string, area: string): Promise<void> {
  if (await isOwnerAlive(area)) return;
  await settleLeftovers(root, area);
  await removeFolder(area);
}

/** Without the file its owner died before it had one, or is about to be gone. */
async function isOwnerAlive(area: string): Promise<boolean> {
  using ownerLock = await ifPresent(() => Deno.open(join(area, "lock"), { read: true, write: true }));
  return ownerLock !== null && !(await ownerLock.tryLock(true));
}

/**
 * Ends an owner's life. If a commit could neither be ended nor undone, its traces stay for the next sweep, by a
 * reader of that shard or at the next start.
 */
export async function releaseArea(area: StagingArea): Promise<void> {
  // By name: a program that is being started just now still has a copy of the file, and with it the lock.
  await area.ownerLock.unlock();
  area.ownerLock.close(); // before removing it, which some systems do not do to a file that is open
  const isClean = (await entriesOf(area.path)).every((entry) => entry.name === "lock");
  if (isClean) await removeFolder(area.path);
}

async function removeFolder(path: string): Promise<void> {
  await ifPresent(() => Deno.remove(path, { recursive: true }));
}

/** As far up as we may look: what lies above the store need not be ours to read. */
async function syncAbove(path: string): Promise<void> {
  const parent = dirname(path);
  if (parent !== path && await syncIfReadable(parent)) await syncAbove(parent);
}
