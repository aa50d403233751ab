/** A master without workers: keeps what is uploaded in memory, and plays the jobs' lives as a test tells it to. */
import type { WorkerView } from "../../lib/fleet/fleet.ts";
import { createEventHub } from "../../lib/master/event_hub.ts";
import { mediaTypeOf, resultFileName, sourceFileName } from "../../lib/master/file_names.ts";
import {
  type AttemptView,
  type ChunkView,
  isFinal,
  type JobDetails,
  type JobView,
} from "../../lib/master/job_view.ts";
import type { Master, StoredVideo } from "../../lib/master/master.ts";
import {
  JobFinalError,
  JobNotFoundError,
  NotCompletedError,
  VideoExistsError,
} from "../../lib/master/master_errors.ts";
import { readUpload } from "../../lib/master/upload_order.ts";

export interface FakeMaster extends Master {
  readonly watchers: number;
  /** What came in by uploads and was kept, in order. */
  readonly uploaded: readonly { readonly job: JobView; readonly bytes: Uint8Array<ArrayBuffer> }[];
  /** What every upload is refused with, before it is read. */
  refusal: Error | undefined;
  /** Uploads that were begun to be read. */
  receiving: number;
  /** Uploads are read no further than to their first piece that goes beyond {@link readFirstBytes} before that. */
  readOn: Promise<void>;
  /** Default 0. */
  readFirstBytes: number;
  setWorkers(workers: readonly WorkerView[]): void;
  /** A job that is there without having been uploaded. */
  add(job: Partial<JobView> & { readonly id: string }): void;
  change(jobId: string, news: Partial<JobView>): void;
  /** Cuts it into equal chunks, all of them waiting. */
  plan(
    jobId: string,
    plan: { readonly chunks: number; readonly durationSeconds: number; readonly frames: number },
  ): void;
  changeChunk(jobId: string, index: number, news: Partial<ChunkView>): void;
  startChunk(jobId: string, index: number, attempt: Pick<AttemptView, "worker" | "startedMs">): void;
  endChunk(
    jobId: string,
    index: number,
    end: Pick<AttemptView, "endedMs" | "outcome"> & { reason?: string },
  ): void;
  /** The result: what was uploaded, unless something else is given. */
  complete(jobId: string, result?: Uint8Array<ArrayBuffer>): void;
}

const BLANK: Omit<JobView, "id"> = {
  videoId: "film.mp4",
  originalFilename: "film.mp4",
  settings: readUpload({ videoId: "film.mp4" }).settings,
  priority: 0,
  state: "queued",
  percent: 0,
  chunks: 0,
  chunksDone: 0,
  chunksReused: 0,
  frames: 0,
  framesDone: 0,
  durationSeconds: 0,
  fps: undefined,
  speed: undefined,
  etaSeconds: undefined,
  sourceBytes: 0,
  outputBytes: 0,
  build: "",
  createdMs: 0,
  startedMs: undefined,
  finishedMs: undefined,
  failure: undefined,
  notes: [],
};

interface Kept {
  job: JobView;
  chunks: ChunkView[];
  source: Uint8Array<ArrayBuffer>;
  result: Uint8Array<ArrayBuffer> | undefined;
}

