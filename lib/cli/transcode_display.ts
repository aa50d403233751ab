/** A transcode as a person sees it: bars that move on a terminal, lines in a file or a pipe. */
// @ts-types="npm:@types/cli-progress@^3.11.6"
import cliProgress from "cli-progress";
import process from "node:process";
import type { WorkerView } from "../fleet/fleet.ts";
import type { JobEvent } from "../job/job.ts";
import { formatCount, formatSeconds } from "./format.ts";
import { figuresText, phaseLabel, TranscodeProgress, workerText } from "./transcode_progress.ts";
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
      if (note !== undefined) view.note(`${visible(note)}\n`);
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
const WHOLE = 1000;

function bars(
  progress: TranscodeProgress,
  stream: NodeJS.WriteStream,
  workers: TranscodeDisplayOptions["workers"],
): View {
  const multi = new cliProgress.MultiBar({
    stream,
    hideCursor: true,
    barsize: 24,
    emptyOnZero: true,
    forceRedraw: true, // a note clears the bars' lines, also where they have not moved
    format: "{label} [{bar}] {percentage} % | {figures}",
  });
  const overall = multi.create(WHOLE, 0, { label: phaseLabel("planning"), figures: "" });
  const rows: { update(payload: object): void }[] = [];
  const draw = (): void => {
    const figures = progress.figures(performance.now());
    overall.update(Math.round(figures.share * WHOLE), {
      label: phaseLabel(figures.phase),
      figures: figuresText(figures),
    });
    const texts = workerTexts(progress, workers(), Math.max(1, (stream.rows || 24) - OTHER_ROWS));
    for (const [index, text] of texts.entries()) {
      rows[index] ??= multi.create(1, 0, { text }, { format: "{text}" });
      rows[index].update({ text });
    }
  };
  draw();
  const timer = setInterval(draw, TICK_MS); // the time left goes down also while nothing is done
  return {
    draw,
    note(line) {
      multi.log(line);
      multi.update();
    },
    stop() {
      clearInterval(timer);
      draw();
      multi.stop();
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
    note: (line) => stream.write(line),
    stop: () => {},
  };
}
