/** @jsxImportSource preact */
/// <reference lib="dom" />
/** A job's chunks: along the video by state and worker, and along the clock by who did what when. */
import type { TargetedMouseEvent, VNode } from "preact";
import { useMemo, useState } from "preact/hooks";
import { CHUNK_STATES, type ChunkState, type ChunkView, isFinal } from "../../job_view.ts";
import type { JobEntry } from "./dashboard_state.ts";
import { counted, formatDuration } from "./format.ts";
import { CHUNK_TEXTS, chunkText } from "./job_texts.ts";
import {
  type Bar,
  type Cell,
  chunkAt,
  type Lane,
  stripCells,
  WIDTH,
  workerLanes,
} from "./timeline_layout.ts";
import { workerClass, WorkerMark } from "./worker_mark.tsx";

export interface TimelineProps {
  readonly entry: JobEntry;
  readonly numbers: ReadonlyMap<string, number>;
  readonly clockAheadMs: number;
  /** Asks for the chunks of a job that is over. */
  readonly onLoad: () => void;
}

export function Timeline({ entry, numbers, clockAheadMs, onLoad }: TimelineProps): VNode | null {
  const { job } = entry;
  const chunks = entry.chunks.filter((chunk) => chunk !== undefined);
  if (job.chunks === 0) return null;
  if (chunks.length < job.chunks && isFinal(job.state)) {
    return <button type="button" class="quiet show-chunks" onClick={onLoad}>Show who did what</button>;
  }
  return (
    <figure class="timeline" aria-label="Chunks">
      <Strip chunks={chunks} numbers={numbers} durationSeconds={job.durationSeconds} />
      <WorkLanes chunks={chunks} numbers={numbers} nowMs={Date.now() + clockAheadMs} />
    </figure>
  );
}

const STRIP_HEIGHT = 40;
/** States differ in height, and not only in colour. */
const CELL_HEIGHTS = {
  queued: 8,
  encoding: 24,
  done: STRIP_HEIGHT,
  reused: STRIP_HEIGHT,
  failed: STRIP_HEIGHT,
};

interface StripProps {
  readonly chunks: readonly ChunkView[];
  readonly numbers: ReadonlyMap<string, number>;
  readonly durationSeconds: number;
}

