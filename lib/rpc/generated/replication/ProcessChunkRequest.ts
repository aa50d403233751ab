// Original file: proto/video_processing.proto

import type { ChunkKind as _replication_ChunkKind, ChunkKind__Output as _replication_ChunkKind__Output } from '../replication/ChunkKind.ts';
import type { EncodeSettings as _replication_EncodeSettings, EncodeSettings__Output as _replication_EncodeSettings__Output } from '../replication/EncodeSettings.ts';
import type { Segment as _replication_Segment, Segment__Output as _replication_Segment__Output } from '../replication/Segment.ts';

export interface ProcessChunkRequest {
  'videoId'?: (string);
  'chunkIndex'?: (number);
  /**
   * Left empty in the header of ProcessChunkStream.
   */
  'chunkData'?: (Buffer | Uint8Array | string);
  'kind'?: (_replication_ChunkKind);
  /**
   * SHA-256 of the chunk's bytes (32 bytes); empty: not checked.
   */
  'sha256'?: (Buffer | Uint8Array | string);
  /**
   * How to encode a media segment; refused with an opaque chunk.
   */
  'settings'?: (_replication_EncodeSettings | null);
  /**
   * What a media segment holds; required with one.
   */
  'segment'?: (_replication_Segment | null);
}

export interface ProcessChunkRequest__Output {
  'videoId': (string);
  'chunkIndex': (number);
  /**
   * Left empty in the header of ProcessChunkStream.
   */
  'chunkData': (Buffer);
  'kind': (_replication_ChunkKind__Output);
  /**
   * SHA-256 of the chunk's bytes (32 bytes); empty: not checked.
   */
  'sha256': (Buffer);
  /**
   * How to encode a media segment; refused with an opaque chunk.
   */
  'settings': (_replication_EncodeSettings__Output | null);
  /**
   * What a media segment holds; required with one.
   */
  'segment': (_replication_Segment__Output | null);
}
