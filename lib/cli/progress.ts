/** How far a long task has come: a bar for a person who watches, lines for a file or a pipe. */
import process from "node:process";
import { barLine, type BarState } from "./bar_line.ts";
import { formatBytes, formatCount, formatSeconds } from "./format.ts";
import { isScreen } from "./terminal.ts";
import { terminalRows } from "./terminal_rows.ts";
import { visible } from "./visible.ts";

export interface ProgressOptions {
  /** What is being done, such as `Encoding`. */
  readonly label: string;
  /** How much there is to do, in units; 0: nothing. */
  readonly total: number;
  /** `bytes`, or the plural of what is counted, such as `chunks`. */
  readonly unit: string;
  /** Standard error by default. A bar moves where it is a screen, else there are lines. */
  readonly stream?: NodeJS.WriteStream;
  /** Stops the display when aborted. */
  readonly signal?: AbortSignal;
}

export interface Progress extends Disposable {
  /** @param units How many more are done; 1 by default. */
  advance(units?: number): void;
  /** Prints a line of its own, above the bar where there is one. */
  note(line: string): void;
  /** Draws the last state and gives the terminal back as it was; a second call does nothing. */
  stop(): void;
}

/** Shows progress from now on; call `stop`, or declare it with `using`. */
export function progressBar(options: ProgressOptions): Progress {
  const { signal, stream = process.stderr } = options;
  const display = isScreen(stream.isTTY) ? bar(options, stream) : lines(options, stream);
  let done = 0;
  let isStopped = false;
  const stop = (): void => {
    if (isStopped) return;
    isStopped = true;
    signal?.removeEventListener("abort", stop);
    display.stop();
  };
  signal?.addEventListener("abort", stop);
  if (signal?.aborted) stop();
  return {
    advance(units = 1) {
      done += units;
      if (!isStopped) display.show(done);
    },
    note(line) {
      if (isStopped) stream.write(`${visible(line)}\n`);
      else display.note(visible(line));
    },
    stop,
    [Symbol.dispose]: stop,
  };
}

interface Display {
  show(done: number): void;
  note(line: string): void;
  stop(): void;
}

function bar({ label, total, unit }: ProgressOptions, stream: NodeJS.WriteStream): Display {
  const rows = terminalRows(stream);
  const startedMs = Date.now();
  const stateOf = (done: number): BarState => ({
    label,
    share: total > 0 ? Math.min(1, done / total) : 0,
    figures: [amount(done, total, unit), timeLeft(done, total, Date.now() - startedMs)].filter(Boolean),
  });
  let state = stateOf(0);
  rows.add((columns) => barLine(state, columns));
  return {
    show: (done) => void (state = stateOf(done)),
    note: rows.note,
    stop: rows.stop,
  };
}

function lines(options: ProgressOptions, stream: NodeJS.WriteStream): Display {
  const { label, total, unit } = options;
  let shownTenths = 0;
  return {
    show: (done) => {
      const tenths = total > 0 ? Math.min(10, Math.floor(done / total * 10)) : 10;
      if (tenths <= shownTenths) return;
      shownTenths = tenths;
      stream.write(`${label}: ${tenths * 10} % (${amount(done, total, unit)})\n`);
    },
    note: (line) => stream.write(`${line}\n`),
    stop: () => {},
  };
}

function amount(done: number, total: number, unit: string): string {
  if (unit === "bytes") return `${formatBytes(done)} of ${formatBytes(total)}`;
  return `${formatCount(done)} of ${formatCount(total)} ${unit}`;
}

/** At the speed so far. */
function timeLeft(done: number, total: number, elapsedMs: number): string {
  if (done <= 0) return "";
  if (done >= total) return `took ${formatSeconds(elapsedMs / 1000)}`;
  return `${formatSeconds(elapsedMs / 1000 * (total - done) / done)} left`;
}
