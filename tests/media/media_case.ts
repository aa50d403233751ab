/** What a generated test file is: data, from which it can be made with the system's ffmpeg. */

/** One run of ffmpeg, its last argument the file that it writes. */
export type FfmpegRun = readonly string[];

/** A file written as it is: subtitles or chapters for a later run. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** Files one after another as one, such as two recordings of MPEG-TS. */
export interface JoinedFile {
  readonly path: string;
  readonly parts: readonly string[];
}

/** A file whose bytes are changed where it stands. */
export interface ChangedFile {
  readonly path: string;
  readonly change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
}

export type Step = FfmpegRun | TextFile | JoinedFile | ChangedFile;

/** What an independent reader finds in the file. */
export interface Expected {
  /** Frames that a decoder shows of the first video track; 0 where there is none. */
  readonly frames: number;
  /**
   * Packets of the first video track from which no frame is shown: those before the first keyframe, leading
   * pictures of a first open group, or what an edit list hides. Absent: none.
   */
  readonly unshownPackets?: number;
  /** What is in the file that a plain round trip would lose or get wrong, a phrase each. */
  readonly notes?: readonly string[];
}

export interface MediaCase {
  /** Unique, such as `open groups, HEVC in MP4`. */
  readonly name: string;
  /** Unique; its extension tells the container. */
  readonly file: string;
  /**
   * How to make it. Files other than `path` that the steps write begin with `path` too, so that cases can be made
   * side by side.
   */
  readonly make: (path: string) => readonly Step[];
  readonly expect: Expected;
}
