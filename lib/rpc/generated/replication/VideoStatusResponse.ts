// Original file: proto/master.proto

import type { Job as _replication_Job, Job__Output as _replication_Job__Output } from '../replication/Job.ts';

export interface VideoStatusResponse {
  'videoId'?: (string);
  /**
   * segmenting, processing, concatenating; then completed, failed_segmentation, processing_failed or
   * concatenation_failed; or not_found.
   */
  'status'?: (string);
  'message'?: (string);
  /**
   * An addition; absent where there is none.
   */
  'job'?: (_replication_Job | null);
}

export interface VideoStatusResponse__Output {
  'videoId': (string);
  /**
   * segmenting, processing, concatenating; then completed, failed_segmentation, processing_failed or
   * concatenation_failed; or not_found.
   */
  'status': (string);
  'message': (string);
  /**
   * An addition; absent where there is none.
   */
  'job': (_replication_Job__Output | null);
}
