// Original file: proto/master.proto

import type { Job as _replication_Job, Job__Output as _replication_Job__Output } from '../replication/Job.ts';
import type { JobChunk as _replication_JobChunk, JobChunk__Output as _replication_JobChunk__Output } from '../replication/JobChunk.ts';

export interface JobUpdate {
  'job'?: (_replication_Job | null);
  'chunk'?: (_replication_JobChunk | null);
  'update'?: "job"|"chunk";
}

export interface JobUpdate__Output {
  'job'?: (_replication_Job__Output | null);
  'chunk'?: (_replication_JobChunk__Output | null);
  'update'?: "job"|"chunk";
}
