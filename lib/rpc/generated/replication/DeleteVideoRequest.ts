// Original file: proto/video_processing.proto


export interface DeleteVideoRequest {
  'videoId'?: (string);
}

export interface DeleteVideoRequest__Output {
  'videoId': (string);
}
