/**
 * What a master knows of its jobs, on disk: SQLite in WAL mode, each commit synced before it counts. One master at
 * a time has it; its shards are not in here but in the shard memory.
 */
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { APPLICATION_ID, SCHEMA, SCHEMA_VERSION } from "./catalog_schema.ts";
import { interrupted } from "./chunk_history.ts";
import type { JobRecord, NewJob } from "./job_record.ts";
import { newRecord } from "./job_record.ts";
import type { AttemptView, ChunkView } from "./job_view.ts";
import {
  CatalogError,
  CatalogFullError,
  JobNotFoundError,
  StaleRunError,
  VideoExistsError,
} from "./master_errors.ts";

/** What one run of a job has to say. */
export interface Save {
  /** Its `run` must still be the catalog's. */
  readonly job: JobRecord;
  /** Those that changed. */
  readonly chunks: Iterable<ChunkView>;
  /** Whether these are all there are, whatever there was. */
  readonly replacesChunks?: boolean;
}

export interface ShardsNote {
  readonly jobId: string;
  /** Where it is reached. */
  readonly worker: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** Of the notes that are kept when one is added. */
export interface NoteBounds {
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
  /** The last ones. */
  readonly count: number;
}

/** Each call is one transaction, on disk once it returns. @throws {CatalogFullError} Any that changes something. */
export interface Catalog extends Disposable {
  /**
   * @param replaces A job whose video_id the new one gets: see {@link Catalog.remove}.
   * @throws {VideoExistsError} If another job has the video_id.
   */
  insert(job: NewJob, options?: { readonly replaces?: string | undefined }): JobRecord;
  /** All of them, the newest first. */
  jobs(): JobRecord[];
  /** @throws {JobNotFoundError} */
  job(id: string): JobRecord;
  find(videoId: string): JobRecord | undefined;
  /** By index. */
  chunks(jobId: string): ChunkView[];
  /**
   * Begins another run of a job, which ends the say of the one before. @throws {JobNotFoundError}
   */
  takeUp(id: string, nowMs: number): JobRecord;
  /** @throws {StaleRunError} If another run has begun since, or the job is gone. */
  save(save: Save): void;
  /** Ends a job that is not over, whatever its run is about to say. @throws {JobNotFoundError} */
  cancel(id: string, nowMs: number): JobRecord;
  /** Forgets a job, but not who may have shards of it. @throws {JobNotFoundError} */
  remove(id: string): void;
  /** A worker is about to have shards of a job: one that the catalog knows, or not. Forgets those out of bounds. */
  noteShards(note: ShardsNote, bounds: NoteBounds): void;
  /** Jobs of which a worker may have shards, the oldest note first. */
  shardsAt(worker: string): string[];
  workersWithShards(): string[];
  /** These workers have none of a job any more. */
  settleShards(jobId: string, workers: readonly string[]): void;
  /** What was under way when a master ended is in the queue again. Writes nothing if nothing was. */
  requeue(nowMs: number): void;
  /** Bytes of all sources and results. */
  storedBytes(): number;
}

type Row = Record<string, SQLOutputValue>;
type Value = string | number | null;

/**
 * Opens the catalog in a file, which is made if there is none.
 *
 * @throws {CatalogError}
 */
export function openCatalog(path: string): Catalog {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { enableForeignKeyConstraints: true });
    db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    prepareSchema(db);
    return catalogOf(db);
  } catch (cause) {
    if (db?.isOpen) db.close();
    if (cause instanceof CatalogError) throw cause;
    throw new CatalogError(`Cannot open the catalog: ${openProblem(cause)}`, { cause });
  }
}

function openProblem(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.message === "database is locked" ? "another master has it" : cause.message; // it has no code
}

/** SQLITE_FULL, whose number not every call of the library gives. */
function isFull(error: unknown): boolean {
  return error instanceof Error && error.message === "database or disk is full";
}

function prepareSchema(db: DatabaseSync): void {
  const pragma = (name: string) => Number(Object.values(db.prepare(`PRAGMA ${name}`).get()!)[0]);
  const version = pragma("user_version");
  const isNew = version === 0 && pragma("application_id") === 0 && pragma("schema_version") === 0;
  if (isNew) {
    db.exec(`BEGIN IMMEDIATE; ${SCHEMA}
      PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT;`);
    return;
  }
  if (pragma("application_id") !== APPLICATION_ID) {
    throw new CatalogError("Cannot open the catalog: it is another program's database");
  }
  if (version !== SCHEMA_VERSION) {
    throw new CatalogError(
      `Cannot open the catalog: it has version ${version}, and this program knows ${SCHEMA_VERSION}`,
    );
  }
}

