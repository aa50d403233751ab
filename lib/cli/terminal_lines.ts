/** Text in a terminal's columns, of which a wide character such as a Chinese one takes two. */
import wrapAnsi from "wrap-ansi";

/** The text in lines of no more than so many columns, broken between words where there are some. */
export function brokenLines(text: string, columns: number): string[] {
  return wrapAnsi(text, columns, { hard: true }).split("\n");
}

/** As much of one line as so many columns take. */
export function cutLine(text: string, columns: number): string {
  return rowsOf(text, columns)[0]!;
}

/** How many rows a line takes in a terminal that has broken it where it ends. */
export function rowCount(text: string, columns: number): number {
  return rowsOf(text, columns).length;
}

function rowsOf(text: string, columns: number): string[] {
  return wrapAnsi(text, columns, { hard: true, wordWrap: false, trim: false }).split("\n");
}
