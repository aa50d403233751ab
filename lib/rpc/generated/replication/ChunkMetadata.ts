// Original file: proto/video_processing.proto

import type { Long } from '@grpc/proto-loader';

export interface ChunkMetadata {
  'chunkIndex'?: (number);
  'originalSize'?: (number | string | Long);
  'encodedSize'?: (number | string | Long);
  /**
   * encoded_size / original_size
   */
  'compressionRatio'?: (number | string);
  'shardLocation'?: (string);
  /**
   * ISO 8601
   */
  'timestamp'?: (string);
  /**
   * SHA-256 of the shard (32 bytes); empty for a shard stored by a worker that keeps none.
   */
  'sha256'?: (Buffer | Uint8Array | string);
  'encoder'?: (string);
  'frameCount'?: (number);
}

export interface ChunkMetadata__Output {
  'chunkIndex': (number);
  'originalSize': (string);
  'encodedSize': (string);
  /**
   * encoded_size / original_size
   */
  'compressionRatio': (number);
  'shardLocation': (string);
  /**
   * ISO 8601
   */
  'timestamp': (string);
  /**
   * SHA-256 of the shard (32 bytes); empty for a shard stored by a worker that keeps none.
   */
  'sha256': (Buffer);
  'encoder': (string);
  'frameCount': (number);
}
