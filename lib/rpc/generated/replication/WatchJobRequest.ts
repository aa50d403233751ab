// Original file: proto/master.proto


export interface WatchJobRequest {
  'videoId'?: (string);
}

export interface WatchJobRequest__Output {
  'videoId': (string);
}
