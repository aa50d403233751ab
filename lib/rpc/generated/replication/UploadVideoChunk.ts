// Original file: proto/master.proto

import type { EncodeSettings as _replication_EncodeSettings, EncodeSettings__Output as _replication_EncodeSettings__Output } from '../replication/EncodeSettings.ts';
import type { AudioMode as _replication_AudioMode, AudioMode__Output as _replication_AudioMode__Output } from '../replication/AudioMode.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * The first message says what the video is; bytes may be in it and in all that follow.
 */
export interface UploadVideoChunk {
  /**
   * One path segment. A video of a name that there is is refused, unless the job of that one failed or was
   * cancelled: then this one takes its place.
   */
  'videoId'?: (string);
  'dataChunk'?: (Buffer | Uint8Array | string);
  'isFirstChunk'?: (boolean);
  /**
   * The size of the result as it is shown, in pixels; 0 and 0: the source's. One alone keeps the aspect. Of a video
   * that players turn by a quarter, such as one of a phone held upright, it is that after they have done so.
   */
  'targetWidth'?: (number);
  'targetHeight'?: (number);
  /**
   * In place of target_*, where given.
   */
  'upscaleWidth'?: (number);
  'upscaleHeight'?: (number);
  /**
   * mp4 (also where empty), mov, mkv or webm.
   */
  'outputFormat'?: (string);
  /**
   * For people to read.
   */
  'originalFilename'?: (string);
  /**
   * Additions to the Python project's fields, of the first message only.
   * Absent: H.264, or VP9 in webm, at its usual quality. width and height in place of those above, where given.
   */
  'settings'?: (_replication_EncodeSettings | null);
  'audio'?: (_replication_AudioMode);
  /**
   * Bits a second of an encoded track; 0: the usual ones.
   */
  'audioBitrate'?: (number);
  /**
   * -100 to 100; higher is sooner.
   */
  'priority'?: (number);
  /**
   * Target length of a chunk; 0: 10.
   */
  'chunkSeconds'?: (number | string);
  /**
   * Of the whole video: too many are refused early, and fewer or more in the end. 0: not known.
   */
  'sizeBytes'?: (number | string | Long);
}

/**
 * The first message says what the video is; bytes may be in it and in all that follow.
 */
export interface UploadVideoChunk__Output {
  /**
   * One path segment. A video of a name that there is is refused, unless the job of that one failed or was
   * cancelled: then this one takes its place.
   */
  'videoId': (string);
  'dataChunk': (Buffer);
  'isFirstChunk': (boolean);
  /**
   * The size of the result as it is shown, in pixels; 0 and 0: the source's. One alone keeps the aspect. Of a video
   * that players turn by a quarter, such as one of a phone held upright, it is that after they have done so.
   */
  'targetWidth': (number);
  'targetHeight': (number);
  /**
   * In place of target_*, where given.
   */
  'upscaleWidth': (number);
  'upscaleHeight': (number);
  /**
   * mp4 (also where empty), mov, mkv or webm.
   */
  'outputFormat': (string);
  /**
   * For people to read.
   */
  'originalFilename': (string);
  /**
   * Additions to the Python project's fields, of the first message only.
   * Absent: H.264, or VP9 in webm, at its usual quality. width and height in place of those above, where given.
   */
  'settings': (_replication_EncodeSettings__Output | null);
  'audio': (_replication_AudioMode__Output);
  /**
   * Bits a second of an encoded track; 0: the usual ones.
   */
  'audioBitrate': (number);
  /**
   * -100 to 100; higher is sooner.
   */
  'priority': (number);
  /**
   * Target length of a chunk; 0: 10.
   */
  'chunkSeconds': (number);
  /**
   * Of the whole video: too many are refused early, and fewer or more in the end. 0: not known.
   */
  'sizeBytes': (string);
}
