// Original file: proto/video_processing.proto


export interface ListShardsRequest {
  /**
   * Empty: all videos.
   */
  'videoId'?: (string);
}

export interface ListShardsRequest__Output {
  /**
   * Empty: all videos.
   */
  'videoId': (string);
}
