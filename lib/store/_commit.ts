/**
 * Moves a staged shard and its metadata into place. Two files cannot be renamed as one, so it is the shard's rename
 * that counts: from then on the record, which is on disk by then, will follow, be it at the next start.
 */
import { ifPresent, lstatIfPresent, removeIfEmpty, removeIfPresent, syncDirectory } from "./_durable.ts";
import type { StagedShard } from "./_staged_shard.ts";
import { describeKey, type ShardKey } from "./shard_key.ts";
import { metadataDir, ShardPathError, shardPaths } from "./shard_path.ts";

/**
 * Commits a staged shard; the store's lock must be held. It is durable once resolved. When it fails, the store
 * is as it was before, or, where that fails too, a record stays behind for recovery.
 *
 * @throws {ShardPathError} If the video's folder is a link.
 * @throws The operating system's own errors.
 */
export async function commit(root: string, key: ShardKey, staged: StagedShard): Promise<void> {
  const paths = shardPaths(root, key);
  try {
    await prepareVideoDir(root, key);
    await keepPrevious(paths.shard, staged.previous);
    await Deno.rename(staged.shard, paths.shard);
    await syncDirectory(paths.videoDir);
    await Deno.rename(staged.record, paths.metadata);
  } catch (error) {
    await undo(root, key, staged).catch(() => {}); // the first error says more
    throw error;
  }
  await syncDirectory(metadataDir(root));
}

async function prepareVideoDir(root: string, key: ShardKey): Promise<void> {
  const { videoDir } = shardPaths(root, key);
  try {
    await Deno.mkdir(videoDir);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    if ((await Deno.lstat(videoDir)).isSymlink) {
      throw new ShardPathError(`Cannot store ${describeKey(key)}: the video's folder is a link`);
    }
  }
  // Also where it was there: whoever made it may have died before this.
  await syncDirectory(root);
}

/** Gives the present shard, if there is one, a second name to come back from. */
async function keepPrevious(shard: string, previous: string): Promise<void> {
  try {
    await Deno.link(shard, previous);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    await removeIfPresent(previous); // never copy a file onto itself
    await ifPresent(() => copy(shard, previous)); // some file systems have no second names
  }
}

async function copy(from: string, to: string): Promise<void> {
  await Deno.copyFile(from, to);
  using file = await Deno.open(to, { write: true });
  await file.sync();
}

async function undo(root: string, key: ShardKey, staged: StagedShard): Promise<void> {
  const paths = shardPaths(root, key);
  if (await lstatIfPresent(staged.record) === null) return; // both are in place, whatever was said of the rename
  const isMoved = await lstatIfPresent(staged.shard) === null;
  if (isMoved) {
    await bringBack(staged.previous, paths.shard);
    // Before the record goes: until then a power cut may still find the new shard in place.
    await syncDirectory(paths.videoDir);
    await removeIfPresent(staged.record);
  }
  await removeIfEmpty(paths.videoDir);
}

async function bringBack(previous: string, shard: string): Promise<void> {
  try {
    await Deno.rename(previous, shard);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await removeIfPresent(shard); // there was none before
  }
}
