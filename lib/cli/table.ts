/** Tables of text, and a part of the screen that is redrawn in place. */
import Table from "cli-table3";
import type { Paint } from "./terminal.ts";
import { visible } from "./visible.ts";

export interface Column {
  readonly title: string;
  /** Numbers read best on the right; left by default. */
  readonly align?: "left" | "right";
}

/** Text is shown with its control characters escaped; colour comes from `paint` alone. */
export type Cell = string | number | { readonly text: string; readonly paint: Paint };

const NO_BORDERS = {
  ...{ "top": "", "top-left": "", "top-mid": "", "top-right": "" },
  ...{ "mid": "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  ...{ "bottom": "", "bottom-left": "", "bottom-mid": "", "bottom-right": "" },
  ...{ "left": "", "right": "", "middle": "  " },
};

/** Titles and rows without borders, columns two spaces apart; no line feed at the end. */
export function textTable(columns: readonly Column[], rows: readonly (readonly Cell[])[]): string {
  const table = new Table({
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ align = "left" }) => align),
    chars: NO_BORDERS,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => row.map(cellText)));
  return table.toString().split("\n").map((line) => line.trimEnd()).join("\n");
}

function cellText(cell: Cell): string {
  return typeof cell === "object" ? cell.paint(visible(cell.text)) : visible(String(cell));
}

export interface LiveRegionOptions {
  /** Gets a whole drawing at once. */
  readonly write: (text: string) => void;
  /** Otherwise each drawing follows the one before, with an empty line between. */
  readonly isTerminal: boolean;
  /** Lines that the terminal shows at once; asked before each drawing. */
  readonly rows: () => number;
}

/**
 * A function that draws text, in place of what it drew before where that is possible. Lines wider than the
 * terminal are cut by the terminal itself, and lines that it has no room for are counted instead.
 */
export function liveRegion({ write, isTerminal, rows }: LiveRegionOptions): (text: string) => void {
  let drawn = 0;
  if (!isTerminal) return (text) => write(`${drawn++ > 0 ? "\n" : ""}${text}\n`);
  return (text) => {
    const lines = fitting(text.split("\n"), rows() - 1);
    const up = drawn > 0 ? `\x1b[${drawn}A` : "";
    drawn = lines.length;
    // without wrapping every line takes one row, so going up by their number is exact
    write(`\x1b[?7l\r${up}${lines.map((line) => `${line}\x1b[K\n`).join("")}\x1b[J\x1b[?7h`);
  };
}

function fitting(lines: string[], room: number): string[] {
  if (lines.length <= Math.max(1, room)) return lines;
  const kept = Math.max(0, room - 1);
  return [...lines.slice(0, kept), `... ${lines.length - kept} more lines`];
}
