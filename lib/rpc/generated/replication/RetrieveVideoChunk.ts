// Original file: proto/master.proto


export interface RetrieveVideoChunk {
  'videoId'?: (string);
  'dataChunk'?: (Buffer | Uint8Array | string);
}

export interface RetrieveVideoChunk__Output {
  'videoId': (string);
  'dataChunk': (Buffer);
}
