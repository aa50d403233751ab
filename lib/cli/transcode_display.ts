/** A transcode as a person sees it: bars that move on a terminal, lines in a file or a pipe. */
import process from "node:process";
import type { WorkerView } from "../fleet/fleet.ts";
import type { JobEvent } from "../job/job.ts";
import { barLine } from "./bar_line.ts";
import { formatCount, formatSeconds } from "./format.ts";
import { isScreen } from "./terminal.ts";
import { terminalRows } from "./terminal_rows.ts";
import { barState, figuresText, phaseLabel, TranscodeProgress } from "./transcode_progress.ts";
import { visible } from "./visible.ts";
import type { WorkerEvent } from "./worker_news.ts";
import { type WorkerRow, workerRows } from "./worker_rows.ts";

export interface TranscodeDisplayOptions {
  readonly workers: () => readonly WorkerView[];
  /** Standard error by default. Bars move where it is a screen, else there are lines. */
  readonly stream?: NodeJS.WriteStream;
  /** Stops the display when aborted. */
  readonly signal: AbortSignal;
}

/** Disposing of it draws the last state and gives the terminal back as it was. */
export interface TranscodeDisplay extends Disposable {
  readonly show: (event: JobEvent | WorkerEvent) => void;
}

export function transcodeDisplay(options: TranscodeDisplayOptions): TranscodeDisplay {
  const { signal, stream = process.stderr } = options;
  const progress = new TranscodeProgress();
  const view = isScreen(stream.isTTY) ? bars(progress, stream, options.workers) : lines(progress, stream);
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
      if (event.kind !== "worker") progress.apply(event, performance.now());
      if (isStopped) return;
      const note = noteOf(event);
      if (note !== undefined) view.note(visible(note));
      view.draw();
    },
    [Symbol.dispose]: stop,
  };
}

/** What is worth a line of its own. */
function noteOf(event: JobEvent | WorkerEvent): string | undefined {
  if (event.kind === "worker") {
    const { worker, takesWork, reason } = event;
    return takesWork ? `Worker ${worker} takes work` : `Worker ${worker} takes no work: ${reason}`;
  }
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
  let texts: (columns: number) => readonly string[] = () => [];
  let shownRows = 0;
  rows.add((columns) => barLine(state, columns));
  const draw = (): void => {
    state = barState(progress.figures(performance.now()));
    const mostRows = Math.max(1, (stream.rows || 24) - OTHER_ROWS);
    const now = workers();
    texts = workerTexts(progress, now, mostRows);
    while (shownRows < Math.min(now.length, mostRows)) {
      const index = shownRows++;
      rows.add((columns) => texts(columns)[index] ?? "");
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

/** A row a worker, as they are now and as far as there is room. */
function workerTexts(
  progress: TranscodeProgress,
  workers: readonly WorkerView[],
  mostRows: number,
): (columns: number) => readonly string[] {
  const fitting = workers.length <= mostRows ? workers : workers.slice(0, mostRows - 1);
  const { build } = progress;
  const shown = fitting.map((view): WorkerRow => ({ view, tally: progress.worker(view.address) }));
  const more = workers.length - fitting.length;
  const rest = more > 0 ? [`  and ${formatCount(more, "more worker")}`] : [];
  return (columns) => [...workerRows(shown, { build, columns }), ...rest];
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
