/** Finishes or undoes what an owner of a staging area left behind. */
import { entriesOf, removeIfEmpty, syncDirectory } from "./_durable.ts";
import { measure, openShardFile, readMetadata } from "./_shard_files.ts";
import { type StagedShard, stagedShardOf } from "./_staged_shard.ts";
import { isKey, type ShardKey } from "./shard_key.ts";
import { parseMetadata } from "./shard_metadata.ts";
import { metadataDir, ShardPathError, shardPaths } from "./shard_path.ts";
import { ShardCorruptError } from "./store_errors.ts";

/**
 * Settles every record in the folder of an owner who is gone, or about to go; all that is left in it then may
 * be removed. The store's lock must be held.
 */
export async function settleLeftovers(root: string, area: string): Promise<void> {
  for (const entry of await entriesOf(area)) {
    const staged = stagedShardOf(area, entry.name);
    if (staged !== null) await settle(root, staged);
  }
}

async function settle(root: string, staged: StagedShard): Promise<void> {
  const record = parseMetadata(await Deno.readTextFile(staged.record));
  if (record === null || !isKey(record)) return;
  if (await lacksItsMetadata(root, record, record.sha256)) await rollForward(root, record, staged);
  else await removeIfEmpty(shardPaths(root, record).videoDir);
}

/** Whether the shard in place is the one with this checksum, and the metadata in place is another one's. */
async function lacksItsMetadata(root: string, key: ShardKey, sha256: string | undefined): Promise<boolean> {
  const present = await checksumInPlace(root, key);
  return present !== undefined && present === sha256 && present !== await committedChecksum(root, key);
}

async function checksumInPlace(root: string, key: ShardKey): Promise<string | undefined> {
  try {
    using file = await openShardFile(root, key);
    return file === null ? undefined : (await measure(file)).sha256;
  } catch (error) {
    if (error instanceof ShardPathError) return undefined; // somebody's link: not what was moved there
    throw error;
  }
}

async function committedChecksum(root: string, key: ShardKey): Promise<string | undefined> {
  try {
    return (await readMetadata(root, key))?.sha256;
  } catch (error) {
    if (error instanceof ShardCorruptError) return undefined;
    throw error;
  }
}

async function rollForward(root: string, key: ShardKey, staged: StagedShard): Promise<void> {
  const paths = shardPaths(root, key);
  await syncDirectory(paths.videoDir); // the owner may have died before it did
  await Deno.rename(staged.record, paths.metadata);
  await syncDirectory(metadataDir(root));
}
