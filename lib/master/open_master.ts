/** A master on its folder: uploads in, jobs run, results out. */
import { ensureDir } from "@std/fs";
import { join } from "node:path";
import { type Clock, SYSTEM_CLOCK } from "../fleet/clock.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { firstOf } from "../abort_signals.ts";
import type { JobEvent } from "../job/job.ts";
import { proofPathOf } from "../job/proof.ts";
import type { ShardMemory } from "../job/shard_memory.ts";
import type { Logger } from "../log.ts";
import { quoted } from "../store/shard_key.ts";
import { attempting } from "../store/store_errors.ts";
import { currentTrace, withFirstSpan, withTrace } from "../trace.ts";
import { formatTraceparent, newTrace, parseTraceparent } from "../traceparent.ts";
import { createUnderWay } from "../under_way.ts";
import { type Catalog, openCatalog, videoExists } from "./catalog.ts";
import { createEventHub } from "./event_hub.ts";
import { mediaTypeOf, resultFileName, sourceFileName } from "./file_names.ts";
import { withFields } from "./job_log.ts";
import { type JobRecord, viewOf } from "./job_record.ts";
import { createJobRuns, type RunJob } from "./job_runs.ts";
import { isFinal, type JobDetails, type JobView, type MasterEvent } from "./job_view.ts";
import type { Master, MasterOptions, UploadFacts } from "./master.ts";
import {
  CatalogError,
  CatalogFullError,
  DrainingError,
  JobFinalError,
  NotCompletedError,
} from "./master_errors.ts";
import { createShardRemovals } from "./shard_removals.ts";
import { boundUpload, createSpace } from "./upload_bounds.ts";
import { readUpload, type UploadOrder } from "./upload_order.ts";
import { createUploadsAhead } from "./uploads_ahead.ts";
import { openVideoFiles, storedVideo } from "./video_files.ts";

export interface OpenMasterOptions {
  /** Made if it is not there; one master at a time. */
  readonly dataDir: string;
  readonly fleet: Fleet;
  /** For one run of a job. */
  readonly openMemory: () => Promise<ShardMemory & AsyncDisposable>;
  readonly runJob: RunJob;
  /** Of all sources and results together; undefined: what the disk has. */
  readonly quotaBytes?: number | undefined;
  /** Jobs that run at once. */
  readonly maxJobs: number;
  /** How long nothing may come of an upload. */
  readonly stallMs: number;
  readonly logger: Logger;
  readonly onJobEvent?: ((event: JobEvent) => void) | undefined;
  readonly clock?: Clock | undefined;
  /** Default: {@link openCatalog}. */
  readonly openCatalog?: ((path: string) => Catalog) | undefined;
}

/** What its own process may ask of a master. */
export interface OpenMaster extends Master {
  /** Jobs that run now. */
  readonly runningJobs: number;
  /** Takes no upload any more. Resolves once those under way are done, and the downloads that are waited for. */
  finishTransfers(): Promise<void>;
}

/** How often watchers learn about workers. */
const WORKERS_EVERY_MS = 1_000;

/**
 * Takes up what an earlier master left: its jobs go on, its leftovers are removed.
 *
 * @throws {CatalogError} @throws {StoreUnwritableError} @throws {StoreFullError}
 */
