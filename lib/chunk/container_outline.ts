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
  /** By track number, the time from which on an edit list shows no more of it. */
  readonly shownUntilSeconds?: ReadonlyMap<number, number>;
  /** By track number, all streams that it lists, in words: some of them the demuxer may not know. */
  readonly streams?: ReadonlyMap<number, string>;
  /** Why it cannot be read as it is meant, in words; undefined: it can. */
  readonly unsupported?: string | undefined;
  /** What contradicts itself, in words; undefined: nothing that is seen here. */
  readonly fault?: string | undefined;
}

/** More parts than this are in no file that a muxer wrote. */
export const MAX_PARTS = 1_000_000;

/** How attachments are called among other contents. */
export const ATTACHMENTS = "attachments";
