// Original file: proto/video_processing.proto


export interface GetShardRequest {
  'shardLocation'?: (string);
}

export interface GetShardRequest__Output {
  'shardLocation': (string);
}
