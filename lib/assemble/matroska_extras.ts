/** What goes into a Matroska or WebM file besides what the muxer writes: chapters, subtitles, stored tracks, facts. */
import type { MetadataTags, Output } from "mediabunny";
import { concatenated } from "./ebml_bytes.ts";
import type { Extras } from "./extras.ts";
import type { TrackFeed } from "./interleave.ts";
import { chaptersElement } from "./matroska_chapters.ts";
import { infoElements, stereoElements } from "./matroska_facts.ts";
import { type HeaderExtras, putExtras, type SegmentHeader, withRoom } from "./matroska_header.ts";
import { addStoredTrack } from "./matroska_stored_tracks.ts";
import { addMatroskaSubtitles } from "./matroska_subtitles.ts";
import type { OutputTags } from "./output_tags.ts";

export interface MatroskaExtras {
  readonly feeds: readonly TrackFeed[];
  /** The output's tags, with room for what the muxer cannot write. */
  readonly tags: MetadataTags;
  /** Puts that into the finished file. */
  readonly put: (file: Deno.FsFile, header: SegmentHeader) => Promise<void>;
}

/**
 * Adds tracks to an output that has not started, behind those that it has.
 *
 * @param video `colour`: an element, or none; `frameSeconds`: how long each frame is shown, undefined: not all as long.
 */
export function addMatroskaExtras(
  output: Output,
  { subtitles, stored, chapters, endSeconds }: Pick<
    Extras,
    "subtitles" | "stored" | "chapters" | "endSeconds"
  >,
  { tags, createdNs, stereoMode }: OutputTags,
  { colour, frameSeconds }: { readonly colour: Uint8Array; readonly frameSeconds: number | undefined },
): MatroskaExtras {
  const tracks = [
    ...subtitles.map((track) => addMatroskaSubtitles(output, track)),
    ...stored.map((track) => addStoredTrack(output, track, { endSeconds })),
  ];
  const { title, ...others } = tags;
  // Some readers look for it among the tags alone; of "TITLE" there, FFmpeg would make the name of the other one.
  const raw = title === undefined ? others.raw : { title, ...others.raw };
  const extras: HeaderExtras = {
    chapters: chapters.length > 0 ? chaptersElement(chapters) : undefined,
    tracks: new Map(tracks.map(({ number, elements }) => [number, elements])),
    info: infoElements(title, createdNs),
    video: concatenated([stereoElements(stereoMode), colour]),
    frameSeconds,
    trackCount: output.tracks.length,
  };
  return {
    feeds: tracks.map(({ feed }) => feed),
    tags: withRoom({ ...others, ...(raw && { raw }) }, extras),
    put: (file, header) => putExtras(file, header, extras),
  };
}
