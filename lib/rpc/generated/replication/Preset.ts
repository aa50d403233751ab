// Original file: proto/video_processing.proto

/**
 * Speed against size, slowest last; the names that x264 and x265 give them.
 */
export const Preset = {
  PRESET_UNSPECIFIED: 'PRESET_UNSPECIFIED',
  PRESET_ULTRAFAST: 'PRESET_ULTRAFAST',
  PRESET_SUPERFAST: 'PRESET_SUPERFAST',
  PRESET_VERYFAST: 'PRESET_VERYFAST',
  PRESET_FASTER: 'PRESET_FASTER',
  PRESET_FAST: 'PRESET_FAST',
  PRESET_MEDIUM: 'PRESET_MEDIUM',
  PRESET_SLOW: 'PRESET_SLOW',
  PRESET_SLOWER: 'PRESET_SLOWER',
  PRESET_VERYSLOW: 'PRESET_VERYSLOW',
} as const;

/**
 * Speed against size, slowest last; the names that x264 and x265 give them.
 */
export type Preset =
  | 'PRESET_UNSPECIFIED'
  | 0
  | 'PRESET_ULTRAFAST'
  | 1
  | 'PRESET_SUPERFAST'
  | 2
  | 'PRESET_VERYFAST'
  | 3
  | 'PRESET_FASTER'
  | 4
  | 'PRESET_FAST'
  | 5
  | 'PRESET_MEDIUM'
  | 6
  | 'PRESET_SLOW'
  | 7
  | 'PRESET_SLOWER'
  | 8
  | 'PRESET_VERYSLOW'
  | 9

/**
 * Speed against size, slowest last; the names that x264 and x265 give them.
 */
export type Preset__Output = typeof Preset[keyof typeof Preset]
