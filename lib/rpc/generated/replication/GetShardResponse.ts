// Original file: proto/video_processing.proto


export interface GetShardResponse {
  'success'?: (boolean);
  'shardData'?: (Buffer | Uint8Array | string);
  'message'?: (string);
  /**
   * SHA-256 of shard_data; empty for a shard stored by a worker that keeps none.
   */
  'sha256'?: (Buffer | Uint8Array | string);
}

export interface GetShardResponse__Output {
  'success': (boolean);
  'shardData': (Buffer);
  'message': (string);
  /**
   * SHA-256 of shard_data; empty for a shard stored by a worker that keeps none.
   */
  'sha256': (Buffer);
}
