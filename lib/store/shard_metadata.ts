/** What is known of a shard, and its JSON form, which programs in other languages share. Pure. */
import * as v from "valibot";
import type { ShardKey } from "./shard_key.ts";

/** How a shard was encoded: plain data, kept as it came. */
export type ShardSettings = Readonly<Record<string, unknown>>;

/** What only the one who made the shard knows. */
export interface ShardFacts {
  /** Size of the chunk that it was made from, in bytes. */
  readonly originalSize: number;
  /** Encoder and build, such as `libav/libx264 8.0 form 2`, or `simulated`. */
  readonly encoder: string;
  readonly settings: ShardSettings | null;
  /** Frames in the shard; 0 where there are none to count. */
  readonly frameCount: number;
}

/** The record of one shard. What a store written by another program may lack is optional. */
export interface ShardMetadata extends ShardKey {
  /** Size of the chunk, in bytes. */
  readonly originalSize: number;
  /** Size of the shard, in bytes. */
  readonly encodedSize: number;
  /** encodedSize / originalSize; 0 for an empty chunk. */
  readonly compressionRatio: number;
  readonly workerId: string;
  /** ISO 8601. */
  readonly timestamp: string;
  /** Of the shard, 64 lower-case hexadecimal digits. */
  readonly sha256?: string | undefined;
  readonly encoder?: string | undefined;
  readonly settings: ShardSettings | null;
  readonly frameCount?: number | undefined;
}

const Bytes = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const MetadataJson = v.looseObject({
  video_id: v.string(),
  chunk_index: v.number(),
  original_size: Bytes,
  encoded_size: Bytes,
  compression_ratio: v.number(),
  worker_id: v.string(),
  shard_location: v.string(),
  timestamp: v.string(),
  sha256: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
  encoder: v.optional(v.string()),
  settings: v.optional(v.nullable(v.record(v.string(), v.unknown())), null),
  frame_count: v.optional(v.number()),
});

/**
 * The text of a metadata file.
 *
 * @param location Absolute path of the shard.
 */
export function formatMetadata(metadata: ShardMetadata, location: string): string {
  const json: v.InferInput<typeof MetadataJson> = {
    video_id: metadata.videoId,
    chunk_index: metadata.chunkIndex,
    original_size: metadata.originalSize,
    encoded_size: metadata.encodedSize,
    compression_ratio: metadata.compressionRatio,
    worker_id: metadata.workerId,
    shard_location: location,
    timestamp: metadata.timestamp,
    sha256: metadata.sha256,
    encoder: metadata.encoder,
    settings: metadata.settings,
    frame_count: metadata.frameCount,
  };
  return JSON.stringify(json, null, 2) + "\n";
}

/** Reads the text of a metadata file, ours or another program's; null if it is not one. */
export function parseMetadata(text: string): ShardMetadata | null {
  const parsed = v.safeParse(MetadataJson, parseJson(text));
  if (!parsed.success) return null;
  const json = parsed.output;
  return {
    videoId: json.video_id,
    chunkIndex: json.chunk_index,
    originalSize: json.original_size,
    encodedSize: json.encoded_size,
    compressionRatio: json.compression_ratio,
    workerId: json.worker_id,
    timestamp: json.timestamp,
    sha256: json.sha256,
    encoder: json.encoder,
    settings: json.settings,
    frameCount: json.frame_count,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
