// Original file: proto/master.proto


export interface RemoveVideoResponse {
  'videoId'?: (string);
  'success'?: (boolean);
  'message'?: (string);
}

export interface RemoveVideoResponse__Output {
  'videoId': (string);
  'success': (boolean);
  'message': (string);
}
