// Original file: proto/video_processing.proto

import type { Long } from '@grpc/proto-loader';

export interface ChunkInfo {
  'chunkIndex'?: (number);
  'shardLocation'?: (string);
  'sizeBytes'?: (number | string | Long);
}

export interface ChunkInfo__Output {
  'chunkIndex': (number);
  'shardLocation': (string);
  'sizeBytes': (string);
}
