/** Removes the shards of a video. */
import { removeIfEmpty, removeIfPresent, syncDirectory } from "./_durable.ts";
import { keysOf } from "./_list_shards.ts";
import { metadataDir, shardPaths } from "./shard_path.ts";

/**
 * Removes every shard of a video, with its metadata; files that are not the store's stay, and so does the folder
 * then. The store's lock must be held. Gone for good once resolved; a chunk is never half there.
 *
 * @returns How many committed shards there were.
 */
export async function deleteVideo(root: string, videoId: string): Promise<number> {
  const keys = await keysOf(root, videoId);
  if (keys.length === 0) return 0;
  let removed = 0;
  for (const key of keys) {
    if (await removeIfPresent(shardPaths(root, key).metadata)) removed++;
  }
  await syncDirectory(metadataDir(root)); // no metadata may come back to a shard that does not
  for (const key of keys) await removeIfPresent(shardPaths(root, key).shard);
  const { videoDir } = shardPaths(root, { videoId, chunkIndex: 0 });
  await syncDirectory(videoDir);
  await removeIfEmpty(videoDir);
  await syncDirectory(root);
  return removed;
}
