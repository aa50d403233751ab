/** The chapters of an MP4 or MOV file, which come as a track of text, as a list in the header, or both. */
import { type Chapter, type ChapterList, chapterList } from "./chapters.ts";
import type { ByteSource } from "./container_outline.ts";
import { boxesAt, boxesIn } from "./mp4_boxes.ts";
import { sampleText } from "./mp4_text.ts";
import type { SampleIndex } from "./sample_index.ts";
import { readTextSamples } from "./text_samples.ts";

/** The tracks that a track refers to for its chapters (QuickTime File Format, Chapter Lists). */
export function* chapterTrackIds(trak: DataView): Generator<number> {
  for (const chap of boxesAt(trak, "tref", "chap")) {
    for (let at = 0; at + 4 <= chap.byteLength; at += 4) yield chap.getUint32(at);
  }
}

/** Chapters as Nero's box `chpl` lists them: their starts, in ten millionths of a second, and their titles. */
export function listedChapters(moov: DataView): ChapterList | undefined {
  for (const chpl of boxesAt(moov, "udta", "chpl")) {
    const chapters: Chapter[] = [];
    const start = chpl.byteLength > 0 && chpl.getUint8(0) > 0 ? 8 : 4;
    const count = start < chpl.byteLength ? chpl.getUint8(start) : 0;
    for (let at = start + 1; chapters.length < count && at + 9 <= chpl.byteLength;) {
      const title = bytesAt(chpl, at + 9, chpl.getUint8(at + 8));
      const startSeconds = Number(chpl.getBigUint64(at)) / LISTED_TIMESCALE;
      chapters.push({ startSeconds, endSeconds: undefined, title: new TextDecoder().decode(title) });
      at += 9 + title.length;
    }
    return chapterList(chapters);
  }
  return undefined;
}

/** Ticks a second of `chpl`. */
export const LISTED_TIMESCALE = 10_000_000;

/** Whether the header has a list of chapters. */
export function hasChapterList(moov: DataView): boolean {
  for (const { type, view } of boxesIn(moov)) {
    if (type === "udta" && [...boxesAt(view, "chpl")].length > 0) return true;
  }
  return false;
}

/** The chapters of a track of text; undefined: there are none to be read. */
export async function trackChapters(
  file: ByteSource,
  samples: SampleIndex,
): Promise<ChapterList | undefined> {
  const texts = await readTextSamples(file, samples);
  return chapterList(
    (texts ?? []).map(({ startSeconds, endSeconds, bytes }) => ({
      startSeconds: Math.max(0, startSeconds),
      endSeconds,
      title: sampleText(bytes, "text"),
    })),
  );
}

function bytesAt(view: DataView, start: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + start, Math.min(length, view.byteLength - start));
}
