// Original file: proto/video_processing.proto


export interface DeleteVideoResponse {
  'success'?: (boolean);
  'workerId'?: (string);
  'message'?: (string);
  'deletedChunks'?: (number);
}

export interface DeleteVideoResponse__Output {
  'success': (boolean);
  'workerId': (string);
  'message': (string);
  'deletedChunks': (number);
}
