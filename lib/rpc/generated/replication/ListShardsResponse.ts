// Original file: proto/video_processing.proto

import type { VideoInfo as _replication_VideoInfo, VideoInfo__Output as _replication_VideoInfo__Output } from '../replication/VideoInfo.ts';

export interface ListShardsResponse {
  'success'?: (boolean);
  'workerId'?: (string);
  'message'?: (string);
  /**
   * By video_id, then by chunk_index.
   */
  'videos'?: (_replication_VideoInfo)[];
}

export interface ListShardsResponse__Output {
  'success': (boolean);
  'workerId': (string);
  'message': (string);
  /**
   * By video_id, then by chunk_index.
   */
  'videos': (_replication_VideoInfo__Output)[];
}
