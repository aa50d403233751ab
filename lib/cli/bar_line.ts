/** A bar with figures, in as many columns as there are. */
import { cutLine } from "./terminal_lines.ts";

export interface BarState {
  /** What is being done, such as `Encoding`. */
  readonly label: string;
  /** 0 to 1. */
  readonly share: number;
  /** Such as `65.9 fps`; what matters most comes first. */
  readonly figures: readonly string[];
}

const SEPARATOR = " | ";
/** So that at 80 columns the figures of an encode fit beside it, the largest too. */
const COLUMNS_PER_CELL = 8;
const MIN_CELLS = 5;
const MAX_CELLS = 24;

/**
 * Such as `Encoding [===-------] 33 % | 1 m 02 s left | 2.2 x`. A figure that does not fit is left out whole, and so
 * is the bar; how long the bar is depends on the columns alone, so that it does not jump as figures change.
 */
export function barLine({ label, share, figures }: BarState, columns: number): string {
  const cells = Math.min(MAX_CELLS, Math.max(MIN_CELLS, Math.floor(columns / COLUMNS_PER_CELL)));
  const done = Math.floor(share * cells);
  const percent = `${Math.floor(share * 100)} %`;
  const bar = `[${"=".repeat(done)}${"-".repeat(cells - done)}]`;
  const start = `${label} ${bar} ${percent}`;
  let line = start.length <= columns ? start : `${label} ${percent}`;
  for (const figure of figures) {
    const longer = `${line}${SEPARATOR}${figure}`;
    if (longer.length <= columns) line = longer;
  }
  return cutLine(line, columns);
}
