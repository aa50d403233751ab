// Original file: proto/master.proto

import type { EncodeSettings as _replication_EncodeSettings, EncodeSettings__Output as _replication_EncodeSettings__Output } from '../replication/EncodeSettings.ts';
import type { Long } from '@grpc/proto-loader';

export interface Job {
  /**
   * Unique for ever: a video that is uploaded again is another job.
   */
  'jobId'?: (string);
  'videoId'?: (string);
  'originalFilename'?: (string);
  /**
   * queued, segmenting, processing, concatenating; then completed, failed or cancelled.
   */
  'state'?: (string);
  /**
   * 0 to 100, by frames; 100 only once it is completed.
   */
  'percent'?: (number | string);
  /**
   * 0 until the video is planned, as are the other figures of the plan.
   */
  'chunks'?: (number);
  'chunksDone'?: (number);
  /**
   * Of those done, how many had been encoded before.
   */
  'chunksReused'?: (number);
  'frames'?: (number | string | Long);
  'framesDone'?: (number | string | Long);
  'durationSeconds'?: (number | string);
  /**
   * Frames encoded a second, all workers together; absent: not known, as are the next two.
   */
  'fps'?: (number | string);
  /**
   * Seconds of video encoded a second.
   */
  'speed'?: (number | string);
  /**
   * Until the last chunk is done.
   */
  'etaSeconds'?: (number | string);
  'sourceBytes'?: (number | string | Long);
  /**
   * Of the shards so far; of the result, once there is one.
   */
  'outputBytes'?: (number | string | Long);
  /**
   * Such as "libav/libx264 8.1 form 2"; empty until it is chosen.
   */
  'build'?: (string);
  'priority'?: (number);
  /**
   * Milliseconds since 1970.
   */
  'createdMs'?: (number | string | Long);
  'startedMs'?: (number | string | Long);
  'finishedMs'?: (number | string | Long);
  /**
   * Where the state is failed: segmenting, processing or concatenating, and why.
   */
  'failureStage'?: (string);
  'failureMessage'?: (string);
  /**
   * What the encoders changed and what could not be carried, a sentence each.
   */
  'notes'?: (string)[];
  'settings'?: (_replication_EncodeSettings | null);
  'outputFormat'?: (string);
  '_fps'?: "fps";
  '_speed'?: "speed";
  '_etaSeconds'?: "etaSeconds";
  '_startedMs'?: "startedMs";
  '_finishedMs'?: "finishedMs";
}

export interface Job__Output {
  /**
   * Unique for ever: a video that is uploaded again is another job.
   */
  'jobId': (string);
  'videoId': (string);
  'originalFilename': (string);
  /**
   * queued, segmenting, processing, concatenating; then completed, failed or cancelled.
   */
  'state': (string);
  /**
   * 0 to 100, by frames; 100 only once it is completed.
   */
  'percent': (number);
  /**
   * 0 until the video is planned, as are the other figures of the plan.
   */
  'chunks': (number);
  'chunksDone': (number);
  /**
   * Of those done, how many had been encoded before.
   */
  'chunksReused': (number);
  'frames': (string);
  'framesDone': (string);
  'durationSeconds': (number);
  /**
   * Frames encoded a second, all workers together; absent: not known, as are the next two.
   */
  'fps'?: (number);
  /**
   * Seconds of video encoded a second.
   */
  'speed'?: (number);
  /**
   * Until the last chunk is done.
   */
  'etaSeconds'?: (number);
  'sourceBytes': (string);
  /**
   * Of the shards so far; of the result, once there is one.
   */
  'outputBytes': (string);
  /**
   * Such as "libav/libx264 8.1 form 2"; empty until it is chosen.
   */
  'build': (string);
  'priority': (number);
  /**
   * Milliseconds since 1970.
   */
  'createdMs': (string);
  'startedMs'?: (string);
  'finishedMs'?: (string);
  /**
   * Where the state is failed: segmenting, processing or concatenating, and why.
   */
  'failureStage': (string);
  'failureMessage': (string);
  /**
   * What the encoders changed and what could not be carried, a sentence each.
   */
  'notes': (string)[];
  'settings': (_replication_EncodeSettings__Output | null);
  'outputFormat': (string);
  '_fps'?: "fps";
  '_speed'?: "speed";
  '_etaSeconds'?: "etaSeconds";
  '_startedMs'?: "startedMs";
  '_finishedMs'?: "finishedMs";
}
