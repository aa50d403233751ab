// Original file: proto/master.proto


export interface VideoStatusRequest {
  'videoId'?: (string);
}

export interface VideoStatusRequest__Output {
  'videoId': (string);
}
