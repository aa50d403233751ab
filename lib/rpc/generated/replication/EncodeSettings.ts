// Original file: proto/video_processing.proto

import type { Codec as _replication_Codec, Codec__Output as _replication_Codec__Output } from '../replication/Codec.ts';
import type { Preset as _replication_Preset, Preset__Output as _replication_Preset__Output } from '../replication/Preset.ts';
import type { PixelFormat as _replication_PixelFormat, PixelFormat__Output as _replication_PixelFormat__Output } from '../replication/PixelFormat.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * Enumerated and range-checked: nothing here reaches an encoder as a raw argument.
 */
export interface EncodeSettings {
  /**
   * Unspecified: H.264.
   */
  'codec'?: (_replication_Codec);
  /**
   * Constant rate factor: 0 (best, in H.264 lossless) to 51 for H.264 and HEVC, whole from 0 to 63 for VP9 and AV1.
   */
  'crf'?: (number | string);
  /**
   * Average bit rate in bits per second.
   */
  'bitrate'?: (number | string | Long);
  /**
   * Unspecified: medium.
   */
  'preset'?: (_replication_Preset);
  /**
   * Pixels; 0 with the other side given keeps the picture's aspect, 0 and 0 its size. To a worker they are those of
   * the picture as it is coded; to a master, as it is shown: where players turn it by a quarter, the two are swapped.
   */
  'width'?: (number);
  'height'?: (number);
  'pixelFormat'?: (_replication_PixelFormat);
  /**
   * Encoder threads, which shape the bytes; 0: the worker's own number.
   */
  'threads'?: (number);
  /**
   * Frames from one keyframe to the next at most; 0: the encoder's own number.
   */
  'keyframeInterval'?: (number);
  /**
   * Makes whole frames of interlaced ones; else they stay interlaced where the codec can say so.
   */
  'deinterlace'?: (boolean);
  /**
   * Frames a second to convert to, as a fraction; 0: none, each frame keeps its time. Output frame k is shown at
   * Segment.origin_ticks + k / rate and has the picture of the latest frame at or before that time.
   */
  'frameRateNum'?: (number);
  'frameRateDen'?: (number);
  /**
   * Neither: the codec's usual quality.
   */
  'rateControl'?: "crf"|"bitrate";
}

/**
 * Enumerated and range-checked: nothing here reaches an encoder as a raw argument.
 */
export interface EncodeSettings__Output {
  /**
   * Unspecified: H.264.
   */
  'codec': (_replication_Codec__Output);
  /**
   * Constant rate factor: 0 (best, in H.264 lossless) to 51 for H.264 and HEVC, whole from 0 to 63 for VP9 and AV1.
   */
  'crf'?: (number);
  /**
   * Average bit rate in bits per second.
   */
  'bitrate'?: (string);
  /**
   * Unspecified: medium.
   */
  'preset': (_replication_Preset__Output);
  /**
   * Pixels; 0 with the other side given keeps the picture's aspect, 0 and 0 its size. To a worker they are those of
   * the picture as it is coded; to a master, as it is shown: where players turn it by a quarter, the two are swapped.
   */
  'width': (number);
  'height': (number);
  'pixelFormat': (_replication_PixelFormat__Output);
  /**
   * Encoder threads, which shape the bytes; 0: the worker's own number.
   */
  'threads': (number);
  /**
   * Frames from one keyframe to the next at most; 0: the encoder's own number.
   */
  'keyframeInterval': (number);
  /**
   * Makes whole frames of interlaced ones; else they stay interlaced where the codec can say so.
   */
  'deinterlace': (boolean);
  /**
   * Frames a second to convert to, as a fraction; 0: none, each frame keeps its time. Output frame k is shown at
   * Segment.origin_ticks + k / rate and has the picture of the latest frame at or before that time.
   */
  'frameRateNum': (number);
  'frameRateDen': (number);
  /**
   * Neither: the codec's usual quality.
   */
  'rateControl'?: "crf"|"bitrate";
}
