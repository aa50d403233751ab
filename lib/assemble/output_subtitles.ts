/** Subtitles in the format that an output has for them. */
import type { Cue, SubtitleTrack } from "../chunk/subtitle_track.ts";
import { fitsTrack } from "./mp4_text_tracks.ts";
import { type Container, reservesIndex } from "./output_container.ts";
import { type ConvertedText, plainText, webVttBlock } from "./subtitle_text.ts";

/** Text as a block or sample of the output has it, and when it is shown. */
export interface OutputCue {
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly text: string;
  /** In place of the text: a sample with its styles. */
  readonly sample?: Uint8Array | undefined;
}

export interface OutputSubtitles {
  readonly track: SubtitleTrack;
  /** As the container names the format, such as `S_TEXT/UTF8`. */
  readonly codecId: string;
  /** What comes before the text. */
  readonly header: Uint8Array | undefined;
  /** By their starts, and one at least. */
  readonly cues: readonly OutputCue[];
  /** What the format is called, where it is not the source's; undefined: it is. */
  readonly to: string | undefined;
  /** Whether styles or places have been lost. */
  readonly isPlainer: boolean;
}

/** WebM's own; of the two ways to have WebVTT in Matroska, the one that FFmpeg has always known. */
const WEBVTT = "D_WEBVTT/SUBTITLES";
/** More lines at a time nobody reads. */
const MOST_AT_ONCE = 16;
const MAX_TEXT_CHARACTERS = 16 * 1024 * 1024;

/**
 * @returns Undefined where there are none, more at a time than the container can hold, or longer pauses between them.
 */
export function subtitlesFor(
  container: Container,
  track: SubtitleTrack,
  cues: readonly Cue[],
): OutputSubtitles | undefined {
  const target = targetFor(container, track);
  const texts = cues.map((cue) => target.convert(cue.text));
  const made = cues.flatMap(({ startSeconds, endSeconds, sample }, index) => {
    const { text } = texts[index]!;
    return text.trim() === ""
      ? []
      : [{ startSeconds, endSeconds, text, ...(target.keepsSamples && { sample }) }];
  });
  const shown = reservesIndex(container) ? oneAfterAnother(made) : made;
  if (!shown || shown.length === 0) return undefined;
  if (reservesIndex(container) && !fitsTrack(shown)) return undefined;
  const isPlainer = !target.keepsSamples &&
    (texts.some(({ isPlainer }) => isPlainer) || cues.some(({ isStyled }) => isStyled));
  return {
    track,
    codecId: target.codecId,
    header: target.header,
    cues: shown,
    to: target.codecId === track.codecId && !isPlainer ? undefined : target.codecId,
    isPlainer,
  };
}

interface Target {
  readonly codecId: string;
  readonly header?: Uint8Array | undefined;
  readonly convert: (text: string) => ConvertedText;
  /** Whether samples are written as they are. */
  readonly keepsSamples?: boolean;
}

function targetFor(container: Container, { format, codecId, header }: SubtitleTrack): Target {
  const asItIs = (text: string) => ({ text, isPlainer: false });
  switch (container) {
    case "mp4":
    case "mov":
      if (codecId === "tx3g" && header) return { codecId, header, convert: asItIs, keepsSamples: true };
      return { codecId: "tx3g", convert: (text) => plainText(text, format) };
    case "webm":
      if (format !== "webvtt") return { codecId: WEBVTT, convert: (text) => webVttBlock(text, format) };
      return { codecId: WEBVTT, convert: asItIs };
    case "mkv":
      if (format === "webvtt") return { codecId: WEBVTT, convert: asItIs };
      if (format === "tx3g") return { codecId: "S_TEXT/UTF8", convert: (text) => plainText(text, format) };
      return { codecId, header, convert: asItIs };
  }
}

/**
 * Text that is shown at the same time as one, line under line, since an MP4 shows one sample after another.
 *
 * @returns Undefined where that is more than anybody reads.
 */
function oneAfterAnother(cues: readonly OutputCue[]): readonly OutputCue[] | undefined {
  if (cues.every(({ startSeconds }, index) => index === 0 || startSeconds >= cues[index - 1]!.endSeconds)) {
    return cues;
  }
  const bounds = [...new Set(cues.flatMap(({ startSeconds, endSeconds }) => [startSeconds, endSeconds]))]
    .sort((a, b) => a - b);
  const shown: OutputCue[] = [];
  let active: OutputCue[] = [];
  let next = 0;
  let characters = 0;
  for (const [index, startSeconds] of bounds.entries()) {
    active = active.filter(({ endSeconds }) => endSeconds > startSeconds);
    for (; cues[next] && cues[next]!.startSeconds <= startSeconds; next++) active.push(cues[next]!);
    if (active.length > MOST_AT_ONCE) return undefined;
    const endSeconds = bounds[index + 1];
    if (active.length === 0 || endSeconds === undefined) continue;
    const text = active.map(({ text }) => text).join("\n");
    characters += text.length;
    if (characters > MAX_TEXT_CHARACTERS) return undefined;
    shown.push({ startSeconds, endSeconds, text });
  }
  return shown;
}
