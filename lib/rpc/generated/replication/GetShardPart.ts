// Original file: proto/video_processing.proto

import type { GetShardHeader as _replication_GetShardHeader, GetShardHeader__Output as _replication_GetShardHeader__Output } from '../replication/GetShardHeader.ts';

export interface GetShardPart {
  'header'?: (_replication_GetShardHeader | null);
  'data'?: (Buffer | Uint8Array | string);
  'part'?: "header"|"data";
}

export interface GetShardPart__Output {
  'header'?: (_replication_GetShardHeader__Output | null);
  'data'?: (Buffer);
  'part'?: "header"|"data";
}
