// Original file: proto/video_processing.proto

import type { ChunkMetadata as _replication_ChunkMetadata, ChunkMetadata__Output as _replication_ChunkMetadata__Output } from '../replication/ChunkMetadata.ts';

export interface GetVideoMetadataResponse {
  'success'?: (boolean);
  'workerId'?: (string);
  'message'?: (string);
  /**
   * By chunk_index.
   */
  'chunksMetadata'?: (_replication_ChunkMetadata)[];
}

export interface GetVideoMetadataResponse__Output {
  'success': (boolean);
  'workerId': (string);
  'message': (string);
  /**
   * By chunk_index.
   */
  'chunksMetadata': (_replication_ChunkMetadata__Output)[];
}
