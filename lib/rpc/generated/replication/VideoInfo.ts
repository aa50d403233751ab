// Original file: proto/video_processing.proto

import type { ChunkInfo as _replication_ChunkInfo, ChunkInfo__Output as _replication_ChunkInfo__Output } from '../replication/ChunkInfo.ts';

export interface VideoInfo {
  'videoId'?: (string);
  'chunks'?: (_replication_ChunkInfo)[];
}

export interface VideoInfo__Output {
  'videoId': (string);
  'chunks': (_replication_ChunkInfo__Output)[];
}
