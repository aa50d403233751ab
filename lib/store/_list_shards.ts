/** What is in the store. Costs in proportion to what is asked for: no listing looks at other videos' files. */
import { entriesOf, lstatIfPresent } from "./_durable.ts";
import { readMetadata } from "./_shard_files.ts";
import { isVideoId, type ShardKey } from "./shard_key.ts";
import type { ShardMetadata } from "./shard_metadata.ts";
import { chunkIndexOf, shardPaths } from "./shard_path.ts";
import { ShardCorruptError } from "./store_errors.ts";

/** A shard that is in the store. */
export interface StoredShard extends ShardMetadata {
  /** Absolute path of its file. */
  readonly location: string;
}

export interface StoredVideo {
  readonly videoId: string;
  /** By chunk index; never empty. */
  readonly shards: readonly StoredShard[];
}

/** Files read at a time. */
const BATCH = 32;

/** The shards of one video, by chunk index. What is not a committed shard is passed over. */
export async function listVideo(root: string, videoId: string, signal?: AbortSignal): Promise<StoredShard[]> {
  return await findShards(root, await keysOf(root, videoId), signal);
}

/** Every video that has a shard, by video_id in the order of code points. */
export async function listVideos(root: string, signal?: AbortSignal): Promise<StoredVideo[]> {
  const folders = (await entriesOf(root)).filter((entry) => entry.isDirectory && isVideoId(entry.name));
  const videoIds = folders.map((folder) => folder.name).sort(compareCodePoints);
  const keys: ShardKey[][] = [];
  for (const videoId of videoIds) {
    signal?.throwIfAborted();
    keys.push(await readableKeysOf(root, videoId));
  }
  const byVideo = Map.groupBy(await findShards(root, keys.flat(), signal), (shard) => shard.videoId);
  return Array.from(byVideo, ([videoId, shards]) => ({ videoId, shards }));
}

/** The keys of the shard files in a video's folder, committed or not, by index. */
export async function keysOf(root: string, videoId: string): Promise<ShardKey[]> {
  const { videoDir } = shardPaths(root, { videoId, chunkIndex: 0 });
  if (!(await lstatIfPresent(videoDir))?.isDirectory) return []; // a link could lead out of the store
  const files = (await entriesOf(videoDir)).filter((entry) => entry.isFile);
  return files
    .map((file) => chunkIndexOf(file.name))
    .filter((index) => index !== null)
    .sort((a, b) => a - b)
    .map((chunkIndex) => ({ videoId, chunkIndex }));
}

/** None where the folder is closed to us: the root of a disk has such folders, which are not ours. */
async function readableKeysOf(root: string, videoId: string): Promise<ShardKey[]> {
  try {
    return await keysOf(root, videoId);
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) return [];
    throw error;
  }
}

/** Those of the keys that have metadata, in the same order. */
async function findShards(
  root: string,
  keys: readonly ShardKey[],
  signal: AbortSignal | undefined,
): Promise<StoredShard[]> {
  const found: StoredShard[] = [];
  for (let start = 0; start < keys.length; start += BATCH) {
    signal?.throwIfAborted();
    const batch = await Promise.all(keys.slice(start, start + BATCH).map((key) => findShard(root, key)));
    found.push(...batch.filter((shard) => shard !== null));
  }
  return found;
}

async function findShard(root: string, key: ShardKey): Promise<StoredShard | null> {
  try {
    const metadata = await readMetadata(root, key);
    return metadata && { ...metadata, location: shardPaths(root, key).shard };
  } catch (error) {
    if (error instanceof ShardCorruptError) return null; // one stray file must not break a listing
    throw error;
  }
}

/** Unlike `<`, which compares halves of surrogate pairs. */
function compareCodePoints(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  const at = left.findIndex((character, index) => character !== right[index]);
  if (at === -1) return left.length - right.length;
  return (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? -1);
}
