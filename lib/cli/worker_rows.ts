/** What each worker does, a row each, in as many columns as there are. Pure. */
import type { WorkerView } from "../fleet/fleet.ts";
import { formatCount } from "./format.ts";
import { cutLine } from "./terminal_lines.ts";
import { rateText, type WorkerTally } from "./transcode_progress.ts";
import { visible } from "./visible.ts";
import { whyNoWork } from "./worker_news.ts";

export interface WorkerRow {
  readonly view: WorkerView;
  readonly tally: WorkerTally;
}

export interface WorkerRowsOptions {
  /** That the job keeps to; undefined: not known yet. */
  readonly build: string | undefined;
  readonly columns: number;
}

/**
 * Such as `  localhost:41234  chunk 12       75.3 fps  6 done`, below each other. Where there is less room, addresses
 * are shortened in the middle, and what keeps the columns apart goes: 40 columns have all four.
 */
export function workerRows(workers: readonly WorkerRow[], { build, columns }: WorkerRowsOptions): string[] {
  const cells = workers.map((worker) => cellsOf(worker, build));
  const form = FORMS.find((form) => addressColumns(cells, form, columns) >= form.leastAddress) ?? TIGHTEST;
  return cells.map((worker) => rowText(worker, sizesOf(cells, form, columns), form));
}

interface Cells {
  readonly address: string;
  readonly work: string;
  /** What a chunk's numbers become where there is no room for them. */
  readonly briefWork: string;
  /** Whether `work` is what ails it, which is cut where it is too long. */
  readonly isAilment: boolean;
  readonly fps: string;
  readonly done: string;
}

interface Form {
  readonly indent: number;
  readonly gap: number;
  /** At least so wide, so that they do not jump as figures change. */
  readonly workColumns: number;
  readonly fpsColumns: number;
  /** The form is for a terminal that leaves an address so much, or all that it takes. */
  readonly leastAddress: number;
  readonly isBrief: boolean;
}

const TIGHTEST: Form = {
  indent: 0,
  gap: 1,
  workColumns: 0,
  fpsColumns: 0,
  leastAddress: 0,
  isBrief: true,
};
const FORMS: readonly Form[] = [
  { indent: 2, gap: 2, workColumns: 12, fpsColumns: 9, leastAddress: 16, isBrief: false },
  { indent: 2, gap: 1, workColumns: 0, fpsColumns: 0, leastAddress: 8, isBrief: false },
];

function cellsOf({ view, tally: { running, done } }: WorkerRow, build: string | undefined): Cells {
  const { address, state, framesPerSecond } = view;
  const reason = visible(whyNoWork(view, build));
  const isAilment = running.length === 0 && reason !== "";
  const isWell = state === "healthy";
  const ailment = isWell || reason === state ? reason : `${state}: ${reason}`;
  const chunks = running.length === 1 ? `chunk ${running[0]}` : `chunks ${running.join(", ")}`;
  const work = running.length === 0 ? "idle" : chunks;
  return {
    address: visible(address),
    work: isAilment ? ailment : work,
    briefWork: isAilment ? ailment : running.length > 1 ? formatCount(running.length, "chunk") : work,
    isAilment,
    fps: framesPerSecond === undefined ? "" : `${rateText(framesPerSecond)} fps`,
    done: `${formatCount(done)} done`,
  };
}

interface Sizes {
  readonly columns: number;
  readonly address: number;
  readonly work: number;
  readonly fps: number;
  readonly done: number;
}

function sizesOf(cells: readonly Cells[], form: Form, columns: number): Sizes {
  const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map(({ length }) => length));
  const works = cells.filter(({ isAilment }) => !isAilment).map((worker) => workOf(worker, form));
  const work = Math.max(form.workColumns, widest(works));
  const fps = Math.max(form.fpsColumns, widest(cells.map((worker) => worker.fps)));
  const done = widest(cells.map((worker) => worker.done));
  const room = columns - form.indent - 3 * form.gap - work - fps - done;
  const address = Math.max(0, Math.min(room, widest(cells.map((worker) => worker.address))));
  return { columns, address, work, fps, done };
}

/** As many as an address gets; Infinity: it need not be shortened. */
function addressColumns(cells: readonly Cells[], form: Form, columns: number): number {
  const { address } = sizesOf(cells, form, columns);
  return cells.every((worker) => worker.address.length <= address) ? Infinity : address;
}

function rowText(worker: Cells, sizes: Sizes, form: Form): string {
  const { isAilment, fps, done } = worker;
  const gap = " ".repeat(form.gap);
  const address = sizes.address > 0
    ? shortened(worker.address, sizes.address).padEnd(sizes.address) + gap
    : "";
  const start = `${" ".repeat(form.indent)}${address}`;
  // what ails a worker has the room of the figure that it has not
  const isMerged = isAilment && fps === "";
  const end = `${isMerged ? "" : `${gap}${fps.padStart(sizes.fps)}`}${gap}${done}`;
  const least = sizes.work + (isMerged ? form.gap + sizes.fps : 0);
  const work = workOf(worker, form);
  const room = Math.max(least, sizes.columns - start.length - end.length);
  return `${start}${(isAilment ? cutEnd(work, room) : work).padEnd(least)}${end}`;
}

function workOf({ work, briefWork }: Cells, { isBrief }: Form): string {
  return isBrief ? briefWork : work;
}

const MARK = "..";

/** The end of an address, its port, tells it from others as the start does. */
function shortened(address: string, columns: number): string {
  if (address.length <= columns) return address;
  const kept = columns - MARK.length;
  if (kept < 2) return address.slice(-columns);
  const head = Math.floor(kept / 2);
  return `${address.slice(0, head)}${MARK}${address.slice(head - kept)}`;
}

function cutEnd(text: string, columns: number): string {
  if (cutLine(text, columns) === text || columns <= MARK.length) return text;
  return `${cutLine(text, columns - MARK.length)}${MARK}`;
}
