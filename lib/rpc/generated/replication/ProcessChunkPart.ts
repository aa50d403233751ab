// Original file: proto/video_processing.proto

import type { ProcessChunkRequest as _replication_ProcessChunkRequest, ProcessChunkRequest__Output as _replication_ProcessChunkRequest__Output } from '../replication/ProcessChunkRequest.ts';

export interface ProcessChunkPart {
  'header'?: (_replication_ProcessChunkRequest | null);
  'data'?: (Buffer | Uint8Array | string);
  'part'?: "header"|"data";
}

export interface ProcessChunkPart__Output {
  'header'?: (_replication_ProcessChunkRequest__Output | null);
  'data'?: (Buffer);
  'part'?: "header"|"data";
}
