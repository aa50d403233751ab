// Original file: proto/video_processing.proto

import type { CodecCapability as _replication_CodecCapability, CodecCapability__Output as _replication_CodecCapability__Output } from '../replication/CodecCapability.ts';

export interface GetCapabilitiesResponse {
  'workerId'?: (string);
  /**
   * Chunks it encodes at once.
   */
  'maxTasks'?: (number);
  /**
   * Encoder threads of a request that names no number.
   */
  'threads'?: (number);
  /**
   * Whether all that were asked for have been tried to an end; else ask again soon.
   */
  'complete'?: (boolean);
  /**
   * Those tried so far, asked for now or before.
   */
  'codecs'?: (_replication_CodecCapability)[];
}

export interface GetCapabilitiesResponse__Output {
  'workerId': (string);
  /**
   * Chunks it encodes at once.
   */
  'maxTasks': (number);
  /**
   * Encoder threads of a request that names no number.
   */
  'threads': (number);
  /**
   * Whether all that were asked for have been tried to an end; else ask again soon.
   */
  'complete': (boolean);
  /**
   * Those tried so far, asked for now or before.
   */
  'codecs': (_replication_CodecCapability__Output)[];
}
