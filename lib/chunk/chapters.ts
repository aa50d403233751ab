/** Parts of a film that a viewer can jump to. */

export interface Chapter {
  /** On the clock of the video's frames. */
  readonly startSeconds: number;
  /** Undefined: where the next one begins. */
  readonly endSeconds: number | undefined;
  readonly title: string;
}

export interface ChapterList {
  /** By their starts. */
  readonly chapters: readonly Chapter[];
  /** How many more there are, which are hidden, or parts of others. */
  readonly omitted: number;
}

/** More than this are in no film. */
export const MAX_CHAPTERS = 10_000;
const MAX_TITLE_CHARACTERS = 1_000;

/** Undefined where there are none, or more than any film has. */
export function chapterList(found: readonly Chapter[], omitted = 0): ChapterList | undefined {
  if (found.length === 0 || found.length > MAX_CHAPTERS) return undefined;
  const chapters = found.map((chapter) => ({ ...chapter, title: shortened(chapter.title) }));
  return { chapters: chapters.sort((a, b) => a.startSeconds - b.startSeconds), omitted };
}

function shortened(title: string): string {
  return title.length > MAX_TITLE_CHARACTERS ? [...title].slice(0, MAX_TITLE_CHARACTERS).join("") : title;
}
