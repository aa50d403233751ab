// Original file: proto/video_processing.proto

export const ChunkKind = {
  /**
   * Bytes of any kind, such as a slice of a file: its "encoding" is simulated.
   */
  CHUNK_KIND_OPAQUE: 'CHUNK_KIND_OPAQUE',
  /**
   * A self-contained MP4 with one video track, which can be read front to back: its index comes first.
   */
  CHUNK_KIND_MEDIA_SEGMENT: 'CHUNK_KIND_MEDIA_SEGMENT',
} as const;

export type ChunkKind =
  /**
   * Bytes of any kind, such as a slice of a file: its "encoding" is simulated.
   */
  | 'CHUNK_KIND_OPAQUE'
  | 0
  /**
   * A self-contained MP4 with one video track, which can be read front to back: its index comes first.
   */
  | 'CHUNK_KIND_MEDIA_SEGMENT'
  | 1

export type ChunkKind__Output = typeof ChunkKind[keyof typeof ChunkKind]
