// Original file: proto/master.proto


export interface UploadVideoChunk {
  'videoId'?: (string);
  'dataChunk'?: (Buffer | Uint8Array | string);
  'isFirstChunk'?: (boolean);
  'targetWidth'?: (number);
  'targetHeight'?: (number);
  'upscaleWidth'?: (number);
  'upscaleHeight'?: (number);
  'outputFormat'?: (string);
  'originalFilename'?: (string);
}

export interface UploadVideoChunk__Output {
  'videoId': (string);
  'dataChunk': (Buffer);
  'isFirstChunk': (boolean);
  'targetWidth': (number);
  'targetHeight': (number);
  'upscaleWidth': (number);
  'upscaleHeight': (number);
  'outputFormat': (string);
  'originalFilename': (string);
}