/** Pointing at a chunk, or going to it by arrow keys, says all about it. */
function Strip({ chunks, numbers, durationSeconds }: StripProps): VNode {
  const [picked, setPicked] = useState<number | undefined>();
  const cells = useMemo(() => stripCells(chunks, durationSeconds), [chunks]);
  const index = Math.min(picked ?? 0, chunks.length - 1);
  const chunk = picked === undefined ? undefined : chunks[index];
  const text = chunk === undefined ? summaryOf(chunks) : chunkText(chunk, chunks.length);

  function pickAt({ currentTarget, clientX }: TargetedMouseEvent<HTMLElement>): void {
    const { left, width } = currentTarget.getBoundingClientRect();
    setPicked(chunkAt(chunks, (clientX - left) / width));
  }
  function pickByKey(event: KeyboardEvent): void {
    const next = keyTarget(event.key, index, chunks.length);
    if (next === undefined) return;
    event.preventDefault();
    setPicked(next);
  }

  return (
    <>
      <div
        class="strip"
        role="slider"
        tabIndex={0}
        aria-label="Chunks along the video"
        aria-valuemin={1}
        aria-valuemax={chunks.length}
        aria-valuenow={index + 1}
        aria-valuetext={text}
        onKeyDown={pickByKey}
        onFocus={() => setPicked(index)}
        onBlur={() => setPicked(undefined)}
        onMouseMove={pickAt}
        onMouseLeave={() => setPicked(undefined)}
        onClick={pickAt}
      >
        <svg viewBox={`0 0 ${WIDTH} ${STRIP_HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          {cells.map((cell) => (
            <StripCell
              key={cell.firstChunk}
              cell={cell}
              number={numbers.get(cell.worker)}
              isPicked={chunk !== undefined && index >= cell.firstChunk && index <= cell.lastChunk}
            />
          ))}
        </svg>
      </div>
      <p class="readout">{chunk === undefined ? <Legend chunks={chunks} /> : text}</p>
    </>
  );
}

interface StripCellProps {
  readonly cell: Cell;
  readonly number: number | undefined;
  readonly isPicked: boolean;
}

function StripCell({ cell: { x, width, state }, number, isPicked }: StripCellProps): VNode {
  const height = CELL_HEIGHTS[state];
  const classes = ["cell", state, workerClass(number), ...(isPicked ? ["picked"] : [])];
  return <rect class={classes.join(" ")} x={x} y={STRIP_HEIGHT - height} width={width} height={height} />;
}

/** Where a key leads from the chunk that is picked; undefined: nowhere. */
function keyTarget(key: string, index: number, chunks: number): number | undefined {
  const page = Math.max(1, Math.round(chunks / 10));
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowDown: -1,
    ArrowRight: 1,
    ArrowUp: 1,
    PageDown: -page,
    PageUp: page,
    Home: -chunks,
    End: chunks,
  };
  const step = steps[key];
  return step === undefined ? undefined : Math.min(Math.max(index + step, 0), chunks - 1);
}

/** How many chunks are in which state. */
function countsOf(chunks: readonly ChunkView[]): readonly (readonly [ChunkState, text: string])[] {
  const byState = Map.groupBy(chunks, ({ state }) => state);
  return CHUNK_STATES
    .filter((state) => byState.has(state))
    .map((state) => [state, `${byState.get(state)!.length} ${CHUNK_TEXTS[state]}`]);
}

const summaryOf = (chunks: readonly ChunkView[]): string =>
  `${counted(chunks.length, "chunk")}: ${countsOf(chunks).map(([, text]) => text).join(", ")}`;

const Legend = ({ chunks }: { readonly chunks: readonly ChunkView[] }): VNode => (
  <>{countsOf(chunks).map(([state, text]) => <span key={state} class={`key ${state}`}>{text}</span>)}</>
);

interface WorkLanesProps {
  readonly chunks: readonly ChunkView[];
  readonly numbers: ReadonlyMap<string, number>;
  readonly nowMs: number;
}

const ROW_HEIGHT = 10;
/** More are shown when asked for: forty would be a page of one job. */
const LANES_AT_FIRST = 8;

function WorkLanes({ chunks, numbers, nowMs }: WorkLanesProps): VNode | null {
  const [isOpen, setIsOpen] = useState(false);
  const work = workerLanes(chunks, nowMs);
  if (!work) return null;
  const { lanes } = work;
  return (
    <div class="lanes">
      {(isOpen ? lanes : lanes.slice(0, LANES_AT_FIRST)).map((lane) => (
        <WorkLane key={lane.worker} lane={lane} chunks={chunks} number={numbers.get(lane.worker)} />
      ))}
      <p class="clock">
        <span>0:00</span>
        <span>{formatDuration((work.endMs - work.startMs) / 1_000)}</span>
      </p>
      {lanes.length > LANES_AT_FIRST && (
        <button
          type="button"
          class="quiet unfold"
          aria-expanded={isOpen}
          onClick={() => setIsOpen(!isOpen)}
        >
          All {lanes.length} workers
        </button>
      )}
    </div>
  );
}

interface WorkLaneProps {
  readonly lane: Lane;
  readonly chunks: readonly ChunkView[];
  readonly number: number | undefined;
}

function WorkLane({ lane: { worker, rows }, chunks, number }: WorkLaneProps): VNode {
  const height = rows.length * ROW_HEIGHT;
  return (
    <div class="lane">
      <p class="lane-name">
        <WorkerMark number={number} />
        <span class="address">{worker}</span>
        <span class="lane-text">{laneText(worker, chunks)}</span>
      </p>
      <svg
        class={workerClass(number)}
        viewBox={`0 0 ${WIDTH} ${height}`}
        height={height}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        {rows.flatMap((bars, row) =>
          bars.map((bar) => <LaneBar key={`${row} ${bar.x}`} bar={bar} row={row} />)
        )}
      </svg>
    </div>
  );
}

/** What did not become the shard is lower. */
function LaneBar({ bar: { x, width, outcome }, row }: { readonly bar: Bar; readonly row: number }): VNode {
  const isKept = outcome === "encoded" || outcome === "running";
  const height = isKept ? ROW_HEIGHT - 2 : ROW_HEIGHT / 2;
  return (
    <rect
      class={`bar ${outcome}`}
      x={x}
      y={(row + 1) * ROW_HEIGHT - 1 - height}
      width={width}
      height={height}
    />
  );
}

/** Such as `12 chunks, 1 failed`. */
function laneText(worker: string, chunks: readonly ChunkView[]): string {
  const counts = { encoded: 0, failed: 0, superseded: 0, interrupted: 0, running: 0 };
  for (const { attempts } of chunks) {
    for (const attempt of attempts) if (attempt.worker === worker) counts[attempt.outcome]++;
  }
  const { encoded, running, ...rest } = counts;
  const others = Object.entries(rest).filter(([, count]) => count > 0).map(([name, count]) =>
    `${count} ${name}`
  );
  return [counted(encoded, "chunk"), ...(running > 0 ? [`${running} running`] : []), ...others].join(", ");
}
