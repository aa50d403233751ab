/** What a container says of itself that the demuxer does not tell: its full size, delays, and other tracks. */

/** Bytes at any position; both ends lie within `sizeBytes`. */
export interface ByteSource {
  readonly sizeBytes: number;
  read(start: number, end: number): Promise<Uint8Array>;
}

export interface ContainerOutline {
  /** The size that its parts add up to; larger than the file's own where the end is missing. */
  readonly claimedBytes: number;
  /** What it holds besides video and audio, in words, such as `subtitles (S_TEXT/UTF8, eng)`. */
  readonly otherContents: readonly string[];
  /** By track number, the seconds to take off a packet's time (CodecDelay of Matroska). */
  readonly delaysSeconds: ReadonlyMap<number, number>;
}

/** More parts than this are in no file that a muxer wrote. */
export const MAX_PARTS = 1_000_000;
