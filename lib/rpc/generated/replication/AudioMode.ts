// Original file: proto/master.proto

export const AudioMode = {
  /**
   * Packet for packet, as far as the output can hold them.
   */
  AUDIO_MODE_COPY: 'AUDIO_MODE_COPY',
  AUDIO_MODE_NONE: 'AUDIO_MODE_NONE',
  AUDIO_MODE_AAC: 'AUDIO_MODE_AAC',
  AUDIO_MODE_OPUS: 'AUDIO_MODE_OPUS',
} as const;

export type AudioMode =
  /**
   * Packet for packet, as far as the output can hold them.
   */
  | 'AUDIO_MODE_COPY'
  | 0
  | 'AUDIO_MODE_NONE'
  | 1
  | 'AUDIO_MODE_AAC'
  | 2
  | 'AUDIO_MODE_OPUS'
  | 3

export type AudioMode__Output = typeof AudioMode[keyof typeof AudioMode]
