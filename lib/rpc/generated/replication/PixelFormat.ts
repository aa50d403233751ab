// Original file: proto/video_processing.proto

export const PixelFormat = {
  /**
   * The source's own.
   */
  PIXEL_FORMAT_UNSPECIFIED: 'PIXEL_FORMAT_UNSPECIFIED',
  PIXEL_FORMAT_YUV420P: 'PIXEL_FORMAT_YUV420P',
  PIXEL_FORMAT_YUV422P: 'PIXEL_FORMAT_YUV422P',
  PIXEL_FORMAT_YUV444P: 'PIXEL_FORMAT_YUV444P',
  PIXEL_FORMAT_YUV420P10: 'PIXEL_FORMAT_YUV420P10',
} as const;

export type PixelFormat =
  /**
   * The source's own.
   */
  | 'PIXEL_FORMAT_UNSPECIFIED'
  | 0
  | 'PIXEL_FORMAT_YUV420P'
  | 1
  | 'PIXEL_FORMAT_YUV422P'
  | 2
  | 'PIXEL_FORMAT_YUV444P'
  | 3
  | 'PIXEL_FORMAT_YUV420P10'
  | 4

export type PixelFormat__Output = typeof PixelFormat[keyof typeof PixelFormat]
