// Original file: proto/video_processing.proto


export interface HealthCheckRequest {
  'masterId'?: (string);
}

export interface HealthCheckRequest__Output {
  'masterId': (string);
}
