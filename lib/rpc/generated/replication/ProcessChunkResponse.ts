// Original file: proto/video_processing.proto

import type { Long } from '@grpc/proto-loader';

export interface ProcessChunkResponse {
  'success'?: (boolean);
  'workerId'?: (string);
  'shardLocation'?: (string);
  'originalSize'?: (number | string | Long);
  'encodedSize'?: (number | string | Long);
  'message'?: (string);
  /**
   * SHA-256 of the shard (32 bytes).
   */
  'shardSha256'?: (Buffer | Uint8Array | string);
  /**
   * Frames in the shard; 0 for an opaque chunk.
   */
  'frameCount'?: (number);
  /**
   * Such as "libav/libx264 8.0 form 2", or "simulated".
   */
  'encoder'?: (string);
  /**
   * Wall-clock seconds from the first byte to the durable shard.
   */
  'encodeSeconds'?: (number | string);
  /**
   * What was changed without being asked for, a sentence each.
   */
  'notes'?: (string)[];
}

export interface ProcessChunkResponse__Output {
  'success': (boolean);
  'workerId': (string);
  'shardLocation': (string);
  'originalSize': (string);
  'encodedSize': (string);
  'message': (string);
  /**
   * SHA-256 of the shard (32 bytes).
   */
  'shardSha256': (Buffer);
  /**
   * Frames in the shard; 0 for an opaque chunk.
   */
  'frameCount': (number);
  /**
   * Such as "libav/libx264 8.0 form 2", or "simulated".
   */
  'encoder': (string);
  /**
   * Wall-clock seconds from the first byte to the durable shard.
   */
  'encodeSeconds': (number);
  /**
   * What was changed without being asked for, a sentence each.
   */
  'notes': (string)[];
}