function catalogOf(db: DatabaseSync): Catalog {
  const columns = Object.keys(toRow(newRecord(ANY_JOB)));
  const mutable = columns.filter((name) => !(name in toNewRow(ANY_JOB)));
  const insertJob = db.prepare(
    `INSERT INTO jobs (${columns.join(", ")}) VALUES (${columns.map((name) => `:${name}`).join(", ")})`,
  );
  const updateJob = db.prepare(
    `UPDATE jobs SET ${mutable.map((name) => `${name} = :${name}`).join(", ")} WHERE id = :id AND run = :run`,
  );
  const nextRun = db.prepare("UPDATE jobs SET run = run + 1 WHERE id = :id");
  const allJobs = db.prepare("SELECT * FROM jobs ORDER BY number DESC");
  const oneJob = db.prepare("SELECT * FROM jobs WHERE id = :id");
  const jobOfVideo = db.prepare("SELECT * FROM jobs WHERE video_id = :video_id");
  const deleteJob = db.prepare("DELETE FROM jobs WHERE id = :id");
  const jobChunks = db.prepare("SELECT * FROM chunks WHERE job_id = :id ORDER BY chunk_index");
  const jobAttempts = db.prepare("SELECT * FROM attempts WHERE job_id = :id ORDER BY chunk_index, position");
  const deleteChunks = db.prepare("DELETE FROM chunks WHERE job_id = :id");
  const saveChunk = db.prepare(
    `INSERT INTO chunks (job_id, chunk_index, start_seconds, duration_seconds, frames, state, worker, shard_bytes)
     VALUES (:job_id, :chunk_index, :start_seconds, :duration_seconds, :frames, :state, :worker, :shard_bytes)
     ON CONFLICT DO UPDATE SET state = :state, worker = :worker, shard_bytes = :shard_bytes`,
  );
  const saveAttempt = db.prepare(
    `INSERT INTO attempts
       (job_id, chunk_index, position, worker, attempt, started_ms, ended_ms, outcome, reason)
     VALUES (:job_id, :chunk_index, :position, :worker, :attempt, :started_ms, :ended_ms, :outcome, :reason)
     ON CONFLICT DO UPDATE SET worker = :worker, attempt = :attempt, started_ms = :started_ms,
       ended_ms = :ended_ms, outcome = :outcome, reason = :reason`,
  );
  const deleteAttempts = db.prepare(
    "DELETE FROM attempts WHERE job_id = :job_id AND chunk_index = :chunk_index AND position >= :count",
  );
  const someNote = db.prepare("SELECT 1 FROM shard_notes WHERE worker = :worker AND job_id = :job_id");
  const insertNote = db.prepare(
    "INSERT INTO shard_notes (job_id, worker, noted_ms) VALUES (:job_id, :worker, :noted_ms)",
  );
  const boundNotes = db.prepare(
    `DELETE FROM shard_notes WHERE noted_ms < :since_ms OR number <= (SELECT MAX(number) FROM shard_notes) - :count`,
  );
  const notesOfWorker = db.prepare("SELECT job_id FROM shard_notes WHERE worker = :worker ORDER BY number");
  const notedWorkers = db.prepare("SELECT DISTINCT worker FROM shard_notes ORDER BY worker");
  const deleteNote = db.prepare("DELETE FROM shard_notes WHERE worker = :worker AND job_id = :job_id");
  const unfinished = db.prepare(
    "SELECT * FROM jobs WHERE state NOT IN ('completed', 'failed', 'cancelled') ORDER BY number",
  );
  const sumBytes = db.prepare("SELECT SUM(source_bytes) + SUM(COALESCE(result_bytes, 0)) AS bytes FROM jobs");

  /** Asked for with every piece of an upload; undefined: it may have changed. */
  let storedBytes: number | undefined;

  function transaction<T>(work: () => T): T {
    storedBytes = undefined;
    db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      db.exec("COMMIT");
      return result;
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw isFull(error) ? new CatalogFullError({ cause: error }) : error;
    }
  }

  function read(id: string): JobRecord {
    const row = oneJob.get({ id });
    if (!row) throw new JobNotFoundError("There is no such job");
    return fromRow(row);
  }

  function write(job: JobRecord): void {
    const row = toRow(job);
    const changed = Object.fromEntries(["id", ...mutable].map((name) => [name, row[name]!]));
    if (updateJob.run(changed).changes !== 1) {
      throw new StaleRunError(`Run ${job.run} of the job is not its last any more`);
    }
  }

  function writeChunk(jobId: string, chunk: ChunkView): void {
    const key = { job_id: jobId, chunk_index: chunk.index };
    saveChunk.run({
      ...key,
      start_seconds: chunk.startSeconds,
      duration_seconds: chunk.durationSeconds,
      frames: chunk.frames,
      state: chunk.state,
      worker: storable(chunk.worker),
      shard_bytes: chunk.shardBytes,
    });
    deleteAttempts.run({ ...key, count: chunk.attempts.length }); // a refused one is none any more
    chunk.attempts.forEach((attempt, position) =>
      saveAttempt.run({
        ...key,
        position,
        worker: storable(attempt.worker),
        attempt: attempt.attempt,
        started_ms: attempt.startedMs,
        ended_ms: attempt.endedMs ?? null,
        outcome: attempt.outcome,
        reason: storable(attempt.reason),
      })
    );
  }

  function readChunks(id: string): ChunkView[] {
    const attempts = Map.groupBy(jobAttempts.all({ id }), (row) => row.chunk_index);
    return jobChunks.all({ id }).map((row) => chunkOf(row, attempts.get(row.chunk_index!) ?? []));
  }

  function interruptChunks(id: string, nowMs: number): void {
    for (const chunk of readChunks(id)) {
      const now = interrupted(chunk, nowMs);
      if (now !== chunk) writeChunk(id, now);
    }
  }

  function drop(id: string): void {
    if (deleteJob.run({ id }).changes !== 1) throw new JobNotFoundError("There is no such job");
  }

  return {
    insert: (job, { replaces } = {}) =>
      transaction(() => {
        if (replaces !== undefined) drop(replaces);
        if (jobOfVideo.get({ video_id: job.videoId })) throw videoExists();
        const record = newRecord(job);
        insertJob.run(toRow(record));
        return record;
      }),
    jobs: () => allJobs.all().map(fromRow),
    job: read,
    find(videoId) {
      const row = jobOfVideo.get({ video_id: videoId });
      return row && fromRow(row);
    },
    chunks: readChunks,
    takeUp: (id, nowMs) =>
      transaction(() => {
        nextRun.run({ id });
        const job = read(id);
        const taken: JobRecord = { ...job, state: "segmenting", startedMs: job.startedMs ?? nowMs };
        write(taken);
        return taken;
      }),
    save: ({ job, chunks, replacesChunks = false }) =>
      transaction(() => {
        write(job);
        if (replacesChunks) deleteChunks.run({ id: job.id });
        for (const chunk of chunks) writeChunk(job.id, chunk);
      }),
    cancel: (id, nowMs) =>
      transaction(() => {
        nextRun.run({ id });
        const cancelled: JobRecord = { ...read(id), state: "cancelled", finishedMs: nowMs };
        write(cancelled);
        interruptChunks(id, nowMs);
        return cancelled;
      }),
    remove: (id) => transaction(() => drop(id)),
    noteShards({ jobId, worker, nowMs }, { sinceMs, count }) {
      if (someNote.get({ worker, job_id: jobId })) return; // asked for with each attempt
      transaction(() => {
        insertNote.run({ worker, job_id: jobId, noted_ms: nowMs });
        boundNotes.run({ since_ms: sinceMs, count });
      });
    },
    shardsAt: (worker) => notesOfWorker.all({ worker }).map((row) => String(row.job_id)),
    workersWithShards: () => notedWorkers.all().map((row) => String(row.worker)),
    settleShards: (jobId, workers) =>
      transaction(() => {
        for (const worker of workers) deleteNote.run({ worker, job_id: jobId });
      }),
    requeue: (nowMs) =>
      transaction(() => {
        for (const job of unfinished.all().map(fromRow)) {
          if (job.state !== "queued") write({ ...job, state: "queued" });
          interruptChunks(job.id, nowMs);
        }
      }),
    storedBytes: () => storedBytes ??= Number(sumBytes.get()?.bytes ?? 0),
    [Symbol.dispose]: () => db.close(),
  };
}

