// Original file: proto/video_processing.proto

import type { Codec as _replication_Codec, Codec__Output as _replication_Codec__Output } from '../replication/Codec.ts';
import type { PixelFormat as _replication_PixelFormat, PixelFormat__Output as _replication_PixelFormat__Output } from '../replication/PixelFormat.ts';

export interface CodecCapability {
  'codec'?: (_replication_Codec);
  /**
   * As in ProcessChunkResponse, such as "libav/libx264 8.0 form 2"; empty where it cannot encode so.
   */
  'encoder'?: (string);
  /**
   * Of a small test picture, on one thread, starting the encoder included: to compare workers by.
   */
  'framesPerSecond'?: (number | string);
  /**
   * What EncodeSettings may ask for, PIXEL_FORMAT_UNSPECIFIED included.
   */
  'pixelFormats'?: (_replication_PixelFormat)[];
  /**
   * Why it cannot encode so; empty where it can.
   */
  'problem'?: (string);
}

export interface CodecCapability__Output {
  'codec': (_replication_Codec__Output);
  /**
   * As in ProcessChunkResponse, such as "libav/libx264 8.0 form 2"; empty where it cannot encode so.
   */
  'encoder': (string);
  /**
   * Of a small test picture, on one thread, starting the encoder included: to compare workers by.
   */
  'framesPerSecond': (number);
  /**
   * What EncodeSettings may ask for, PIXEL_FORMAT_UNSPECIFIED included.
   */
  'pixelFormats': (_replication_PixelFormat__Output)[];
  /**
   * Why it cannot encode so; empty where it can.
   */
  'problem': (string);
}
