// Original file: proto/video_processing.proto


export interface GetVideoMetadataRequest {
  'videoId'?: (string);
}

export interface GetVideoMetadataRequest__Output {
  'videoId': (string);
}
