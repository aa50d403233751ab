/** The one place that knows how a key becomes a path, and back. Pure: asks no disk. */
import { join } from "node:path";
import { isKey, MAX_CHUNK_INDEX, quoted, type ShardKey } from "./shard_key.ts";

/** Where one shard lies; all absolute if the root is. */
export interface ShardPaths {
  /** The folder of the video's shards. */
  readonly videoDir: string;
  readonly shard: string;
  readonly metadata: string;
}

/** A location that is not that of a shard inside the store. */
export class ShardPathError extends Error {
  override readonly name = "ShardPathError";
}

/**
 * @param root The store's folder, absolute and normalised.
 * @param key Checked already, by `checkKey`.
 */
export function shardPaths(root: string, key: ShardKey): ShardPaths {
  const videoDir = join(root, key.videoId);
  return {
    videoDir,
    shard: join(videoDir, `chunk_${key.chunkIndex}.shard`),
    metadata: join(metadataDir(root), `${key.videoId}_chunk_${key.chunkIndex}_metadata.json`),
  };
}

/** The folder of all the metadata of a store. */
export function metadataDir(root: string): string {
  return join(root, "metadata");
}

/**
 * The working area of the processes that have the store open. It lies where listings of other programs, which
 * look at the folders of the root and at the prefixes of names in `metadata/`, never come across it.
 */
export function stagingDir(root: string): string {
  return join(metadataDir(root), ".staging");
}

/**
 * The key of the shard at a location that came from outside. Only the exact text that the store itself would
 * give passes: no `..`, no doubled slash, no leading zeros, no other folder with the same beginning.
 *
 * @param root The store's folder, absolute and normalised.
 * @throws {ShardPathError} If it is not the location of a shard of this store.
 */
export function keyFromLocation(root: string, location: string): ShardKey {
  const segments = location.match(/([^/\\]+)[/\\]([^/\\]+)$/);
  const key = { videoId: segments?.[1] ?? "", chunkIndex: chunkIndexOf(segments?.[2] ?? "") ?? -1 };
  if (!isKey(key) || shardPaths(root, key).shard !== location) {
    throw new ShardPathError(`Cannot read shard ${quoted(location)}: it is not the location of a shard here`);
  }
  return key;
}

/** The index that a shard's file name stands for, or null if it is not the name of a shard. */
export function chunkIndexOf(fileName: string): number | null {
  const digits = fileName.match(/^chunk_(0|[1-9]\d{0,9})\.shard$/)?.[1];
  return digits === undefined || Number(digits) > MAX_CHUNK_INDEX ? null : Number(digits);
}
