// Original file: proto/master.proto

import type { Job as _replication_Job, Job__Output as _replication_Job__Output } from '../replication/Job.ts';

export interface ListJobsResponse {
  'jobs'?: (_replication_Job)[];
}

export interface ListJobsResponse__Output {
  'jobs': (_replication_Job__Output)[];
}
