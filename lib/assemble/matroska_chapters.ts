/** Chapters in a Matroska or WebM file. */
import { concatenated, element } from "./ebml_bytes.ts";
import type { TimedChapter } from "./extras.ts";

/** RFC 9559, 5.1.7. */
const ID = {
  Chapters: 0x1043a770,
  EditionEntry: 0x45b9,
  EditionUID: 0x45bc,
  EditionFlagDefault: 0x45db,
  ChapterAtom: 0xb6,
  ChapterUID: 0x73c4,
  ChapterTimeStart: 0x91,
  ChapterTimeEnd: 0x92,
  ChapterDisplay: 0x80,
  ChapString: 0x85,
  ChapLanguage: 0x437c,
} as const;

/** The element `Chapters`: one edition, which is the default. */
export function chaptersElement(chapters: readonly TimedChapter[]): Uint8Array<ArrayBuffer> {
  const atoms = chapters.map(({ startSeconds, endSeconds, title }, index) =>
    element(
      ID.ChapterAtom,
      element(ID.ChapterUID, index + 1),
      element(ID.ChapterTimeStart, Math.round(startSeconds * 1e9)),
      element(ID.ChapterTimeEnd, Math.round(endSeconds * 1e9)),
      element(ID.ChapterDisplay, element(ID.ChapString, title), element(ID.ChapLanguage, "und")),
    )
  );
  const flags = [element(ID.EditionUID, 1), element(ID.EditionFlagDefault, 1)];
  return element(ID.Chapters, element(ID.EditionEntry, ...flags, concatenated(atoms)));
}
