/** The subtitles of a source, read when they are asked for. */
import type { ByteSource } from "./container_outline.ts";
import { text } from "./ebml.ts";
import { type Packing, unpacked } from "./matroska_packing.ts";
import { hasStyles, sampleText } from "./mp4_text.ts";
import type { SampleIndex } from "./sample_index.ts";
import type { Cue, SubtitleOutline, SubtitleTrack } from "./subtitle_track.ts";
import { MAX_TEXT_BYTES, readTextSamples, type TextSample } from "./text_samples.ts";

/** @param samplesOf The samples of a track by its number, where its outline has none. */
export function subtitleTrack(
  file: ByteSource,
  outline: SubtitleOutline,
  samplesOf: (id: number) => Promise<SampleIndex | undefined>,
): SubtitleTrack {
  const readCues = async () => {
    const samples = outline.samples ?? await samplesOf(outline.id);
    const stored = samples && await readTextSamples(file, samples);
    const texts = stored && unpackedSamples(stored, outline.packing);
    return texts?.flatMap((sample) => cueOf(sample, outline) ?? [])
      .sort((a, b) => a.startSeconds - b.startSeconds);
  };
  return { ...outline, readCues };
}

function unpackedSamples(
  samples: readonly TextSample[],
  packing: Packing | undefined,
): readonly TextSample[] | undefined {
  if (!packing) return samples;
  const texts: TextSample[] = [];
  let leftBytes = MAX_TEXT_BYTES;
  for (const sample of samples) {
    const bytes = unpacked(sample.bytes, packing, leftBytes);
    if (!bytes) return undefined;
    leftBytes -= bytes.length;
    texts.push({ ...sample, bytes });
  }
  return texts;
}

/** Undefined: it only ends the one before, or is never shown. */
function cueOf(sample: TextSample, { format, codecId }: SubtitleOutline): Cue | undefined {
  const { endSeconds, bytes } = sample;
  const startSeconds = Math.max(0, sample.startSeconds);
  const isInMp4 = format === "tx3g";
  const words = isInMp4 ? sampleText(bytes, codecId) : text(bytes);
  if (words === "" || endSeconds <= startSeconds) return undefined;
  const times = { startSeconds, endSeconds };
  if (isInMp4) return { ...times, text: words, isStyled: hasStyles(bytes), sample: bytes };
  // The other kind has its name and settings in front.
  if (codecId === PLAIN_WEBVTT) return { ...times, text: `\n\n${words}`, isStyled: true };
  return { ...times, text: words, isStyled: false };
}

/** With its settings in other elements than the block. */
const PLAIN_WEBVTT = "S_TEXT/WEBVTT";
