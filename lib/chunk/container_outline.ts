/** What a container says of itself that the demuxer does not tell: its full size, delays, and other tracks. */
import type { TrackDisposition } from "mediabunny";
import type { AlacConfig } from "./alac_config.ts";
import type { ChapterList } from "./chapters.ts";
import type { StatedAspect } from "./pixel_aspect.ts";
import type { DolbyVision } from "./dolby_vision.ts";
import type { StatedHdr } from "./stated_hdr.ts";
import type { SampleIndex } from "./sample_index.ts";
import type { StoredOutline } from "./stored_track.ts";
import type { TrackRole } from "./track_roles.ts";
import type { SubtitleOutline } from "./subtitle_track.ts";

/** Bytes at any position. */
export interface ByteSource {
  readonly sizeBytes: number;
  /**
   * Both ends lie within `sizeBytes`.
   *
   * @param into May be used for them, if it has room; else, and where there is none, they are others.
   */
  read(start: number, end: number, into?: Uint8Array<ArrayBuffer>): Promise<Uint8Array>;
}

/** What a container says of a stream for people and players. */
export interface StreamLabels {
  /** ISO 639-2; undefined: it says none. */
  readonly languageCode: string | undefined;
  readonly disposition: Partial<TrackDisposition>;
}

export interface ContainerOutline {
  /** The size that its parts add up to; larger than the file's own where the end is missing. */
  readonly claimedBytes: number;
  /** What it holds besides video and audio, in words, such as `subtitles (S_TEXT/UTF8, eng)`. */
  readonly otherContents: readonly string[];
  /** Where the demuxer does not tell it. */
  readonly title?: string | undefined;
  /** When it was made, in nanoseconds since 1970; undefined: it does not say. */
  readonly createdNs?: bigint | undefined;
  /** By track number, how its pictures hold two for 3D: `StereoMode` of Matroska, and not 0. */
  readonly stereoModes?: ReadonlyMap<number, number>;
  /** By track number, the seconds to take off a packet's time (CodecDelay of Matroska). */
  readonly delaysSeconds: ReadonlyMap<number, number>;
  /** By track number, the time from which on an edit list shows no more of it. */
  readonly shownUntilSeconds?: ReadonlyMap<number, number>;
  /** By track number, all streams that it lists, in words: some of them the demuxer may not know. */
  readonly streams?: ReadonlyMap<number, string>;
  /** By track number, what decoders of its Apple Lossless have to know. */
  readonly alacConfigs?: ReadonlyMap<number, AlacConfig>;
  /** By track number, what it says of each stream where the demuxer tells nothing of the kind. */
  readonly labels?: ReadonlyMap<number, StreamLabels>;
  /** By track number, what pictures and sound are for, where it says anything of it. */
  readonly roles?: ReadonlyMap<number, ReadonlySet<TrackRole>>;
  /** By track number, the shape of a video's pixels, where it says anything of it. */
  readonly pixelAspects?: ReadonlyMap<number, StatedAspect>;
  /** By track number, what it says of the light of a video's pictures. */
  readonly hdr?: ReadonlyMap<number, StatedHdr>;
  /** By track number, each of which `otherContents` names too. */
  readonly dolbyVision?: ReadonlyMap<number, DolbyVision>;
  /** By track number, the samples of tracks whose packets are read without the demuxer. */
  readonly samples?: ReadonlyMap<number, SampleIndex>;
  /** Tracks of text, each of which `otherContents` names too. */
  readonly subtitles?: readonly SubtitleOutline[];
  /** Tracks that can be carried as they are stored: all sound, and of what `otherContents` names all but text. */
  readonly stored?: readonly StoredOutline[];
  /** Reads the chapters; absent: there are none. */
  readonly readChapters?: () => Promise<ChapterList | undefined>;
  /** The file as the demuxer is to see it, with but the first sample of those tracks; undefined: as it is. */
  readonly abridged?: ByteSource | undefined;
  /** Why it cannot be read as it is meant, in words; undefined: it can. */
  readonly unsupported?: string | undefined;
  /** What contradicts itself, in words; undefined: nothing that is seen here. */
  readonly fault?: string | undefined;
}

/** More parts than this are in no file that a muxer wrote. */
export const MAX_PARTS = 1_000_000;

/** How chapters are called among other contents. */
export const CHAPTERS = "chapters";

/** How attachments are called among other contents. */
export const ATTACHMENTS = "attachments";
