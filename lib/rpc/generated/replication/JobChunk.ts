// Original file: proto/master.proto

import type { ChunkAttempt as _replication_ChunkAttempt, ChunkAttempt__Output as _replication_ChunkAttempt__Output } from '../replication/ChunkAttempt.ts';
import type { Long } from '@grpc/proto-loader';

export interface JobChunk {
  'chunkIndex'?: (number);
  'startSeconds'?: (number | string);
  'durationSeconds'?: (number | string);
  'frames'?: (number);
  /**
   * queued, encoding, done, reused or failed.
   */
  'state'?: (string);
  /**
   * Who encodes it, or did.
   */
  'worker'?: (string);
  'shardBytes'?: (number | string | Long);
  'attempts'?: (_replication_ChunkAttempt)[];
}

export interface JobChunk__Output {
  'chunkIndex': (number);
  'startSeconds': (number);
  'durationSeconds': (number);
  'frames': (number);
  /**
   * queued, encoding, done, reused or failed.
   */
  'state': (string);
  /**
   * Who encodes it, or did.
   */
  'worker': (string);
  'shardBytes': (string);
  'attempts': (_replication_ChunkAttempt__Output)[];
}
