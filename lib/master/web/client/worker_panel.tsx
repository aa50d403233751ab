/** @jsxImportSource preact */
/** The fleet: what each worker has to do, and how it fared in the last minutes. */
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { WorkerView } from "../../../fleet/fleet.ts";
import { HISTORY_MS, type LoadSample } from "./dashboard_state.ts";
import { counted, formatAgo, formatBytes, formatRate } from "./format.ts";
import { Sparkline } from "./sparkline.tsx";
import { WorkerMark } from "./worker_mark.tsx";

export interface WorkerPanelProps {
  readonly workers: readonly WorkerView[];
  readonly loads: ReadonlyMap<string, readonly LoadSample[]>;
  readonly numbers: ReadonlyMap<string, number>;
  readonly clockAheadMs: number;
  readonly isKnown: boolean;
}

export function WorkerPanel({ workers, loads, numbers, clockAheadMs, isKnown }: WorkerPanelProps): VNode {
  const nowMs = useClock();
  return (
    <section class="workers" aria-labelledby="workers-heading">
      <div class="heading">
        <h2 id="workers-heading">Workers</h2>
        <span class="count">{workers.length === 0 ? "" : workers.length}</span>
      </div>
      {workers.map((worker) => (
        <WorkerCard
          key={worker.address}
          worker={worker}
          samples={loads.get(worker.address) ?? []}
          number={numbers.get(worker.address)}
          masterNowMs={nowMs + clockAheadMs}
          nowMs={nowMs}
        />
      ))}
      {isKnown && workers.length === 0 && (
        <div class="empty">
          <p>No workers yet. Start one on any machine:</p>
          <p>
            <code>deno task worker --master ADDRESS</code>
          </p>
        </div>
      )}
    </section>
  );
}

const TICK_MS = 1_000;
/** What the charts show of a page that was just opened; as time goes on, it is more. */
const SHORTEST_MS = 60_000;

/** The page's clock, so that what was seen 3 s ago was seen 4 s ago a second later. */
function useClock(): number {
  const [nowMs, setNowMs] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}

const STATES: Readonly<Record<WorkerView["state"], string>> = {
  unknown: "Not seen yet",
  healthy: "Healthy",
  suspect: "No answer",
  unhealthy: "Down",
  "set-aside": "Set aside",
};

interface WorkerCardProps {
  readonly worker: WorkerView;
  readonly samples: readonly LoadSample[];
  readonly number: number | undefined;
  readonly masterNowMs: number;
  readonly nowMs: number;
}

function WorkerCard({ worker, samples, number, masterNowMs, nowMs }: WorkerCardProps): VNode {
  const headingId = `worker-${worker.address}`;
  const { lastSeenMs, framesPerSecond } = worker;
  const [host, port] = worker.address.split(/(?=:\d+$)/); // a port is better not cut in two
  const chart = (valueOf: (sample: LoadSample) => number, top?: number) => ({
    points: samples.map((sample) => ({ timeMs: sample.timeMs, value: valueOf(sample) })),
    startMs: Math.max(nowMs - HISTORY_MS, Math.min(samples[0]?.timeMs ?? nowMs, nowMs - SHORTEST_MS)),
    endMs: nowMs,
    top,
  });
  return (
    <article class="panel worker" aria-labelledby={headingId}>
      <header>
        <WorkerMark number={number} />
        <h3 id={headingId}>
          {host}
          <wbr />
          {port}
        </h3>
        <span class={`pill ${worker.state}`}>{STATES[worker.state]}</span>
      </header>
      {worker.reason !== "" && <p class="failure">{worker.reason}</p>}
      <div class="meters">
        <Sparkline
          label="CPU"
          value={`${Math.round(worker.cpuPercent)} %`}
          {...chart(({ cpuPercent }) => cpuPercent, 100)}
        />
        <Sparkline
          label="Memory"
          value={formatBytes(worker.memoryBytes)}
          {...chart(({ memoryBytes }) => memoryBytes)}
        />
        <Sparkline
          label="Frames/s"
          value={framesPerSecond === undefined ? "–" : formatRate(framesPerSecond)}
          {...chart((sample) => sample.framesPerSecond)}
        />
      </div>
      <p class="worker-text">
        <span>{worker.activeTasks} of {counted(worker.maxTasks, "task")}</span>
        <span>{lastSeenMs === undefined ? "never seen" : `seen ${formatAgo(masterNowMs - lastSeenMs)}`}</span>
      </p>
    </article>
  );
}
