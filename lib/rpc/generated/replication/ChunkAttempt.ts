// Original file: proto/master.proto

import type { Long } from '@grpc/proto-loader';

export interface ChunkAttempt {
  'worker'?: (string);
  /**
   * From 1, anew each time that the job is taken up.
   */
  'attempt'?: (number);
  /**
   * Milliseconds since 1970.
   */
  'startedMs'?: (number | string | Long);
  'endedMs'?: (number | string | Long);
  /**
   * running, encoded, failed, superseded or interrupted.
   */
  'outcome'?: (string);
  /**
   * Why it failed.
   */
  'reason'?: (string);
  '_endedMs'?: "endedMs";
}

export interface ChunkAttempt__Output {
  'worker': (string);
  /**
   * From 1, anew each time that the job is taken up.
   */
  'attempt': (number);
  /**
   * Milliseconds since 1970.
   */
  'startedMs': (string);
  'endedMs'?: (string);
  /**
   * running, encoded, failed, superseded or interrupted.
   */
  'outcome': (string);
  /**
   * Why it failed.
   */
  'reason': (string);
  '_endedMs'?: "endedMs";
}
