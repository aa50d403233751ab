/** The chapters of a Matroska or WebM file. */
import { type Chapter, type ChapterList, chapterList, MAX_CHAPTERS } from "./chapters.ts";
import { elementsIn, text, unsignedInt } from "./ebml.ts";

/** RFC 9559, 5.1.7. */
const ID = {
  EditionEntry: 0x45b9,
  EditionFlagHidden: 0x45bd,
  EditionFlagDefault: 0x45db,
  EditionFlagOrdered: 0x45dd,
  ChapterAtom: 0xb6,
  ChapterTimeStart: 0x91,
  ChapterTimeEnd: 0x92,
  ChapterFlagHidden: 0x98,
  ChapterFlagEnabled: 0x4598,
  ChapterDisplay: 0x80,
  ChapString: 0x85,
} as const;

/**
 * The chapters of the edition that a player shows: those of its outermost level that are neither hidden nor off. An
 * edition that plays its chapters in an order of its own is none for frames in theirs.
 *
 * @param contents Of the element `Chapters`.
 * @returns Undefined where there are none, or more than any film has.
 */
export function matroskaChapters(contents: Uint8Array): ChapterList | undefined {
  const editions: Edition[] = [];
  let atoms = 0;
  for (const { id, bytes } of elementsIn(contents)) {
    if (id !== ID.EditionEntry) continue;
    const edition = editionOf(bytes);
    atoms += edition.chapters.length + edition.omitted;
    if (atoms > MAX_CHAPTERS) return undefined;
    editions.push(edition);
  }
  const shown = editions.filter(({ isOrdered }) => !isOrdered);
  const chosen = shown.find(({ isDefault }) => isDefault) ?? shown.find(({ isHidden }) => !isHidden) ??
    shown[0];
  if (!chosen) return undefined;
  const others = editions.filter((edition) => edition !== chosen)
    .reduce((sum, { chapters, omitted }) => sum + chapters.length + omitted, 0);
  return chapterList(chosen.chapters, chosen.omitted + others);
}

interface Edition {
  isDefault: boolean;
  isHidden: boolean;
  isOrdered: boolean;
  readonly chapters: Chapter[];
  omitted: number;
}

function editionOf(contents: Uint8Array): Edition {
  const edition: Edition = { isDefault: false, isHidden: false, isOrdered: false, chapters: [], omitted: 0 };
  for (const { id, bytes } of elementsIn(contents)) {
    if (id === ID.EditionFlagDefault) edition.isDefault = unsignedInt(bytes) !== 0;
    if (id === ID.EditionFlagHidden) edition.isHidden = unsignedInt(bytes) !== 0;
    if (id === ID.EditionFlagOrdered) edition.isOrdered = unsignedInt(bytes) !== 0;
    if (id !== ID.ChapterAtom) continue;
    const { chapter, within } = chapterOf(bytes);
    if (chapter) edition.chapters.push(chapter);
    edition.omitted += within + (chapter ? 0 : 1);
    if (edition.chapters.length > MAX_CHAPTERS) break;
  }
  return edition;
}

/** @returns `within`: how many chapters it has itself; those that these have are not looked for. */
function chapterOf(
  contents: Uint8Array,
): { readonly chapter: Chapter | undefined; readonly within: number } {
  let [startNs, endNs] = [NaN, NaN];
  let title: string | undefined;
  let isShown = true;
  let within = 0;
  for (const { id, bytes } of elementsIn(contents)) {
    if (id === ID.ChapterTimeStart) startNs = unsignedInt(bytes);
    if (id === ID.ChapterTimeEnd) endNs = unsignedInt(bytes);
    if (id === ID.ChapterFlagHidden && unsignedInt(bytes) !== 0) isShown = false;
    if (id === ID.ChapterFlagEnabled && unsignedInt(bytes) === 0) isShown = false;
    // The first of several is in the main language.
    if (id === ID.ChapterDisplay) title ??= titleOf(bytes);
    if (id === ID.ChapterAtom) within++;
  }
  if (!isShown || !(startNs < MAX_NS)) return { chapter: undefined, within };
  const endSeconds = endNs >= startNs && endNs < MAX_NS ? endNs / 1e9 : undefined;
  return { chapter: { startSeconds: startNs / 1e9, endSeconds, title: title ?? "" }, within };
}

/** A number that has no fraction; a hundred days. */
const MAX_NS = 2 ** 53;

function titleOf(display: Uint8Array): string | undefined {
  for (const { id, bytes } of elementsIn(display)) if (id === ID.ChapString) return text(bytes);
  return undefined;
}