export function videoExists(): VideoExistsError {
  return new VideoExistsError(
    "Cannot take the video: there is one of this video_id; delete that one, or use another",
  );
}

/** Only its keys matter. */
const ANY_JOB: NewJob = {
  id: "",
  videoId: "",
  originalFilename: "",
  settings: {} as NewJob["settings"],
  priority: 0,
  traceparent: "",
  sourceBytes: 0,
  sourceSha256: "",
  createdMs: 0,
};

/** What never changes. */
function toNewRow(job: NewJob): Record<string, Value> {
  return {
    id: job.id,
    video_id: job.videoId,
    original_filename: storable(job.originalFilename),
    settings: JSON.stringify(job.settings),
    priority: job.priority,
    traceparent: job.traceparent,
    source_bytes: job.sourceBytes,
    source_sha256: job.sourceSha256,
    created_ms: job.createdMs,
  };
}

function toRow(job: JobRecord): Record<string, Value> {
  return {
    ...toNewRow(job),
    state: job.state,
    run: job.run,
    started_ms: job.startedMs ?? null,
    finished_ms: job.finishedMs ?? null,
    chunks: job.chunks,
    frames: job.frames,
    duration_seconds: job.durationSeconds,
    build: job.build,
    chunks_done: job.chunksDone,
    chunks_reused: job.chunksReused,
    frames_done: job.framesDone,
    shard_bytes: job.shardBytes,
    result_file: job.result?.fileName ?? null,
    result_bytes: job.result?.sizeBytes ?? null,
    failure_stage: job.failure?.stage ?? null,
    failure_message: job.failure ? storable(job.failure.message) : null,
    notes: JSON.stringify(job.notes),
  };
}

