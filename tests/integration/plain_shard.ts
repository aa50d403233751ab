import { join } from "node:path";

/**
 * Puts a shard into a store's folder as the Python worker would: metadata without a checksum. It is all zeros,
 * and takes no room on most disks.
 *
 * @returns Its location.
 */
export async function writePlainShard(
  shardsDir: string,
  { videoId = "v", chunkIndex = 0, sizeBytes }: { videoId?: string; chunkIndex?: number; sizeBytes: number },
): Promise<string> {
  const location = join(shardsDir, videoId, `chunk_${chunkIndex}.shard`);
  await Deno.mkdir(join(shardsDir, videoId), { recursive: true });
  await Deno.mkdir(join(shardsDir, "metadata"), { recursive: true });
  await Deno.writeFile(location, new Uint8Array());
  await Deno.truncate(location, sizeBytes);
  const metadata = {
    video_id: videoId,
    chunk_index: chunkIndex,
    original_size: sizeBytes,
    encoded_size: sizeBytes,
    compression_ratio: 1,
    worker_id: "python",
    shard_location: location,
    timestamp: "2025-01-01T00:00:00",
  };
  const name = `${videoId}_chunk_${chunkIndex}_metadata.json`;
  await Deno.writeTextFile(join(shardsDir, "metadata", name), JSON.stringify(metadata));
  return location;
}
