/** @jsxImportSource preact */
/// <reference lib="dom" />
/** The whole page, and who knows what on it. */
import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Dialogue, Dialogues } from "./dialogues.tsx";
import { afterEvents, type DashboardState, EMPTY, jobsInOrder, withDetails } from "./dashboard_state.ts";
import { useFocusRefuge } from "./focus.ts";
import { JobCard } from "./job_card.tsx";
import { NewsReader } from "./news_reader.tsx";
import { PageHeader } from "./page_header.tsx";
import {
  cancelJob,
  type Connection,
  fetchDetails,
  removeJob,
  ServerError,
  uploadVideo,
  watchServer,
} from "./server.ts";
import { UploadPanel } from "./upload_panel.tsx";
import { createUploads, type Upload } from "./uploads.ts";
import { WorkerPanel } from "./worker_panel.tsx";

export function App(): VNode {
  const [state, update, latest] = useLatest<DashboardState>(EMPTY);
  const [connection, setConnection] = useState<Connection>("connecting");
  const [uploads, setUploads] = useState<readonly Upload[]>([]);
  const [dialogue, setDialogue] = useState<Dialogue | undefined>();
  const [problem, setProblem] = useState("");

  useEffect(() =>
    watchServer({
      onEvents: (events) => update((state) => afterEvents(state, events, Date.now())),
      onConnection: setConnection,
    }), []);

  const uploading = useMemo(() =>
    createUploads({
      async send(file, settings, options) {
        const job = await uploadVideo(file, settings, options);
        // before the next file is named, which may be of the same name; events may have told more since
        update((state) =>
          state.jobs.has(job.id) ? state : afterEvents(state, [{ kind: "job", job }], Date.now())
        );
      },
      // one that failed or was cancelled makes room for the next of its name
      isTaken: (videoId) =>
        [...latest.current.jobs.values()].some(({ job }) =>
          job.videoId === videoId && job.state !== "failed" && job.state !== "cancelled"
        ),
      onChange: setUploads,
    }), []);

  /** Whatever a button asks of the server: what goes wrong is told. */
  const doing = useMemo(() => async (action: () => Promise<void>) => {
    setProblem("");
    try {
      await action();
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      setProblem(error.message);
    }
  }, []);

  const actions = useMemo(() => ({
    cancel: (jobId: string) => doing(() => cancelJob(jobId)),
    askToRemove: (jobId: string) => setDialogue({ kind: "remove", jobId }),
    play: (jobId: string) => setDialogue({ kind: "play", jobId }),
    loadChunks: (jobId: string) =>
      doing(async () => {
        const details = await fetchDetails(jobId);
        update((state) => withDetails(state, details));
      }),
  }), []);

  useLeaveQuestion(uploads.some(({ state }) => state !== "failed"));
  const jobsHeading = useRef<HTMLHeadingElement>(null);
  useFocusRefuge(jobsHeading); // a card goes with its buttons, and the question whether to delete it

  const jobs = jobsInOrder(state);
  return (
    <>
      <PageHeader connection={connection} />
      <NewsReader jobs={jobs} isKnown={state.isKnown} />
      <main class="layout">
        <section class="side" aria-label="Upload and workers">
          <UploadPanel uploads={uploads} onFiles={uploading.add} onDrop={uploading.drop} />
          <WorkerPanel
            workers={state.workers}
            loads={state.loads}
            numbers={state.workerNumbers}
            clockAheadMs={state.clockAheadMs}
            isKnown={state.isKnown}
          />
        </section>
        <section class="jobs" aria-labelledby="jobs-heading">
          <div class="heading">
            <h2 ref={jobsHeading} id="jobs-heading" tabIndex={-1}>Jobs</h2>
            <span class="count">{jobs.length === 0 ? "" : jobs.length}</span>
          </div>
          <p class="problem" role="alert">{problem}</p>
          {jobs.map((entry) => (
            <JobCard
              key={entry.job.id}
              entry={entry}
              numbers={state.workerNumbers}
              clockAheadMs={state.clockAheadMs}
              actions={actions}
            />
          ))}
          {state.isKnown && jobs.length === 0 && <NoJobs />}
        </section>
      </main>
      <Dialogues
        dialogue={dialogue}
        jobs={state.jobs}
        onRemove={(jobId) => doing(() => removeJob(jobId))}
        onClose={() => setDialogue(undefined)}
      />
    </>
  );
}

/** A state that can also be looked at between its change and the drawing of it. */
function useLatest<T>(
  initial: T,
): [state: T, update: (change: (state: T) => T) => void, latest: { readonly current: T }] {
  const [state, setState] = useState(initial);
  const latest = useRef(state);
  const update = useMemo(() => (change: (state: T) => T) => {
    latest.current = change(latest.current);
    setState(latest.current);
  }, []);
  return [state, update, latest];
}

/** Has the browser ask before the page is left, however that comes about. */
function useLeaveQuestion(isNeeded: boolean): void {
  // before the upload is seen: one may leave at once
  useLayoutEffect(() => {
    if (!isNeeded) return;
    const ask = (event: Event) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [isNeeded]);
}

const NoJobs = (): VNode => (
  <div class="empty">
    <svg viewBox="0 0 280 40" preserveAspectRatio="none" aria-hidden="true">
      {[0, 1, 2, 0, 2, 1, 0].map((worker, index) => (
        <rect key={index} class={`cell worker-${worker}`} x={index * 26} width="23" height="40" />
      ))}
      <rect class="cell worker-1" x="182" y="16" width="23" height="24" />
      {[208, 234, 260].map((x) => <rect key={x} class="cell queued" x={x} y="32" width="20" height="8" />)}
    </svg>
    <p>
      <strong>No videos yet</strong>
    </p>
    <p>
      Drop one anywhere on this page, or from a terminal:<br />
      <code>deno task transcode film.mkv -o film.mp4 --master ADDRESS</code>
    </p>
  </div>
);
