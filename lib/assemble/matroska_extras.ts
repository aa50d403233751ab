/** Chapters and subtitles on their way into a Matroska or WebM file. */
import type { MetadataTags, Output } from "mediabunny";
import type { Extras } from "./extras.ts";
import type { TrackFeed } from "./interleave.ts";
import { chaptersElement } from "./matroska_chapters.ts";
import { putExtras, type SegmentHeader, withRoom } from "./matroska_header.ts";
import { addMatroskaSubtitles } from "./matroska_subtitles.ts";
import type { SeekableFile } from "./seekable_sink.ts";

export interface MatroskaExtras {
  readonly feeds: readonly TrackFeed[];
  /** The output's tags, with room for what the muxer cannot write. */
  readonly withRoom: (tags: MetadataTags) => MetadataTags;
  /** Puts that into the finished file. */
  readonly put: (file: SeekableFile, header: SegmentHeader) => Promise<void>;
}

/** Adds tracks to an output that has not started, behind those that it has; undefined where there is nothing. */
export function addMatroskaExtras(
  output: Output,
  { subtitles, chapters }: Pick<Extras, "subtitles" | "chapters">,
): MatroskaExtras | undefined {
  if (subtitles.length === 0 && chapters.length === 0) return undefined;
  const texts = subtitles.map((track) => addMatroskaSubtitles(output, track));
  const chaptersPart = chapters.length > 0 ? chaptersElement(chapters) : undefined;
  const tracks = new Map(texts.map(({ number, elements }) => [number, elements]));
  return {
    feeds: texts.map(({ feed }) => feed),
    withRoom: (tags) => chaptersPart ? withRoom(tags, chaptersPart.length) : tags,
    put: (file, header) => putExtras(file, header, { chapters: chaptersPart, tracks }),
  };
}
