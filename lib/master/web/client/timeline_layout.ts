/** Where chunks and attempts are drawn. Pure: numbers in, rectangles out. */
import type { AttemptOutcome, ChunkState, ChunkView } from "../../job_view.ts";

/** What the drawings are wide, in units of their own: they are stretched to the room there is. */
export const WIDTH = 1_000;
/** What is narrower is drawn together with what is beside it, so that a drawing never has many shapes. */
const MIN_CELL = 4;
/** A gap shows where one ends, unless there is no room for it. */
const GAP = 2;
const MIN_WITH_GAP = 8;

/** A chunk, or several that are too narrow to be seen. */
export interface Cell {
  readonly x: number;
  readonly width: number;
  /** Of several chunks, the one that matters most. */
  readonly state: ChunkState;
  /** Who did most of it; empty: nobody. */
  readonly worker: string;
  readonly firstChunk: number;
  readonly lastChunk: number;
}

/** Which state of several is shown: what is wrong before what goes on, before what is waited for. */
const PRECEDENCE: readonly ChunkState[] = ["failed", "encoding", "queued", "done", "reused"];

/** The video from left to right, by the time that is shown. */
export function stripCells(chunks: readonly ChunkView[], durationSeconds: number): Cell[] {
  const perSecond = WIDTH / Math.max(durationSeconds, 1e-9);
  const cells: Cell[] = [];
  let group: ChunkView[] = [];
  let seconds = 0;
  for (const chunk of chunks) {
    group.push(chunk);
    seconds += chunk.durationSeconds;
    if (seconds * perSecond < MIN_CELL) continue;
    cells.push(cellOf(group, perSecond));
    group = [];
    seconds = 0;
  }
  if (group.length > 0) cells.push(cellOf(group, perSecond));
  return cells;
}

function cellOf(group: readonly ChunkView[], perSecond: number): Cell {
  const [first, last] = [group[0]!, group.at(-1)!];
  const state = PRECEDENCE.find((state) => group.some((chunk) => chunk.state === state))!;
  const shown = group.filter((chunk) => chunk.state === state);
  const x = first.startSeconds * perSecond;
  const width = (last.startSeconds + last.durationSeconds) * perSecond - x;
  return {
    x,
    width: withGap(width),
    state,
    worker: mostOften(shown.map(({ worker }) => worker)),
    firstChunk: first.index,
    lastChunk: last.index,
  };
}

const withGap = (width: number): number => width >= MIN_WITH_GAP ? width - GAP : width;

function mostOften(workers: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const worker of workers) counts.set(worker, (counts.get(worker) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? "";
}

/** One attempt, or several that are too short to be seen. */
export interface Bar {
  readonly x: number;
  readonly width: number;
  readonly outcome: AttemptOutcome;
}

/** What a worker did, in as many rows as it had chunks at once. */
export interface Lane {
  readonly worker: string;
  readonly rows: readonly (readonly Bar[])[];
}

export interface Lanes {
  /** Milliseconds since 1970 at the left and at the right edge. */
  readonly startMs: number;
  readonly endMs: number;
  /** By address, as people count: `render-2` before `render-10`. */
  readonly lanes: readonly Lane[];
}

interface Span {
  readonly startMs: number;
  readonly endMs: number;
  readonly outcome: AttemptOutcome;
}

/**
 * Who did what when, from left to right by the clock.
 *
 * @param nowMs The master's clock: how far attempts that are running have come.
 * @returns Undefined where there was no attempt.
 */
export function workerLanes(chunks: readonly ChunkView[], nowMs: number): Lanes | undefined {
  const spans = new Map<string, Span[]>();
  let startMs = Infinity;
  let endMs = -Infinity;
  for (const { attempts } of chunks) {
    for (const { worker, startedMs, endedMs, outcome } of attempts) {
      const span = { startMs: startedMs, endMs: Math.max(endedMs ?? nowMs, startedMs), outcome };
      const own = spans.get(worker) ?? [];
      spans.set(worker, own);
      own.push(span);
      startMs = Math.min(startMs, span.startMs);
      endMs = Math.max(endMs, span.endMs);
    }
  }
  if (spans.size === 0) return undefined;
  const perMs = WIDTH / Math.max(endMs - startMs, 1);
  const lanes = [...spans].sort(([a], [b]) => BY_NUMBER.compare(a, b)).map(([worker, spans]) => ({
    worker,
    rows: rowsOf(spans).map((row) => barsOf(row, startMs, perMs)),
  }));
  return { startMs, endMs, lanes };
}

const BY_NUMBER = new Intl.Collator("en", { numeric: true });

/** Each attempt goes into the first row that is free when it begins. */
function rowsOf(spans: readonly Span[]): Span[][] {
  const rows: Span[][] = [];
  for (const span of spans.toSorted((a, b) => a.startMs - b.startMs)) {
    const row = rows.find((row) => row.at(-1)!.endMs <= span.startMs);
    if (row) row.push(span);
    else rows.push([span]);
  }
  return rows;
}

function barsOf(row: readonly Span[], startMs: number, perMs: number): Bar[] {
  const bars: Bar[] = [];
  for (const span of row) {
    const x = (span.startMs - startMs) * perMs;
    const end = (span.endMs - startMs) * perMs;
    const before = bars.at(-1);
    // a failure stays visible beside a hundred short successes
    if (before && before.outcome === span.outcome && end - before.x < MIN_CELL) {
      bars[bars.length - 1] = { ...before, width: end - before.x };
    } else {
      bars.push({ x, width: Math.max(end - x, 1), outcome: span.outcome });
    }
  }
  return bars.map((bar) => ({ ...bar, width: withGap(bar.width) }));
}

/** The chunk that is shown at a place of the strip, 0 to 1 from left to right. */
export function chunkAt(chunks: readonly ChunkView[], share: number): number {
  const last = chunks.at(-1);
  if (!last) return 0;
  const seconds = share * (last.startSeconds + last.durationSeconds);
  const after = chunks.findIndex(({ startSeconds }) => startSeconds > seconds);
  return Math.max(0, (after < 0 ? chunks.length : after) - 1);
}
