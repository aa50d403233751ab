// Original file: proto/master.proto


export interface VideoStatusResponse {
  'videoId'?: (string);
  'status'?: (string);
  'message'?: (string);
}

export interface VideoStatusResponse__Output {
  'videoId': (string);
  'status': (string);
  'message': (string);
}
