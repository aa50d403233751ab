// Original file: proto/video_processing.proto

import type { Long } from '@grpc/proto-loader';

export interface GetShardHeader {
  'sizeBytes'?: (number | string | Long);
  /**
   * Empty for a shard stored by a worker that keeps none.
   */
  'sha256'?: (Buffer | Uint8Array | string);
}

export interface GetShardHeader__Output {
  'sizeBytes': (string);
  /**
   * Empty for a shard stored by a worker that keeps none.
   */
  'sha256': (Buffer);
}
