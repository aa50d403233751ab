// Original file: proto/master.proto


export interface CancelJobRequest {
  'videoId'?: (string);
}

export interface CancelJobRequest__Output {
  'videoId': (string);
}
