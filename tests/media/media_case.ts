/** What a generated test file is: data, from which the system's ffmpeg can make it. */

/** One run of ffmpeg; its last argument is the file that it writes. */
export type FfmpegRun = readonly string[];

/** A file written as it is: subtitles or chapters for a later run. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** Files one after another as one, such as two recordings in MPEG-TS. */
export interface JoinedFile {
  readonly path: string;
  readonly parts: readonly string[];
  /** How to make one of their bytes; absent: one after another. */
  readonly join?: (parts: readonly Uint8Array<ArrayBuffer>[]) => Uint8Array<ArrayBuffer>;
}

/** A file whose bytes are changed in place, for what no muxer writes. */
export interface PatchedFile {
  readonly path: string;
  /** Changes `bytes`, all of the file. */
  readonly patch: (bytes: Uint8Array<ArrayBuffer>) => void;
}

export type Step = FfmpegRun | TextFile | JoinedFile | PatchedFile;

/** What an independent reader finds in the file. */
export interface Expected {
  /** Frames that a decoder shows of the first video track; 0 where there is no video. */
  readonly frames: number;
  /**
   * Packets of the first video track of which no frame is shown: those before the first keyframe, the leading
   * pictures of an open group that a file starts with, what an edit list hides. Absent: none.
   */
  readonly unshownPackets?: number;
  /** By how many seconds FFmpeg reads all times of the first video track later than the file says. Absent: 0. */
  readonly readLateBy?: number;
  /** What is said of the first video track, by ffprobe's names: a field, a tag, or a field of its side data. */
  readonly says?: Readonly<Record<string, string | number>>;
  /** What else a plain round trip would lose or get wrong, a phrase each. */
  readonly notes?: readonly string[];
}

export interface MediaCase {
  /** Unique, such as `HEVC, open groups, in MP4`. */
  readonly name: string;
  /** Unique; its extension tells the container. */
  readonly file: string;
  /**
   * How to make it. Further files that the steps write have names that begin with `path`, so that cases can be
   * made side by side.
   */
  readonly make: (path: string) => readonly Step[];
  readonly expect: Expected;
}

/** A file that one run of ffmpeg makes. */
export function oneRun(name: string, file: string, expect: Expected, args: readonly string[]): MediaCase {
  return { name, file, expect, make: (path) => [[...args, path]] };
}

/** A file that ffmpeg makes of another that it made before, so that what an encoder did can be rearranged. */
export function twoRuns(
  name: string,
  file: string,
  expect: Expected,
  { first, between, second }: {
    readonly first: readonly string[];
    /** Extension of the file between, such as `mp4`. */
    readonly between: string;
    /** Options for reading it, and those for writing. */
    readonly second: readonly [reading: readonly string[], writing: readonly string[]];
  },
): MediaCase {
  const make = (path: string): readonly Step[] => {
    const middle = `${path}.first.${between}`;
    const [reading, writing] = second;
    return [[...first, middle], [...reading, "-i", middle, ...writing, path]];
  };
  return { name, file, expect, make };
}
