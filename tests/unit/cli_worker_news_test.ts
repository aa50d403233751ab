import { assert, assertEquals } from "@std/assert";
import { eventJson } from "../../lib/cli/transcode_result.ts";
import { type WatchedFleet, watchWorkers, type WorkerEvent, WorkerNews } from "../../lib/cli/worker_news.ts";
import type { WorkerView } from "../../lib/fleet/fleet.ts";
import type { JobEvent } from "../../lib/job/job.ts";

const BUILD = "libav/libx264 8.1";
const NEW: WorkerView = {
  address: "a:1",
  workerId: "",
  state: "unknown",
  reason: "",
  cpuPercent: 0,
  memoryBytes: 0,
  activeTasks: 0,
  maxTasks: 1,
  framesPerSecond: undefined,
  builds: {},
  lastSeenMs: undefined,
};
const WELL: WorkerView = { ...NEW, state: "healthy", builds: { h264: BUILD } };
const DOWN: WorkerView = { ...NEW, state: "unhealthy", reason: "connection refused" };
const PLANNED: JobEvent = {
  kind: "planned",
  chunks: [],
  frames: 0,
  durationSeconds: 0,
  sourceBytes: 0,
  build: BUILD,
};
const STARTED: JobEvent = { kind: "started", chunk: 0, worker: "a:1", attempt: 1, isHedge: false };

const gone = (reason: string): WorkerEvent => ({ kind: "worker", worker: "a:1", takesWork: false, reason });
const BACK: WorkerEvent = { kind: "worker", worker: "a:1", takesWork: true, reason: "" };

/** What is told as a worker becomes this, and this, and so on. */
function told(...views: readonly WorkerView[]): WorkerEvent[] {
  const news = new WorkerNews();
  return views.flatMap((view) => news.changes([view]));
}

Deno.test("WorkerNews tells once that a worker takes no work, and once that it does again", () => {
  assertEquals(told(NEW, WELL, WELL), []);
  assertEquals(told(WELL, DOWN, DOWN, { ...DOWN, reason: "no answer within 3 s" }, WELL, WELL, DOWN), [
    gone("connection refused"),
    BACK,
    gone("connection refused"),
  ]);
});

Deno.test("WorkerNews tells of a worker that has never answered after the first failure, and not again after the next", () => {
  assertEquals(told(NEW, { ...NEW, reason: "refused" }, { ...DOWN, reason: "refused" }, WELL), [
    gone("refused"),
    BACK,
  ]);
});

Deno.test("WorkerNews says nothing of what may pass: one check that failed, codecs that are still tried", () => {
  assertEquals(told(WELL, { ...WELL, state: "suspect", reason: "no answer" }, WELL), []);
  assertEquals(told(DOWN, { ...WELL, builds: {} }, DOWN), [gone("connection refused")]);
});

Deno.test("WorkerNews tells of a worker of another build once the job has one, and of one that is set aside", () => {
  const news = new WorkerNews();
  const other = { ...WELL, builds: { h264: "ffmpeg/libx264 5.1" } };
  assertEquals(news.changes([other]), []);
  news.note(PLANNED);
  const reason = `it encodes with ffmpeg/libx264 5.1, and the job keeps to ${BUILD}`;
  assertEquals(news.changes([other]), [gone(reason)]);
  assertEquals(news.changes([other, { ...WELL, address: "b:1" }]), []);
  assertEquals(told({ ...WELL, state: "set-aside", reason: "others could" }), [gone("others could")]);
  assertEquals(told({ ...WELL, builds: {}, reason: "it encodes no media" }), [gone("it encodes no media")]);
});

Deno.test("WorkerNews names those that took no part and why, not those that did or only had no chunk", () => {
  const news = new WorkerNews();
  const views = [DOWN, { ...WELL, address: "b:1" }, { ...NEW, address: "c:1" }, { ...DOWN, address: "d:1" }];
  news.changes(views.map((view) => view.address === "b:1" ? { ...DOWN, address: "b:1" } : view));
  news.note({ ...STARTED, worker: "d:1" });
  assertEquals(news.absences(views), ["Worker a:1 took no part: connection refused"]);
});

/** A fleet of one worker, which is as the test says. */
function fakeFleet(): WatchedFleet & { become(view: WorkerView): void; readonly listeners: number } {
  let now = NEW;
  const listeners = new Set<() => void>();
  return {
    workers: () => [now],
    onChange(tell) {
      listeners.add(tell);
      return { [Symbol.dispose]: () => void listeners.delete(tell) };
    },
    become(view) {
      now = view;
      for (const tell of listeners) tell();
    },
    get listeners() {
      return listeners.size;
    },
  };
}

Deno.test("watchWorkers() tells as workers change, until it is disposed of or the signal aborts", () => {
  const fleet = fakeFleet();
  const abort = new AbortController();
  const events: WorkerEvent[] = [];
  {
    using watch = watchWorkers(fleet, (event) => void events.push(event), abort);
    fleet.become(DOWN);
    fleet.become(WELL);
    watch.note(PLANNED);
    fleet.become({ ...WELL, builds: { h264: "other" } });
    abort.abort();
    fleet.become(WELL);
    assert(watch.signal.aborted);
    assertEquals(watch.absences(), []);
  }
  assertEquals(events.map(({ takesWork }) => takesWork), [false, true, false]);
  assertEquals(fleet.listeners, 0);
});

Deno.test("watchWorkers() looks at once, and when the job has its build", () => {
  const fleet = fakeFleet();
  fleet.become({ ...WELL, builds: { h264: "other" } });
  const events: WorkerEvent[] = [];
  using watch = watchWorkers(fleet, (event) => void events.push(event), new AbortController());
  watch.note(PLANNED);
  assertEquals(events.length, 1);
});

Deno.test("watchWorkers() aborts its signal where it could not tell, and throws nothing at the fleet", () => {
  const fleet = fakeFleet();
  const fault = new Error("no room");
  using watch = watchWorkers(fleet, () => {
    throw fault;
  }, new AbortController());
  fleet.become(DOWN);
  assertEquals(watch.signal.reason, fault);
});

Deno.test("eventJson() of a worker is one line, its names spelled as on the wire", () => {
  assertEquals(JSON.parse(eventJson(gone("\x1b[2J"))), {
    event: "worker",
    worker: "a:1",
    takes_work: false,
    reason: "\x1b[2J",
  });
  assert(!eventJson(gone("\x1b[2J")).includes("\x1b"));
});
