/** A track of text to be shown with the pictures. */
import type { Packing } from "./matroska_packing.ts";
import type { SampleIndex } from "./sample_index.ts";
import type { TrackRole } from "./track_roles.ts";

/** How its text is marked up: SubRip, SubStation Alpha (either version), WebVTT, and timed text of 3GPP. */
export type SubtitleFormat = "srt" | "ass" | "webvtt" | "tx3g";

/** What the container says of it. */
export interface SubtitleOutline {
  /** Track number. */
  readonly id: number;
  /** Such as `subtitles (S_TEXT/UTF8, eng)`. */
  readonly title: string;
  readonly format: SubtitleFormat;
  /** As the container has it, such as `S_TEXT/ASS` or `tx3g`. */
  readonly codecId: string;
  /** ISO 639-2, `und` where it is not known. */
  readonly languageCode: string;
  readonly name: string | undefined;
  readonly isDefault: boolean;
  /** Whether players leave it out; absent: they do not. */
  readonly isSwitchedOff?: boolean;
  /** Whether it is shown to those too who have asked for none: translations of signs. */
  readonly isForced: boolean;
  /** What it is for, besides. */
  readonly roles?: ReadonlySet<TrackRole> | undefined;
  /** What comes before the text, styles and the like: of Matroska its CodecPrivate, of MP4 the sample description. */
  readonly header: Uint8Array | undefined;
  /** Undefined: its text is stored as it is. */
  readonly packing: Packing | undefined;
  /** Undefined: they are found with those of the other tracks. */
  readonly samples: SampleIndex | undefined;
}

export interface SubtitleTrack extends SubtitleOutline {
  /**
   * By their starts; undefined: they cannot be read, or are more than are in any film. Reads the file when it is
   * called.
   */
  readonly readCues: () => Promise<readonly Cue[] | undefined>;
}

/** Some text and when it is shown. */
export interface Cue {
  /** On the clock of the video's frames. */
  readonly startSeconds: number;
  readonly endSeconds: number;
  /** Marked up as the track's format says. */
  readonly text: string;
  /** Whether the container may have styles or a place for it apart from the text. */
  readonly isStyled: boolean;
  /** Of MP4, the sample with its styles. */
  readonly sample?: Uint8Array;
}

/** The format of a track of Matroska by its codec id; undefined: pictures, or not known here. */
export function matroskaFormat(codecId: string): SubtitleFormat | undefined {
  if (/^S_TEXT\/(UTF8|ASCII)$/.test(codecId)) return "srt";
  if (/^S_(TEXT\/)?(ASS|SSA)$/.test(codecId)) return "ass";
  if (/^(S_TEXT\/WEBVTT|D_WEBVTT\/(SUBTITLES|CAPTIONS|DESCRIPTIONS))$/.test(codecId)) return "webvtt";
  return undefined;
}
