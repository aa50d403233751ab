// Original file: proto/video_processing.proto

import type { Codec as _replication_Codec, Codec__Output as _replication_Codec__Output } from '../replication/Codec.ts';

export interface GetCapabilitiesRequest {
  /**
   * Which codecs to try; none: all.
   */
  'codecs'?: (_replication_Codec)[];
}

export interface GetCapabilitiesRequest__Output {
  /**
   * Which codecs to try; none: all.
   */
  'codecs': (_replication_Codec__Output)[];
}
