/** Runs the jobs that are queued, so many at once, and takes each to its end. */
import { lateStartNote } from "../assemble/output_start.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { type Clock, SYSTEM_CLOCK } from "../fleet/clock.ts";
import type { JobEvent, JobResult, JobSpec, JobTools } from "../job/job.ts";
import type { ShardMemory } from "../job/shard_memory.ts";
import type { Logger } from "../log.ts";
import type { Catalog } from "./catalog.ts";
import { failureWords } from "./failure_words.ts";
import { logJobEvent } from "./job_log.ts";
import { createJobQueue, type QueuedJob } from "./job_queue.ts";
import { type JobRecord, viewOf } from "./job_record.ts";
import { type ChunkView, isFinal, type MasterEvent } from "./job_view.ts";
import { createLiveJob, type LiveJob } from "./live_job.ts";
import { DrainingError, JobNotFoundError, StaleRunError } from "./master_errors.ts";
import type { VideoFiles } from "./video_files.ts";

/** One job from its source to its output. @throws What became of it, in words; `tools.signal.reason` once aborted. */
export type RunJob = (spec: JobSpec, tools: JobTools) => Promise<JobResult>;

export interface JobRunsOptions {
  readonly catalog: Catalog;
  readonly files: VideoFiles;
  readonly fleet: Fleet;
  /** One for each run of a job. */
  readonly openMemory: () => Promise<ShardMemory & AsyncDisposable>;
  readonly runJob: RunJob;
  /** Jobs that run at once. */
  readonly maxRunning: number;
  readonly publish: (event: MasterEvent) => void;
  readonly logger: Logger;
  /** One whose lines name the job. */
  readonly loggerOf: (job: JobRecord) => Logger;
  /** What a message says instead of a path. */
  readonly namesOf: (job: JobRecord) => readonly (readonly [path: string, name: string])[];
  readonly onEvent?: ((event: JobEvent) => void) | undefined;
  /** Told after every run, whatever became of it; awaited. */
  readonly onOver: (jobId: string) => Promise<void>;
  readonly clock?: Clock | undefined;
}

export interface JobRuns extends AsyncDisposable {
  readonly running: number;
  /** To be run when its turn comes, unless it is over by then. One that waits or runs is not added again. */
  add(job: QueuedJob): void;
  /** The job as it runs now; undefined: it does not. */
  live(id: string): LiveJob | undefined;
  /**
   * Ends a run, or the wait for it; what it would still say is not asked for. Resolves once nothing works on it.
   */
  stop(id: string, reason: Error): Promise<void>;
}

interface Run {
  readonly stop: AbortController;
  /** Never rejects. */
  readonly done: Promise<void>;
  live: LiveJob | undefined;
}

/** What is under way is saved no more often than this; a chunk that is done is durable in the memory before. */
const SAVE_EVERY_MS = 200;
/** After a catalog that could not be written: a full disk may have room again. */
const SAVE_AGAIN_MS = 5_000;
/** What anybody may read of an error that nobody expected. */
const BROKE_DOWN = "Internal error: the master's log says more";

interface TakenUp {
  readonly job: JobRecord;
  /** Of former runs. */
  readonly chunks: readonly ChunkView[];
}

