/** What goes with the pictures besides sound that can be read: chapters, subtitles and more, as an output holds them. */
import type { Chapter } from "../chunk/chapters.ts";
import { CHAPTERS } from "../chunk/container_outline.ts";
import type { SourceFile } from "../chunk/source_file.ts";
import type { Cue, SubtitleTrack } from "../chunk/subtitle_track.ts";
import type { AudioMode } from "./audio_plan.ts";
import type { Container } from "./output_container.ts";
import { type OutputSubtitles, subtitlesFor } from "./output_subtitles.ts";
import { MOST_LATE_SECONDS } from "./sound_bounds.ts";
import { carried, type CarriedTrack } from "./stored_tracks.ts";

/** In all; those of any film are a tenth of this. */
const MAX_TEXT_CHARACTERS = 32 * 1024 * 1024;
/** With sound and pictures: Matroska's block headers are written with a byte for the number. */
const MAX_TRACKS = 120;

export interface TimedChapter extends Chapter {
  readonly endSeconds: number;
}

export interface Extras {
  /** By their starts. */
  readonly chapters: readonly TimedChapter[];
  readonly subtitles: readonly OutputSubtitles[];
  /** Sound among them too, where it is not to be encoded. */
  readonly stored: readonly CarriedTrack[];
  /** When the video ends. */
  readonly endSeconds: number;
  /** How those of them are called that are named as left out else: one of a name for each. */
  readonly carried: readonly string[];
  /** What is in another form than in the source, in words. */
  readonly converted: readonly string[];
  /** What of them is left out, in words. */
  readonly notCarried: readonly string[];
}

interface ExtrasOptions {
  readonly audio: AudioMode;
  /** When the video ends. */
  readonly endSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

/** Reads them. What cannot be read is left out, and is named among `source.otherContents`. */
export async function readExtras(
  source: SourceFile,
  container: Container,
  { audio, endSeconds, signal }: ExtrasOptions,
): Promise<Extras> {
  const list = await source.readChapters?.();
  const titles: string[] = list ? [CHAPTERS] : [];
  const converted: string[] = [];
  const subtitles: OutputSubtitles[] = [];
  let charactersLeft = MAX_TEXT_CHARACTERS;
  for (const track of source.subtitles) {
    signal?.throwIfAborted();
    if (charactersLeft <= 0 || 1 + source.audio.length + subtitles.length >= MAX_TRACKS) break;
    const made = subtitlesFor(container, track, cuesWithin(await track.readCues() ?? [], endSeconds));
    if (!made) continue;
    subtitles.push(made);
    charactersLeft -= made.cues.reduce((sum, { text }) => sum + text.length, 0);
    titles.push(track.title);
    if (made.to !== undefined) converted.push(conversion(track, made));
  }
  const stored: CarriedTrack[] = [];
  for (const track of source.stored) {
    signal?.throwIfAborted();
    if (1 + source.audio.length + subtitles.length + stored.length >= MAX_TRACKS) break;
    const made = track.isSound && audio !== "copy" ? undefined : await carried(track, container, endSeconds);
    if (!made) continue;
    stored.push(made);
    titles.push(track.title);
  }
  const chapters = (list?.chapters ?? []).filter(({ startSeconds }) => startSeconds <= endSeconds);
  const omitted = (list?.omitted ?? 0) + (list?.chapters.length ?? 0) - chapters.length;
  return {
    chapters: withEnds(chapters, endSeconds),
    ...{ subtitles, stored, endSeconds, carried: titles, converted },
    notCarried: omitted > 0
      ? [`${omitted} chapters that are hidden, of another edition, parts of others or after the end`]
      : [],
  };
}

/**
 * None of them lasts much longer than the video, as one of a broken length would, and the file with it.
 *
 * @returns None where they cannot be of this video.
 */
export function cuesWithin(cues: readonly Cue[], endSeconds: number): readonly Cue[] {
  if (cues.some(({ startSeconds }) => startSeconds > endSeconds + MOST_LATE_SECONDS)) return [];
  return cues.map((cue) => {
    const latestSeconds = Math.max(endSeconds, cue.startSeconds + LATE_CUE_SECONDS);
    return cue.endSeconds <= latestSeconds ? cue : { ...cue, endSeconds: latestSeconds };
  });
}

/** For one that begins after the video. */
const LATE_CUE_SECONDS = 10;

/** `names` without one of the same name for each that is carried. */
export function withoutCarried(names: readonly string[], carried: readonly string[]): string[] {
  const left = [...carried];
  return names.filter((name) => {
    const index = left.indexOf(name);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
}

function conversion({ title }: SubtitleTrack, { to, isPlainer }: OutputSubtitles): string {
  return `${title} -> ${to}${isPlainer ? ", without their styles and places" : ""}`;
}

function withEnds(chapters: readonly Chapter[], endSeconds: number): TimedChapter[] {
  return chapters.map((chapter, index) => ({
    ...chapter,
    endSeconds: Math.min(
      chapter.endSeconds ?? chapters[index + 1]?.startSeconds ?? endSeconds,
      Math.max(chapter.startSeconds, endSeconds),
    ),
  }));
}
