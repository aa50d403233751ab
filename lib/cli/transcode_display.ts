/** A transcode as a person sees it: bars that move on a terminal, lines in a file or a pipe. */
import process from "node:process";
import type { WorkerView } from "../fleet/fleet.ts";
import type { JobEvent } from "../job/job.ts";
import { barLine } from "./bar_line.ts";
import { formatCount, formatSeconds } from "./format.ts";
import { terminalRows } from "./terminal_rows.ts";
import { barState, figuresText, phaseLabel, TranscodeProgress, workerText } from "./transcode_progress.ts";
import { visible } from "./visible.ts";

export interface TranscodeDisplayOptions {
  readonly workers: () => readonly WorkerView[];
  /** Standard error by default. Its `isTTY` decides between bars and lines. */
  readonly stream?: NodeJS.WriteStream;
  /** Stops the display when aborted. */
  readonly signal: AbortSignal;
}

/** Disposing of it draws the last state and gives the terminal back as it was. */
export interface TranscodeDisplay extends Disposable {
  readonly show: (event: JobEvent) => void;
}

export function transcodeDisplay(options: TranscodeDisplayOptions): TranscodeDisplay {
  const { signal, stream = process.stderr } = options;
  const progress = new TranscodeProgress();
  const view = stream.isTTY ? bars(progress, stream, options.workers) : lines(progress, stream);
  let isStopped = false;
  const stop = (): void => {
    if (isStopped) return;
    isStopped = true;
    signal.removeEventListener("abort", stop);
    view.stop();
  };
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  return {
    show(event) {
      progress.apply(event, performance.now());
      if (isStopped) return;
      const note = noteOf(event);
      if (note !== undefined) view.note(visible(note));
      view.draw();
    },
    [Symbol.dispose]: stop,
  };
}

/** What is worth a line of its own. */
function noteOf(event: JobEvent): string | undefined {
  if (event.kind === "planned") {
    const { chunks, frames, durationSeconds, build } = event;
    return `${formatCount(frames, "frame")}, ${formatSeconds(durationSeconds)}, in ` +
      `${formatCount(chunks.length, "chunk")}, to be encoded by ${build}`;
  }
  if (event.kind !== "failed") return undefined;
  return `Chunk ${event.chunk} failed on ${event.worker} (attempt ${event.attempt}): ${event.reason}`;
}

interface View {
  draw(): void;
  note(line: string): void;
  stop(): void;
}

const TICK_MS = 500;
/** Of the terminal, for what is above and the overall bar. */
const OTHER_ROWS = 4;

function bars(
  progress: TranscodeProgress,
  stream: NodeJS.WriteStream,
  workers: TranscodeDisplayOptions["workers"],
): View {
  const rows = terminalRows(stream);
  let state = barState(progress.figures(performance.now()));
  let texts: readonly string[] = [];
  let workerRows = 0;
  rows.add((columns) => barLine(state, columns));
  const draw = (): void => {
    state = barState(progress.figures(performance.now()));
    texts = workerTexts(progress, workers(), Math.max(1, (stream.rows || 24) - OTHER_ROWS));
    while (workerRows < texts.length) {
      const index = workerRows++;
      rows.add(() => texts[index] ?? "");
    }
  };
  draw();
  const timer = setInterval(draw, TICK_MS); // the time left goes down also while nothing is done
  return {
    draw,
    note: rows.note,
    stop() {
      clearInterval(timer);
      draw();
      rows.stop();
    },
  };
}

/** A line a worker, as far as there is room. */
function workerTexts(
  progress: TranscodeProgress,
  workers: readonly WorkerView[],
  mostRows: number,
): string[] {
  const columns = Math.max(0, ...workers.map(({ address }) => address.length));
  const fitting = workers.length <= mostRows ? workers : workers.slice(0, mostRows - 1);
  const texts = fitting.map((worker) =>
    visible(workerText(worker, progress.worker(worker.address), columns))
  );
  const more = workers.length - fitting.length;
  return more > 0 ? [...texts, `  and ${formatCount(more, "more worker")}`] : texts;
}

function lines(progress: TranscodeProgress, stream: NodeJS.WriteStream): View {
  let shown = "";
  return {
    draw() {
      const figures = progress.figures(performance.now());
      const { phase, share } = figures;
      if (phase === "planning") return;
      const percent = Math.floor(share * 10) * 10;
      const step = phase === "encoding" ? `${phase} ${percent}` : phase;
      if (step === shown || step === "encoding 0") return;
      shown = step;
      stream.write(
        phase === "encoding"
          ? `${phaseLabel(phase)}: ${percent} % (${figuresText(figures, ", ")})\n`
          : `${phaseLabel(phase)}\n`,
      );
    },
    note: (line) => stream.write(`${line}\n`),
    stop: () => {},
  };
}
