/** Text of subtitles from one way of marking it up to another. */
import type { SubtitleFormat } from "../chunk/subtitle_track.ts";

export interface ConvertedText {
  readonly text: string;
  /** Whether it looked, or was placed, otherwise before. */
  readonly isPlainer: boolean;
}

/** The words alone. */
export function plainText(text: string, format: SubtitleFormat): ConvertedText {
  switch (format) {
    case "srt": {
      const words = lines(text).replace(SRT_TAGS, "");
      return { text: words, isPlainer: words !== lines(text) };
    }
    case "ass":
      return { text: assWords(text), isPlainer: true };
    case "webvtt": {
      const { payload, settings } = webVttCue(text);
      const words = unescaped(payload.replace(/<[^>]*>/g, ""));
      return { text: words, isPlainer: settings !== "" || payload.includes("<") };
    }
    case "tx3g":
      return { text: lines(text), isPlainer: false };
  }
}

/**
 * What a block of a track of WebVTT holds: the cue's name and its settings, both empty here, and its text.
 *
 * @see The WebM project's "WebVTT in WebM".
 */
export function webVttBlock(text: string, format: SubtitleFormat): ConvertedText {
  if (format === "srt") {
    const kept = lines(text).split(SRT_TAGS_KEPT).map((part, index) =>
      index % 2 === 1 ? part.toLowerCase() : plainText(part, format).text
    );
    const escapedParts = kept.map((part, index) => index % 2 === 1 ? part : escaped(part));
    const isPlainer = kept.join("") !== lines(text);
    return { text: `\n\n${withoutBlankLines(escapedParts.join(""))}`, isPlainer };
  }
  const { text: words, isPlainer } = plainText(text, format);
  return { text: `\n\n${withoutBlankLines(escaped(words))}`, isPlainer };
}

/** Tags of SubRip as players know them, and places as SubStation Alpha has them. */
const SRT_TAGS = /<\/?(?:[ibus]|font)(?:\s[^<>]*)?>|\{\\[^{}]*\}/gi;
/** Those that WebVTT has too. */
const SRT_TAGS_KEPT = /(<\/?[ibu]>)/i;

/** A line of Matroska's SubStation Alpha: eight fields and the text. */
function assWords(line: string): string {
  const text = line.split(",").slice(ASS_FIELDS).join(",");
  let words = "";
  let isDrawing = false;
  for (const part of text.split(/(\{[^{}]*\})/)) {
    const override = part.startsWith("{") && part.endsWith("}");
    // \p1 and above: what follows are strokes of a pen.
    if (override) isDrawing = Number(/\\p(\d+)(?![^{}]*\\p\d)/.exec(part)?.[1] ?? (isDrawing ? 1 : 0)) > 0;
    else if (!isDrawing) words += part;
  }
  return words.replace(/\\[Nn]/g, "\n").replace(/\\h/g, "\u00a0").trim();
}

const ASS_FIELDS = 8;

/** @param block As {@link webVttBlock} has it. */
function webVttCue(block: string): { readonly settings: string; readonly payload: string } {
  const [, settings = "", ...payload] = lines(block).split("\n");
  return { settings: settings.trim(), payload: payload.join("\n") };
}

const ESCAPES = [["&", "&amp;"], ["<", "&lt;"], [">", "&gt;"]] as const;

function escaped(text: string): string {
  return ESCAPES.reduce((text, [character, escape]) => text.replaceAll(character, escape), text);
}

function unescaped(text: string): string {
  const known = text.replaceAll("&nbsp;", "\u00a0").replaceAll("&lrm;", "\u200e").replaceAll(
    "&rlm;",
    "\u200f",
  );
  return ESCAPES.toReversed().reduce(
    (text, [character, escape]) => text.replaceAll(escape, character),
    known,
  );
}

function lines(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

/** One would end a cue. */
function withoutBlankLines(text: string): string {
  return text.replace(/\n{2,}/g, "\n").trim();
}
