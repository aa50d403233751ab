// Original file: proto/video_processing.proto

export const Codec = {
  CODEC_UNSPECIFIED: 'CODEC_UNSPECIFIED',
  CODEC_H264: 'CODEC_H264',
} as const;

export type Codec =
  | 'CODEC_UNSPECIFIED'
  | 0
  | 'CODEC_H264'
  | 1

export type Codec__Output = typeof Codec[keyof typeof Codec]
