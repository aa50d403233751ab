/** The calls that read the store. */
import type { GetShardPart } from "../rpc/generated/replication/GetShardPart.ts";
import type { GetShardResponse } from "../rpc/generated/replication/GetShardResponse.ts";
import type { GetVideoMetadataResponse } from "../rpc/generated/replication/GetVideoMetadataResponse.ts";
import type { ListShardsResponse } from "../rpc/generated/replication/ListShardsResponse.ts";
import type { ShardStore } from "../store/shard_store.ts";

/** A shard that does not fit one message. */
export class ShardTooLargeError extends Error {
  override readonly name = "ShardTooLargeError";
}

/** Bytes in each part of a streamed shard. */
const PART_BYTES = 256 * 1024;

/** @throws {ShardTooLargeError} If the shard is over `maxBytes`. @throws As ShardStore.read(). */
export async function getShard(
  store: ShardStore,
  location: string,
  { maxBytes, signal }: { maxBytes: number; signal: AbortSignal },
): Promise<GetShardResponse> {
  const { metadata: { encodedSize, sha256 }, bytes } = await store.read(location, { signal });
  if (encodedSize > maxBytes) {
    await bytes.cancel();
    throw new ShardTooLargeError(
      `Cannot send shard: its ${encodedSize} bytes are over the limit of ${maxBytes}: use GetShardStream`,
    );
  }
  const shardData = new Uint8Array(await new Response(bytes).arrayBuffer());
  return { success: true, shardData, message: "Shard retrieved successfully", sha256: fromHex(sha256) };
}

/** The header, then the bytes. @throws As ShardStore.read(). */
export async function getShardStream(
  store: ShardStore,
  location: string,
  { signal }: { signal: AbortSignal },
): Promise<ReadableStream<GetShardPart>> {
  const { metadata: { encodedSize, sha256 }, bytes } = await store.read(location, { signal });
  return bytes.pipeThrough(
    new TransformStream<Uint8Array, GetShardPart>({
      start(controller) {
        controller.enqueue({ header: { sizeBytes: encodedSize, sha256: fromHex(sha256) } });
      },
      transform(bytes, controller) {
        for (let at = 0; at < bytes.length; at += PART_BYTES) {
          controller.enqueue({ data: bytes.subarray(at, at + PART_BYTES) });
        }
      },
    }),
  );
}

/** @param videoId Empty: all videos. An unknown one is no error but `success: false`. */
export async function listShards(
  store: ShardStore,
  videoId: string,
  { workerId, signal }: { workerId: string; signal: AbortSignal },
): Promise<ListShardsResponse> {
  const listed = await store.list(videoId === "" ? undefined : videoId, { signal });
  if (videoId !== "" && listed.length === 0) {
    return { success: false, workerId, message: `No shards found for video '${videoId}'` };
  }
  const videos = listed.map(({ videoId, shards }) => ({
    videoId,
    chunks: shards.map(({ chunkIndex, location, encodedSize }) => ({
      chunkIndex,
      shardLocation: location,
      sizeBytes: encodedSize,
    })),
  }));
  return { success: true, workerId, message: `Found shards of ${videos.length} video(s)`, videos };
}

/** An unknown video is no error but `success: false`. */
export async function getVideoMetadata(
  store: ShardStore,
  videoId: string,
  { workerId, signal }: { workerId: string; signal: AbortSignal },
): Promise<GetVideoMetadataResponse> {
  const shards = await store.metadata(videoId, { signal });
  if (shards.length === 0) {
    return { success: false, workerId, message: `No metadata found for video '${videoId}'` };
  }
  const chunksMetadata = shards.map(({ location, sha256, ...shard }) => ({
    chunkIndex: shard.chunkIndex,
    originalSize: shard.originalSize,
    encodedSize: shard.encodedSize,
    compressionRatio: shard.compressionRatio,
    shardLocation: location,
    timestamp: shard.timestamp,
    sha256: fromHex(sha256),
    encoder: shard.encoder ?? "",
    frameCount: shard.frameCount ?? 0,
  }));
  return { success: true, workerId, message: `Found metadata of ${shards.length} chunk(s)`, chunksMetadata };
}

const fromHex = (hex: string | undefined) => Uint8Array.fromHex(hex ?? "");
