// Original file: proto/video_processing.proto

export const Codec = {
  CODEC_UNSPECIFIED: 'CODEC_UNSPECIFIED',
  CODEC_H264: 'CODEC_H264',
  CODEC_HEVC: 'CODEC_HEVC',
  CODEC_VP9: 'CODEC_VP9',
  CODEC_AV1: 'CODEC_AV1',
} as const;

export type Codec =
  | 'CODEC_UNSPECIFIED'
  | 0
  | 'CODEC_H264'
  | 1
  | 'CODEC_HEVC'
  | 2
  | 'CODEC_VP9'
  | 3
  | 'CODEC_AV1'
  | 4

export type Codec__Output = typeof Codec[keyof typeof Codec]
