// Original file: proto/master.proto


export interface RetrieveVideoRequest {
  'videoId'?: (string);
}

export interface RetrieveVideoRequest__Output {
  'videoId': (string);
}
