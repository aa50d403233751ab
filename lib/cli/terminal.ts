/** What the terminal at the other end can do. */
import { styleText } from "node:util";

export type Paint = (text: string) => string;

/** Each returns its text as it is where colour is off. */
export interface Styles {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly green: Paint;
  readonly red: Paint;
  readonly yellow: Paint;
}

export interface Terminal {
  /** Whether a person looks at it, rather than a file or a pipe, and it is no dumb one: see {@link isScreen}. */
  readonly isTerminal: boolean;
  readonly columns: number;
  /** Lines that fit at once; 24 where it is no terminal, or one that does not know. */
  readonly rows: number;
  readonly styles: Styles;
}

/** Asked anew at each call, since windows change size. NO_COLOR is honoured. */
export function terminal(stream: "stdout" | "stderr"): Terminal {
  const isTerminal = Deno[stream].isTerminal();
  const { columns, rows } = isTerminal ? Deno.consoleSize() : { columns: 0, rows: 0 };
  // a terminal that nobody told its size, such as a container's, says 0 too
  return {
    isTerminal: isScreen(isTerminal),
    columns: columns || 80,
    rows: rows || 24,
    styles: styles(isScreen(isTerminal) && !Deno.noColor),
  };
}

/**
 * Whether what a person looks at can be drawn over, which no file, pipe or printer can, nor a terminal that TERM calls
 * `dumb`, such as an editor's. Where TERM may not be read, a terminal is taken for a usual one.
 */
export function isScreen(isTerminal: boolean): boolean {
  if (!isTerminal) return false;
  const { state } = Deno.permissions.querySync({ name: "env", variable: "TERM" });
  return state !== "granted" || Deno.env.get("TERM") !== "dumb";
}

export function styles(hasColour: boolean): Styles {
  type Format = Parameters<typeof styleText>[0];
  // whether there is colour has been settled: styleText is not to ask the environment again
  const paint = (format: Format): Paint => (text) =>
    hasColour ? styleText(format, text, { validateStream: false }) : text;
  return {
    bold: paint("bold"),
    dim: paint("dim"),
    green: paint("green"),
    red: paint("red"),
    yellow: paint("yellow"),
  };
}

/** Shows the cursor and wraps long lines again, whatever a progress bar cut short had set. */
export const RESTORE_TERMINAL = "\x1b[?25h\x1b[?7h";
