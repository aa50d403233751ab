// Original file: proto/video_processing.proto

import type { Long } from '@grpc/proto-loader';

export interface Segment {
  /**
   * Ticks a second of the times below and of the chunk's own track.
   */
  'timescale'?: (number);
  /**
   * The first frame's presentation time in the source.
   */
  'startTicks'?: (number | string | Long);
  /**
   * Exclusive: a frame shown at this time or later is decoded but not encoded (a lead-out). Absent: none is.
   */
  'endTicks'?: (number | string | Long);
  /**
   * How many frames the shard must have: those of the chunk without its lead-out, or those of a converted rate that
   * are shown from start_ticks on and before the next chunk's.
   */
  'frameCount'?: (number);
  /**
   * Frames a second of the whole source, at least about, as a fraction; 0: not known. It sets the level that the
   * shards state, so it is the same for all chunks of a video.
   */
  'frameRateNum'?: (number);
  'frameRateDen'?: (number);
  /**
   * With a converted rate, and else of no effect: when the first frame of the whole output is shown, from which on they
   * are counted, and how many frames the chunk has without its lead-out.
   */
  'originTicks'?: (number | string | Long);
  'sourceFrameCount'?: (number);
  'end'?: "endTicks";
}

export interface Segment__Output {
  /**
   * Ticks a second of the times below and of the chunk's own track.
   */
  'timescale': (number);
  /**
   * The first frame's presentation time in the source.
   */
  'startTicks': (string);
  /**
   * Exclusive: a frame shown at this time or later is decoded but not encoded (a lead-out). Absent: none is.
   */
  'endTicks'?: (string);
  /**
   * How many frames the shard must have: those of the chunk without its lead-out, or those of a converted rate that
   * are shown from start_ticks on and before the next chunk's.
   */
  'frameCount': (number);
  /**
   * Frames a second of the whole source, at least about, as a fraction; 0: not known. It sets the level that the
   * shards state, so it is the same for all chunks of a video.
   */
  'frameRateNum': (number);
  'frameRateDen': (number);
  /**
   * With a converted rate, and else of no effect: when the first frame of the whole output is shown, from which on they
   * are counted, and how many frames the chunk has without its lead-out.
   */
  'originTicks': (string);
  'sourceFrameCount': (number);
  'end'?: "endTicks";
}
