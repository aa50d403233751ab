// Original file: proto/master.proto


export interface UploadVideoResponse {
  'videoId'?: (string);
  'success'?: (boolean);
  'message'?: (string);
}

export interface UploadVideoResponse__Output {
  'videoId': (string);
  'success': (boolean);
  'message': (string);
}
