/** @jsxImportSource preact */
/// <reference lib="dom" />
/** One job: how far it is, who does it, and what can be done with it. */
import type { VNode } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { isFinal, type JobView } from "../../job_view.ts";
import type { JobEntry } from "./dashboard_state.ts";
import { useFocusRefuge } from "./focus.ts";
import { counted, formatBytes, formatDuration, formatRate } from "./format.ts";
import { nameOf, settingsText, STATE_TEXTS } from "./job_texts.ts";
import { proofAddress, resultAddress } from "./server.ts";
import { Timeline } from "./timeline.tsx";

export interface JobActions {
  cancel(jobId: string): void;
  askToRemove(jobId: string): void;
  play(jobId: string): void;
  /** Of a job that is over. */
  loadChunks(jobId: string): void;
}

export interface JobCardProps {
  readonly entry: JobEntry;
  readonly numbers: ReadonlyMap<string, number>;
  readonly clockAheadMs: number;
  readonly actions: JobActions;
}

export function JobCard({ entry, numbers, clockAheadMs, actions }: JobCardProps): VNode {
  // a page may have hundreds of jobs, of which few change at a time
  return useMemo(
    () => <Card entry={entry} numbers={numbers} clockAheadMs={clockAheadMs} actions={actions} />,
    [entry, numbers.size, clockAheadMs],
  );
}

function Card({ entry, numbers, clockAheadMs, actions }: JobCardProps): VNode {
  const { job } = entry;
  const headingId = `job-${job.id}`;
  const [card, heading] = [useRef<HTMLElement>(null), useRef<HTMLHeadingElement>(null)];
  useFocusRefuge(heading, card); // Cancel goes when it is done, as others do
  return (
    <article ref={card} class={`panel job ${job.state}`} aria-labelledby={headingId}>
      <header>
        <h3 ref={heading} id={headingId} tabIndex={-1}>
          <bdi>{nameOf(job)}</bdi>
        </h3>
        <span class={`pill ${job.state}`}>{STATE_TEXTS[job.state]}</span>
      </header>
      <p class="job-settings">{settingsText(job.settings)}</p>
      {!isFinal(job.state) && <Progress job={job} />}
      {job.failure && <p class="failure">{job.failure.message}</p>}
      <Figures job={job} />
      <Timeline
        entry={entry}
        numbers={numbers}
        clockAheadMs={clockAheadMs}
        onLoad={() => actions.loadChunks(job.id)}
      />
      {job.notes.length > 0 && (
        <details class="notes">
          <summary>{counted(job.notes.length, "note")}</summary>
          <ul>{job.notes.map((note) => <li key={note}>{note}</li>)}</ul>
        </details>
      )}
      <Buttons job={job} actions={actions} />
    </article>
  );
}

function Progress({ job }: { readonly job: JobView }): VNode {
  const percent = Math.floor(job.percent);
  return (
    <div class="progress-row">
      <progress max="100" value={percent} aria-label={`Progress of ${nameOf(job)}`} />
      <span class="percent">{percent} %</span>
    </div>
  );
}

function Figures({ job }: { readonly job: JobView }): VNode {
  const isOver = isFinal(job.state);
  const took = isOver && job.startedMs !== undefined && job.finishedMs !== undefined
    ? formatDuration((job.finishedMs - job.startedMs) / 1_000)
    : undefined;
  const figures: readonly (readonly [name: string, value: string])[] = [
    ["Chunks", job.chunks === 0 ? "–" : `${job.chunksDone} / ${job.chunks}`],
    ["Video", job.durationSeconds === 0 ? "–" : formatDuration(job.durationSeconds)],
    [
      "Size",
      `${formatBytes(job.sourceBytes)} → ${job.outputBytes === 0 ? "–" : formatBytes(job.outputBytes)}`,
    ],
    ...(isOver ? [["Took", took ?? "–"] as const] : [
      ["Frames/s", job.fps === undefined ? "–" : formatRate(job.fps)] as const,
      ["Speed", job.speed === undefined ? "–" : `${formatRate(job.speed)} ×`] as const,
      ["Left", job.etaSeconds === undefined ? "–" : formatDuration(job.etaSeconds)] as const,
    ]),
    ...(job.chunksReused > 0 ? [["Reused", counted(job.chunksReused, "chunk")] as const] : []),
    ...(job.priority !== 0 ? [["Priority", String(job.priority)] as const] : []),
  ];
  return (
    <dl class="figures">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Buttons({ job, actions }: { readonly job: JobView; readonly actions: JobActions }): VNode {
  const name = nameOf(job);
  const isOver = isFinal(job.state);
  return (
    <div class="buttons">
      {job.state === "completed" && (
        <>
          <button type="button" aria-label={`Play ${name}`} onClick={() => actions.play(job.id)}>Play</button>
          <a
            class="button"
            href={`${resultAddress(job.id)}?download`}
            download
            aria-label={`Download ${name}`}
          >
            Download
          </a>
          <a
            class="button quiet"
            href={`${proofAddress(job.id)}?download`}
            download
            aria-label={`Download the proof of ${name}`}
          >
            Proof
          </a>
        </>
      )}
      {!isOver && (
        <button type="button" aria-label={`Cancel ${name}`} onClick={() => actions.cancel(job.id)}>
          Cancel
        </button>
      )}
      <button
        type="button"
        class="quiet"
        aria-label={`Delete ${name}`}
        onClick={() => actions.askToRemove(job.id)}
      >
        Delete
      </button>
    </div>
  );
}