/** SQLite's text ends at the first NUL when it is read back; JSON escapes it by itself. */
const storable = (text: string) => text.replaceAll("\0", "\ufffd");

/** The tables are strict and only this module writes them, so that what a column holds need not be asked. */
function fromRow(row: Row): JobRecord {
  const text = (name: string) => row[name] as string;
  const number = (name: string) => row[name] as number;
  const maybe = <T>(name: string) => (row[name] ?? undefined) as T | undefined;
  const resultFile = maybe<string>("result_file");
  const failureStage = maybe<NonNullable<JobRecord["failure"]>["stage"]>("failure_stage");
  return {
    id: text("id"),
    videoId: text("video_id"),
    originalFilename: text("original_filename"),
    settings: JSON.parse(text("settings")),
    priority: number("priority"),
    traceparent: text("traceparent"),
    sourceBytes: number("source_bytes"),
    sourceSha256: text("source_sha256"),
    createdMs: number("created_ms"),
    state: text("state") as JobRecord["state"],
    run: number("run"),
    startedMs: maybe("started_ms"),
    finishedMs: maybe("finished_ms"),
    chunks: number("chunks"),
    frames: number("frames"),
    durationSeconds: number("duration_seconds"),
    build: text("build"),
    chunksDone: number("chunks_done"),
    chunksReused: number("chunks_reused"),
    framesDone: number("frames_done"),
    shardBytes: number("shard_bytes"),
    result: resultFile === undefined
      ? undefined
      : { fileName: resultFile, sizeBytes: number("result_bytes") },
    failure: failureStage && { stage: failureStage, message: text("failure_message") },
    notes: JSON.parse(text("notes")),
  };
}

function chunkOf(row: Row, attempts: readonly Row[]): ChunkView {
  return {
    index: row.chunk_index as number,
    startSeconds: row.start_seconds as number,
    durationSeconds: row.duration_seconds as number,
    frames: row.frames as number,
    state: row.state as ChunkView["state"],
    worker: row.worker as string,
    shardBytes: row.shard_bytes as number,
    attempts: attempts.map(attemptOf),
  };
}

function attemptOf(row: Row): AttemptView {
  return {
    worker: row.worker as string,
    attempt: row.attempt as number,
    startedMs: row.started_ms as number,
    endedMs: (row.ended_ms ?? undefined) as number | undefined,
    outcome: row.outcome as AttemptView["outcome"],
    reason: row.reason as string,
  };
}