export function createJobRuns(options: JobRunsOptions): JobRuns {
  const { catalog, files, maxRunning, publish, clock = SYSTEM_CLOCK } = options;
  const queue = createJobQueue();
  const runs = new Map<string, Run>();
  let isClosed = false;

  function startNext(): void {
    while (!isClosed && runs.size < maxRunning) {
      const next = queue.take();
      if (!next) return;
      const stop = new AbortController();
      const run: Run = { stop, live: undefined, done: Promise.resolve().then(() => runToEnd(next.id, run)) };
      runs.set(next.id, run);
    }
  }

  async function runToEnd(id: string, run: Run): Promise<void> {
    const isAsExpected = await guarded(id, async () => {
      const taken = await takeUp(id, run.stop.signal);
      if (taken) await runOnce(taken, run);
    });
    if (!isAsExpected) await guarded(id, () => failJob(id, run));
    await guarded(id, () => options.onOver(id));
    runs.delete(id);
    startNext();
  }

  /** A run must not end the master: what it throws is for the log. @returns Whether it threw nothing. */
  async function guarded(id: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      options.logger.error("Job broke down", { job_id: id, error: stackOf(error) });
      return false;
    }
  }

  /** For a run that cannot do so itself any more. */
  async function failJob(id: string, { live, stop: { signal } }: Run): Promise<void> {
    if (signal.aborted) return;
    const save = () => {
      const job = catalog.job(id);
      if (isFinal(job.state)) return;
      const failure = { stage: live?.stage ?? "segmenting", message: BROKE_DOWN };
      catalog.save({ job: { ...job, state: "failed", failure, finishedMs: clock.now() }, chunks: [] });
    };
    await untilSaved(save, options.logger, signal);
    if (!signal.aborted) publish({ kind: "job", job: viewOf(catalog.job(id), undefined) });
  }

  /** Undefined once it was stopped or removed, or is over. */
  async function takeUp(id: string, signal: AbortSignal): Promise<TakenUp | undefined> {
    while (!signal.aborted) {
      try {
        if (isFinal(catalog.job(id).state)) return undefined;
        const chunks = catalog.chunks(id);
        return { job: catalog.takeUp(id, clock.now()), chunks };
      } catch (error) {
        if (error instanceof JobNotFoundError) return undefined;
        options.logger.error("Cannot use the catalog", { job_id: id, error: String(error) });
      }
      await clock.sleep(SAVE_AGAIN_MS, signal).catch(() => {}); // asked above
    }
    return undefined;
  }

  async function runOnce({ job, chunks }: TakenUp, run: Run): Promise<void> {
    const { signal } = run.stop;
    const logger = options.loggerOf(job);
    let timer: ReturnType<typeof setTimeout> | undefined;

    const save = () => {
      clearTimeout(timer);
      timer = undefined;
      const changes = live.takeChanges();
      try {
        catalog.save(changes);
      } catch (error) {
        live.giveBack(changes);
        throw error;
      }
    };
    const trySave = () => {
      try {
        save();
      } catch (error) {
        if (error instanceof StaleRunError) return run.stop.abort(error);
        logger.error("Cannot write the catalog", { error: String(error) });
      }
    };
    const live = createLiveJob({
      job,
      chunks,
      publish,
      now: () => clock.now(),
      onChange(when) {
        if (when === "now") trySave();
        else timer ??= setTimeout(trySave, SAVE_EVERY_MS);
      },
    });
    run.live = live;
    publish({ kind: "job", job: live.view() });

    try {
      logger.info("Job started", { run: job.run });
      await work(job, live, logger, signal);
    } finally {
      clearTimeout(timer);
    }
    await untilSaved(save, logger, signal);
    if (signal.reason instanceof StaleRunError) {
      logger.warn("Job was taken up by another run", { run: job.run });
    }
  }

  async function work(job: JobRecord, live: LiveJob, logger: Logger, signal: AbortSignal): Promise<void> {
    const { settings } = job;
    try {
      const { fileName, path } = await files.prepareResult(job.id, job.run, settings.container);
      const spec: JobSpec = {
        jobId: job.id,
        sourcePath: files.sourcePath(job.id),
        outputPath: path,
        settings: settings.encode,
        audio: settings.audio,
        chunkSeconds: settings.chunkSeconds,
        priority: job.priority,
        sourceSha256: job.sourceSha256,
      };
      const onEvent = (event: JobEvent) => {
        if (signal.aborted) return;
        if (!("aheadMs" in event)) logJobEvent(logger, event); // else it is in the log already
        live.apply(event);
        options.onEvent?.(event);
      };
      const { fleet } = options;
      await withMemory(logger, async (memory) => {
        const { assembled, notes, lateStartSeconds } = await options.runJob(spec, {
          fleet,
          memory,
          onEvent,
          signal,
        });
        signal.throwIfAborted();
        const converted = assembled.converted.map((what) => `Converted ${what}`);
        live.complete({ fileName, sizeBytes: assembled.sizeBytes }, [
          ...notes,
          ...(lateStartSeconds === undefined ? [] : [lateStartNote(lateStartSeconds)]),
          ...converted,
          ...assembled.notCarried,
        ]);
        logger.info("Job completed", { bytes: assembled.sizeBytes, chunks: live.chunks().length });
      });
    } catch (error) {
      if (signal.aborted) return live.interrupt();
      const words = failureWords(error, options.namesOf(job));
      if (words === undefined) {
        logger.error("Job broke down", { stage: live.stage, error: stackOf(error) });
      } else {
        logger.error("Job failed", { stage: live.stage, reason: words });
      }
      live.fail(error, words ?? BROKE_DOWN);
    }
  }

  /** What the work has come to counts, whatever becomes of the memory then. */
  async function withMemory(logger: Logger, work: (memory: ShardMemory) => Promise<void>): Promise<void> {
    const memory = await options.openMemory();
    try {
      await work(memory);
    } finally {
      try {
        await memory[Symbol.asyncDispose]();
      } catch (error) {
        logger.warn("Cannot let go of the memory", { error: String(error) });
      }
    }
  }

  /** A run that was stopped from outside saves what it can: its chunks' history, if the job is still its own. */
  async function untilSaved(save: () => void, logger: Logger, signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        return save();
      } catch (error) {
        if (error instanceof StaleRunError || error instanceof JobNotFoundError || signal.aborted) return;
        logger.error("Cannot write the catalog", { error: String(error) });
      }
      await clock.sleep(SAVE_AGAIN_MS, signal).catch(() => {}); // once more at the end
    }
  }

  return {
    get running() {
      return runs.size;
    },
    add(job) {
      if (runs.has(job.id)) return;
      queue.remove(job.id);
      queue.add(job);
      startNext();
    },
    live: (id) => runs.get(id)?.live,
    async stop(id, reason) {
      queue.remove(id);
      const run = runs.get(id);
      run?.stop.abort(reason);
      await run?.done;
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      const left = [...runs.values()];
      for (const { stop } of left) stop.abort(new DrainingError());
      await Promise.all(left.map(({ done }) => done));
    },
  };
}

function stackOf(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
