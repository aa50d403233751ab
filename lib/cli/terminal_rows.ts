/** Rows at the end of what a terminal shows, drawn again and again in their place. */
// @ts-types="npm:@types/cli-progress@^3.11.6"
import cliProgress from "cli-progress";
import { brokenLines, cutLine, rowCount } from "./terminal_lines.ts";

/** What a row shows now, in no more than so many columns. */
export type Row = (columns: number) => string;

export interface TerminalRows {
  /** Asked at each drawing, some ten times a second, since windows change size. */
  add(row: Row): void;
  /** Prints lines of its own above the rows, as many as the text takes. */
  note(text: string): void;
  /** Draws the last state and gives the terminal back as it was. */
  stop(): void;
}

/**
 * A window that is being dragged may have broken what is shown before it says how wide it is: tmux says so four times a
 * second. So nothing is drawn before it has kept its width for so long.
 */
const SETTLED_MS = 400;

const CLEAR_LINE = "\x1b[2K";
const UP = "\x1b[A";
const CLEAR_DOWN = "\x1b[J";

export function terminalRows(stream: NodeJS.WriteStream): TerminalRows {
  // of the library's bars only this one can print a line above itself
  const multi = new cliProgress.MultiBar({
    stream,
    hideCursor: true,
    forceRedraw: true, // a note clears the rows, also those that have not changed
  });
  const columnsNow = (): number => stream.columns || 80;
  let drawnColumns = columnsNow();
  const drawn: string[] = [];

  const drawNow = multi.update.bind(multi);
  let seenColumns = drawnColumns;
  let settling: ReturnType<typeof setTimeout> | undefined;
  /** In place of what the library calls at its turns. */
  multi.update = () => {
    clearTimeout(settling);
    const columns = columnsNow();
    if (columns === drawnColumns) return drawNow();
    const isSettled = settling !== undefined && columns === seenColumns;
    settling = undefined;
    if (isSettled) return drawNow();
    seenColumns = columns;
    settling = setTimeout(multi.update, SETTLED_MS);
  };

  // A window that got narrower has broken the rows, so they begin higher up than the library goes.
  let isBroken = false;
  multi.on("update-pre", () => {
    const columns = columnsNow();
    const more = drawn.reduce((sum, row) => sum + rowCount(row, columns) - 1, 0);
    isBroken = columns < drawnColumns && more > 0;
    if (isBroken) {
      const others = drawn.length - 1 + more;
      // row by row, too: tmux keeps what is cleared from the top of its window on as history
      stream.write(`${CLEAR_LINE}${`${UP}${CLEAR_LINE}`.repeat(others)}\x1b[${others}B\x1b[${more}A`);
    }
    drawnColumns = columns;
  });
  multi.on("redraw-pre", () => isBroken && stream.write(CLEAR_DOWN));

  return {
    add(row) {
      const index = drawn.push("") - 1;
      // what is cleared behind a row that is as wide as the terminal is its last character
      const format = () => drawn[index] = cutLine(row(drawnColumns - 1), drawnColumns - 1);
      multi.create(1, 0, {}, { format });
    },
    note(text) {
      const lines = brokenLines(text, columnsNow());
      multi.log(lines.map((line) => `${CLEAR_LINE}${line}\n`).join(""));
      clearTimeout(settling);
      drawNow();
    },
    stop() {
      clearTimeout(settling);
      if (columnsNow() !== drawnColumns) drawNow(); // which knows of rows that are broken
      multi.stop();
    },
  };
}
