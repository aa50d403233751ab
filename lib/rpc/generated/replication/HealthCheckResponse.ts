// Original file: proto/video_processing.proto

import type { Long } from '@grpc/proto-loader';

export interface HealthCheckResponse {
  'isHealthy'?: (boolean);
  'workerId'?: (string);
  /**
   * Of the whole machine, 0 to 100, over the time since the last sample.
   */
  'cpuUtilization'?: (number | string);
  /**
   * Resident size of the worker and of its encoder processes.
   */
  'memoryUsageBytes'?: (number | string | Long);
  /**
   * Chunks being encoded.
   */
  'activeTasks'?: (number);
  'message'?: (string);
  /**
   * Chunks it encodes at once, and those that wait for a place.
   */
  'maxTasks'?: (number);
  'queuedTasks'?: (number);
}

export interface HealthCheckResponse__Output {
  'isHealthy': (boolean);
  'workerId': (string);
  /**
   * Of the whole machine, 0 to 100, over the time since the last sample.
   */
  'cpuUtilization': (number);
  /**
   * Resident size of the worker and of its encoder processes.
   */
  'memoryUsageBytes': (string);
  /**
   * Chunks being encoded.
   */
  'activeTasks': (number);
  'message': (string);
  /**
   * Chunks it encodes at once, and those that wait for a place.
   */
  'maxTasks': (number);
  'queuedTasks': (number);
}