export async function openMaster(options: OpenMasterOptions): Promise<OpenMaster> {
  const { dataDir, stallMs, logger, clock = SYSTEM_CLOCK } = options;
  await using opening = new AsyncDisposableStack();
  await attempting("make the folder of the data", () => ensureDir(dataDir));
  const files = await openVideoFiles(dataDir);
  const catalog = opening.use((options.openCatalog ?? openCatalog)(join(dataDir, "catalog.sqlite")));
  await files.sweep( // before the catalog is written: the disk may be full
    catalog.jobs().map(({ id, result }) => ({
      jobId: id,
      resultName: result && stemOf(result.fileName),
    })),
  );
  const givenUp = await files.givenUp();
  for (const id of givenUp) await files.giveUp(id);
  try {
    for (const id of givenUp) catalog.remove(id);
    catalog.requeue(clock.now());
  } catch (cause) {
    const why = cause instanceof CatalogFullError ? "no space left on the device" : String(cause);
    throw new CatalogError(`Cannot write the catalog in ${quoted(dataDir)}: ${why}`, { cause });
  }
  for (const id of givenUp) await files.remove(id);

  const space = createSpace({
    quotaBytes: options.quotaBytes,
    storedBytes: () => catalog.storedBytes(),
    freeBytes: () => files.freeBytes(),
  });
  const closing = new AbortController();
  const hub = createEventHub(watchWorkers);
  opening.defer(() => watchWorkers(false));
  const removals = opening.use(createShardRemovals({
    catalog,
    fleet: options.fleet,
    inUse: catalog.jobs().filter(({ state }) => !isFinal(state)).map(({ id }) => id),
    logger,
    clock,
  }));
  const { fleet } = removals;
  const aheads = opening.use(createUploadsAhead({ ...options, fleet, maxUploads: options.maxJobs, clock }));
  const runs = opening.use(createJobRuns({
    catalog,
    files,
    fleet,
    openMemory: options.openMemory,
    runJob: (spec, tools) => {
      const trace = parseTraceparent(catalog.job(spec.jobId).traceparent);
      const ahead = aheads.of(spec.jobId);
      return withTrace(trace, () => options.runJob(spec, { ...tools, ahead: (key) => ahead?.chunk(key) }));
    },
    maxRunning: options.maxJobs,
    publish: hub.publish,
    logger,
    loggerOf: (job) => withFields(logger, jobFields(job)),
    namesOf: (job) => [
      [files.sourcePath(job.id), job.originalFilename || job.videoId],
      [dataDir, "the master's folder"],
    ],
    onEvent: options.onJobEvent,
    async onOver(jobId) {
      removals.release(jobId);
      await aheads.end(jobId);
    },
    clock,
  }));
  /** By video_id. */
  const uploading = new Set<string>();
  const transfers = createUnderWay();
  const background = new Set<Promise<void>>();
  opening.defer(async () => {
    closing.abort(new DrainingError());
    await Promise.all(background);
  });

  let workersTimer: ReturnType<typeof setInterval> | undefined;
  function watchWorkers(isWatched: boolean): void {
    clearInterval(workersTimer);
    if (!isWatched) return;
    const tell = () => hub.publish({ kind: "workers", workers: fleet.workers() });
    workersTimer = setInterval(tell, WORKERS_EVERY_MS);
  }

  const shown = (job: JobRecord): JobView => runs.live(job.id)?.view() ?? viewOf(job, undefined);
  const details = (id: string): JobDetails => {
    const job = shown(catalog.job(id));
    return { job, chunks: runs.live(id)?.chunks() ?? catalog.chunks(id) };
  };

  /** The job whose place the new one takes, if any. @throws {VideoExistsError} */
  function replacedBy(videoId: string): JobRecord | undefined {
    const former = catalog.find(videoId);
    if (former && former.state !== "failed" && former.state !== "cancelled") throw videoExists();
    return former;
  }

  async function receive(
    order: UploadOrder,
    video: ReadableStream<Uint8Array>,
    signal: AbortSignal,
  ): Promise<JobRecord> {
    const { videoId, originalFilename, settings, priority, sizeBytes } = order;
    replacedBy(videoId);
    using room = await space.reserve(sizeBytes);
    const id = crypto.randomUUID();
    const bounded = boundUpload(video, { room, sizeBytes, stallMs });
    const ahead = aheads.begin(id, order);
    try {
      const stored = await files.receive(id, bounded, { signal, onGrown: (part) => ahead?.grew(part) });
      aheads.finish(id);
      const former = replacedBy(videoId);
      const trace = currentTrace() ?? newTrace();
      const job = catalog.insert({
        id,
        videoId,
        originalFilename,
        settings,
        priority,
        traceparent: formatTraceparent(trace),
        sourceBytes: stored.sizeBytes,
        sourceSha256: stored.sha256,
        createdMs: clock.now(),
      }, { replaces: former?.id });
      if (former) dropped(former.id);
      return job;
    } catch (error) {
      await aheads.end(id);
      await files.remove(id);
      throw error;
    }
  }

  async function upload(
    video: ReadableStream<Uint8Array>,
    facts: UploadFacts,
    { signal }: MasterOptions,
  ): Promise<JobView> {
    try {
      return await takeUpload(video, facts, signal);
    } catch (error) {
      if (!video.locked) await video.cancel(error).catch(() => {}); // it was refused before a byte was read
      throw error;
    }
  }

  /** What an uploader asks for, if it can be begun now. */
  function admit(facts: UploadFacts): UploadOrder {
    const order = readUpload(facts);
    if (closing.signal.aborted) throw new DrainingError();
    if (uploading.has(order.videoId)) throw videoExists();
    return order;
  }

  async function checkUpload(facts: UploadFacts): Promise<void> {
    const { videoId, sizeBytes } = admit(facts);
    replacedBy(videoId);
    using _room = await space.reserve(sizeBytes);
  }

  async function takeUpload(
    video: ReadableStream<Uint8Array>,
    facts: UploadFacts,
    signal: AbortSignal,
  ): Promise<JobView> {
    const order = admit(facts);
    uploading.add(order.videoId);
    using _transfer = transfers.begin();
    try {
      const facts = { "transcoder.video.id": order.videoId };
      const job = await withFirstSpan(
        { name: "receive video", facts },
        () => receive(order, video, signal),
      );
      withFields(logger, jobFields(job)).info(`Received video ${quoted(job.videoId)}`, {
        bytes: job.sourceBytes,
        file: job.originalFilename,
        chunks_begun: aheads.of(job.id)?.begunChunks,
      });
      hub.publish({ kind: "job", job: viewOf(job, undefined) });
      runs.add(job);
      return viewOf(job, undefined);
    } finally {
      uploading.delete(order.videoId);
    }
  }

  /** A job that the catalog has dropped: its files go, now or with the next start, and its shards at workers. */
  function dropped(id: string): void {
    hub.publish({ kind: "removed", jobId: id });
    removals.release(id);
    const done: Promise<void> = files.remove(id)
      .catch((error) => logger.warn("Cannot remove all files of a job", { job_id: id, error: String(error) }))
      .finally(() => background.delete(done));
    background.add(done);
  }

  /** Has nothing work on a job any more, for something that ends it. If that fails, the job goes on. */
  async function ending<T>(job: JobRecord, reason: string, end: () => T | Promise<T>): Promise<T> {
    try {
      await runs.stop(job.id, new DOMException(reason, "AbortError"));
      await aheads.end(job.id);
      return await end();
    } catch (error) {
      if (!isFinal(job.state)) runs.add(job);
      throw error;
    }
  }

  /** Drops a job from the catalog. On a full disk that takes the room which its files have. */
  async function forget(id: string): Promise<void> {
    try {
      catalog.remove(id);
    } catch (error) {
      if (!(error instanceof CatalogFullError)) throw error;
      await files.giveUp(id);
      catalog.remove(id);
    }
  }

  for (const job of catalog.jobs().reverse()) if (!isFinal(job.state)) runs.add(job);

  const open = opening.move();
  return {
    get runningJobs() {
      return runs.running;
    },
    upload,
    checkUpload,
    jobs: () => catalog.jobs().map(shown),
    job: details,
    find(videoId) {
      const job = catalog.find(videoId);
      return job && shown(job);
    },
    watch({ jobId, signal }) {
      if (jobId !== undefined) catalog.job(jobId);
      return untilClosed(signal, (signal) =>
        hub.watch({
          initial: () => jobId === undefined ? everything() : all(details(jobId)),
          wants: (event) => jobId === undefined || jobOf(event) === jobId,
          isLast: (event) => jobId !== undefined && isLastOfJob(event),
          signal,
        }));
    },
    async cancel(id) {
      const before = catalog.job(id);
      if (before.state === "cancelled") return viewOf(before, undefined);
      if (isFinal(before.state)) throw new JobFinalError(before.state);
      return await ending(before, "The job was cancelled", () => {
        const stopped = catalog.job(id);
        if (stopped.state === "cancelled") return viewOf(stopped, undefined);
        if (isFinal(stopped.state)) throw new JobFinalError(stopped.state); // it was over before it could be ended
        const job = catalog.cancel(id, clock.now());
        removals.release(id);
        withFields(logger, jobFields(job)).info("Job cancelled");
        hub.publish({ kind: "job", job: viewOf(job, undefined) });
        return viewOf(job, undefined);
      });
    },
    async remove(id) {
      const job = catalog.job(id);
      await ending(job, "The job was removed", () => forget(id));
      withFields(logger, jobFields(job)).info("Job removed");
      dropped(id);
    },
    async source(id) {
      const job = catalog.job(id);
      const fileName = sourceFileName(job);
      const names = { fileName, mediaType: mediaTypeOf(fileName) };
      return await storedVideo(files.sourcePath(id), names, transfers);
    },
    async result(id) {
      const { job, path } = resultOf(id);
      const fileName = resultFileName(job, job.settings.container);
      return await storedVideo(path, { fileName, mediaType: mediaTypeOf(fileName) }, transfers);
    },
    async proof(id) {
      const { job, path } = resultOf(id);
      const fileName = proofPathOf(resultFileName(job, job.settings.container));
      return await storedVideo(proofPathOf(path), { fileName, mediaType: "application/json" }, transfers);
    },
    workers: () => fleet.workers(),
    async finishTransfers() {
      closing.abort(new DrainingError());
      await transfers.idle();
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };

  function resultOf(id: string): { job: JobRecord; path: string } {
    const job = catalog.job(id);
    if (!job.result) throw new NotCompletedError(`Cannot read the result: the job is ${job.state}`);
    return { job, path: files.resultPath(id, job.result.fileName) };
  }

  async function* untilClosed<T>(
    signal: AbortSignal,
    watch: (signal: AbortSignal) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    using either = firstOf(signal, closing.signal);
    yield* watch(either.signal);
  }

  function* everything(): Generator<MasterEvent> {
    for (const job of catalog.jobs()) yield { kind: "job", job: shown(job) };
    yield { kind: "workers", workers: fleet.workers() };
  }
}

function* all({ job, chunks }: JobDetails): Generator<MasterEvent> {
  yield { kind: "job", job };
  for (const chunk of chunks) yield { kind: "chunk", jobId: job.id, chunk };
}

function jobOf(event: MasterEvent): string | undefined {
  if (event.kind === "workers") return undefined;
  return event.kind === "job" ? event.job.id : event.jobId;
}

function isLastOfJob(event: MasterEvent): boolean {
  return event.kind === "removed" || (event.kind === "job" && isFinal(event.job.state));
}

const stemOf = (fileName: string) => fileName.replace(/\.[^.]+$/, "");

function jobFields(job: JobRecord) {
  const trace = parseTraceparent(job.traceparent);
  return { job_id: job.id, video_id: job.videoId, trace_id: trace?.traceId };
}