export function fakeDashboardMaster(): FakeMaster {
  const kept = new Map<string, Kept>();
  const uploaded: { job: JobView; bytes: Uint8Array<ArrayBuffer> }[] = [];
  const hub = createEventHub();
  const ended = new AbortController();
  let workers: readonly WorkerView[] = [];

  function get(jobId: string): Kept {
    const entry = kept.get(jobId);
    if (!entry) throw new JobNotFoundError(`There is no job "${jobId}"`);
    return entry;
  }

  function put(job: JobView, source = new Uint8Array()): JobView {
    const entry = kept.get(job.id);
    kept.set(job.id, entry ? { ...entry, job } : { job, chunks: [], source, result: undefined });
    hub.publish({ kind: "job", job });
    return job;
  }

  const change = (jobId: string, news: Partial<JobView>) => put({ ...get(jobId).job, ...news });

  function changeChunk(jobId: string, index: number, news: Partial<ChunkView>): void {
    const { chunks, job } = get(jobId);
    const chunk = { ...chunks[index]!, ...news };
    chunks[index] = chunk;
    hub.publish({ kind: "chunk", jobId, chunk });
    const done = chunks.filter(({ state }) => state === "done" || state === "reused");
    const framesDone = done.reduce((sum, { frames }) => sum + frames, 0);
    const percent = 100 * framesDone / Math.max(job.frames, 1);
    change(jobId, { chunksDone: done.length, framesDone, percent: Math.min(percent, 99.9) });
  }

  const master: FakeMaster = {
    refusal: undefined,
    receiving: 0,
    readOn: Promise.resolve(),
    readFirstBytes: 0,
    uploaded,
    get watchers() {
      return hub.watchers;
    },
    setWorkers(next) {
      workers = next;
      hub.publish({ kind: "workers", workers });
    },
    add: (job) => void put({ ...BLANK, ...job }),
    change: (jobId, news) => void change(jobId, news),
    plan(jobId, { chunks, durationSeconds, frames }) {
      const entry = get(jobId);
      entry.chunks = Array.from({ length: chunks }, (_, index) => ({
        index,
        startSeconds: index * durationSeconds / chunks,
        durationSeconds: durationSeconds / chunks,
        frames: Math.floor((index + 1) * frames / chunks) - Math.floor(index * frames / chunks),
        state: "queued",
        worker: "",
        shardBytes: 0,
        attempts: [],
      }));
      for (const chunk of entry.chunks) hub.publish({ kind: "chunk", jobId, chunk });
      change(jobId, { state: "processing", chunks, frames, durationSeconds, build: "libav/libx264 8.1" });
    },
    changeChunk,
    startChunk(jobId, index, { worker, startedMs }) {
      const { attempts } = get(jobId).chunks[index]!;
      const attempt: AttemptView = {
        worker,
        startedMs,
        attempt: attempts.length + 1,
        endedMs: undefined,
        outcome: "running",
        reason: "",
      };
      changeChunk(jobId, index, { state: "encoding", worker, attempts: [...attempts, attempt] });
    },
    endChunk(jobId, index, { endedMs, outcome, reason = "" }) {
      const { attempts, frames } = get(jobId).chunks[index]!;
      const last = { ...attempts.at(-1)!, endedMs, outcome, reason };
      const isDone = outcome === "encoded";
      changeChunk(jobId, index, {
        attempts: [...attempts.slice(0, -1), last],
        state: isDone ? "done" : "queued",
        ...(isDone ? { shardBytes: frames * 900 } : { worker: "" }),
      });
    },
    complete(jobId, result) {
      const entry = get(jobId);
      entry.result = result ?? entry.source;
      const { startedMs, createdMs } = entry.job;
      change(jobId, {
        state: "completed",
        percent: 100,
        outputBytes: entry.result.length,
        finishedMs: (startedMs ?? createdMs) + 42_000,
      });
    },
    // deno-lint-ignore require-await -- a refusal is a rejection
    async checkUpload(facts) {
      if (master.refusal) throw master.refusal;
      const { videoId } = readUpload(facts);
      const former = master.find(videoId);
      if (former && former.state !== "failed" && former.state !== "cancelled") {
        throw new VideoExistsError(`There is a video "${videoId}" already`);
      }
    },
    async upload(video, facts, { signal }) {
      try {
        await master.checkUpload(facts);
      } catch (error) {
        await video.cancel();
        throw error;
      }
      const order = readUpload(facts);
      const former = master.find(order.videoId);
      master.receiving++;
      const pieces: BlobPart[] = [];
      let received = 0;
      for await (const piece of video) {
        pieces.push(piece as Uint8Array<ArrayBuffer>);
        received += piece.length;
        if (received > master.readFirstBytes) await abortable(master.readOn, signal);
      }
      const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer());
      const { videoId, originalFilename, settings, priority } = order;
      const said = { videoId, originalFilename, settings, priority };
      const times = { createdMs: Date.now(), startedMs: Date.now() };
      if (former) await master.remove(former.id);
      const id = crypto.randomUUID();
      const job = put({ ...BLANK, ...said, ...times, id, sourceBytes: bytes.length }, bytes);
      uploaded.push({ job, bytes });
      return job;
    },
    jobs: () => [...kept.values()].map(({ job }) => job).reverse(),
    job(jobId): JobDetails {
      const { job, chunks } = get(jobId);
      return { job, chunks: [...chunks] };
    },
    find: (videoId) => master.jobs().find((job) => job.videoId === videoId),
    watch: ({ signal }) =>
      hub.watch({
        initial: () => [
          ...master.jobs().map((job) => ({ kind: "job", job } as const)),
          { kind: "workers", workers } as const,
        ],
        wants: () => true,
        isLast: () => false,
        signal: AbortSignal.any([signal, ended.signal]),
      }),
    // deno-lint-ignore require-await
    async cancel(jobId) {
      const { state } = get(jobId).job;
      if (isFinal(state) && state !== "cancelled") throw new JobFinalError(state);
      return change(jobId, { state: "cancelled" });
    },
    // deno-lint-ignore require-await
    async remove(jobId) {
      get(jobId);
      kept.delete(jobId);
      hub.publish({ kind: "removed", jobId });
    },
    // deno-lint-ignore require-await
    async source(jobId) {
      const { job, source } = get(jobId);
      return videoOf(source, sourceFileName(job));
    },
    // deno-lint-ignore require-await
    async result(jobId) {
      const { job, result } = get(jobId);
      if (!result) throw new NotCompletedError(`Cannot read the result: the job is ${job.state}`);
      return videoOf(result, resultFileName(job, job.settings.container));
    },
    async proof(jobId) {
      await master.result(jobId);
      const { job } = get(jobId);
      const bytes = new TextEncoder().encode(JSON.stringify({ job: job.id }));
      return { ...videoOf(bytes, `${job.videoId}.proof.json`), mediaType: "application/json" };
    },
    workers: () => workers,
    // deno-lint-ignore require-await
    async [Symbol.asyncDispose]() {
      ended.abort();
    },
  };
  return master;
}

/** What the promise is, unless the signal aborts before. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function videoOf(bytes: Uint8Array<ArrayBuffer>, fileName: string): StoredVideo {
  return {
    sizeBytes: bytes.length,
    mediaType: mediaTypeOf(fileName),
    fileName,
    // deno-lint-ignore require-await
    async open({ range = { first: 0, last: bytes.length - 1 } }) {
      return new Blob([bytes.subarray(range.first, range.last + 1)]).stream();
    },
  };
}

/** A worker in good health. */
export function fakeWorker(address: string, news: Partial<WorkerView> = {}): WorkerView {
  return {
    address,
    workerId: `host-${address}`,
    state: "healthy",
    reason: "",
    cpuPercent: 50,
    memoryBytes: 180e6,
    activeTasks: 1,
    maxTasks: 2,
    framesPerSecond: 60,
    builds: { h264: "libav/libx264 8.1" },
    lastSeenMs: Date.now(),
    ...news,
  };
}
