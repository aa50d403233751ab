/** What a job needs of those who encode for it, whoever they are and however they are reached. */
import type { EncodeSettings } from "../encode/settings.ts";
import type { SegmentSpan } from "../encode/encoder.ts";

/** One chunk to encode: plain data, which can be stored, sent and logged. */
export interface ChunkTask {
  /** What the shards are filed under at the workers: a valid video_id, and the same for all chunks of a job. */
  readonly jobId: string;
  readonly chunkIndex: number;
  /** Of the chunk's bytes, hexadecimal. */
  readonly sha256: string;
  /** Every one stated, threads included, since they shape the bytes. */
  readonly settings: EncodeSettings;
  readonly segment: SegmentSpan;
  /** Only a worker with this encoder may do it, such as `libav/libx264 8.1 form 2`: another makes other bytes. */
  readonly build: string;
}

/** A shard at a worker: plain data. */
export interface ShardRef {
  /** Where the worker is reached. */
  readonly worker: string;
  readonly workerId: string;
  /** As that worker names it. */
  readonly location: string;
  /** Of the shard, hexadecimal. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly frameCount: number;
  readonly build: string;
  readonly encodeSeconds: number;
  /** Which attempt at the chunk made it, from 1. */
  readonly attempt: number;
  /** What the encoder changed without being asked to, a sentence each. */
  readonly notes: readonly string[];
}

/** What happens to a task on its way. */
export type TaskEvent =
  /** `isHedge`: beside another attempt, which is slow. If nothing more is heard of it, another one was faster. */
  | { readonly kind: "started"; readonly worker: string; readonly attempt: number; readonly isHedge: boolean }
  /** The worker had no place for it, and has done nothing: another attempt follows. */
  | { readonly kind: "refused"; readonly worker: string; readonly attempt: number }
  /** Another attempt follows, unless it is the last. */
  | { readonly kind: "failed"; readonly worker: string; readonly attempt: number; readonly reason: string };

export interface FleetOptions {
  readonly signal: AbortSignal;
}

export interface PlaceOptions extends FleetOptions {
  readonly jobId: string;
  /** Jobs of a higher one get places first; those of the same share them in turn. */
  readonly priority: number;
  /** Who may take it: see {@link ChunkTask.build}. */
  readonly build: string;
}

export interface ForgetOptions extends FleetOptions {
  /** Only at these; undefined: at all. */
  readonly workers?: readonly string[] | undefined;
}

/** The right to have one chunk encoded now. Disposing of it gives it back. */
export interface Place extends Disposable {
  /**
   * Has the chunk encoded by the worker that is expected to be done first; by others, if that one fails; and by
   * two at once, where one is slow and the other has nothing to do.
   *
   * @param accept Fetches and checks the shard; what it throws counts against the worker, as a failed attempt does.
   * @returns What `accept` made of the first shard that it accepted.
   * @throws {PoisonChunkError} If it failed on as many workers as a chunk may.
   * @throws {WorkersLostError} If no worker came back in time.
   * @throws `signal.reason` once aborted.
   */
  encode<T>(
    task: ChunkTask,
    chunk: Uint8Array,
    accept: (shard: ShardRef, signal: AbortSignal) => Promise<T>,
    onEvent?: (event: TaskEvent) => void,
  ): Promise<T>;
}

/** How a worker is, as people and the choice of one see it. */
export interface WorkerView {
  readonly address: string;
  /** Empty until it has answered. */
  readonly workerId: string;
  readonly state: "unknown" | "healthy" | "suspect" | "unhealthy" | "set-aside";
  /** Why it takes no work; empty where it does. */
  readonly reason: string;
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  /** Of this fleet's chunks, those that it encodes now. */
  readonly activeTasks: number;
  readonly maxTasks: number;
  /** Frames a second that it has shown to encode, all its places together; undefined: not known yet. */
  readonly framesPerSecond: number | undefined;
  /** What it can encode with, such as `{ h264: "libav/libx264 8.1 form 2" }`. */
  readonly builds: Readonly<Record<string, string>>;
  /** Milliseconds since 1970; undefined: it never answered. */
  readonly lastSeenMs: number | undefined;
}

export interface Fleet extends AsyncDisposable {
  /**
   * The build that a job with these settings should keep to: that of most workers which can do it. Waits for one.
   *
   * @throws {UnsupportedError} If every worker has answered and none can, saying what they can do.
   * @throws {WorkersLostError} If none comes in time. @throws `signal.reason` once aborted.
   */
  chooseBuild(settings: EncodeSettings, options: FleetOptions): Promise<string>;
  /**
   * Waits for a place at a worker, so that no chunk is read before somebody can take it.
   *
   * @throws {WorkersLostError} If there is no worker for too long. @throws `signal.reason` once aborted.
   */
  place(options: PlaceOptions): Promise<Place>;
  /**
   * A shard's bytes. The stream fails if they are not those that its worker stored.
   *
   * @throws {RpcError} @throws {TransferError} @throws `signal.reason` once aborted.
   */
  open(shard: ShardRef, options: FleetOptions): Promise<ReadableStream<Uint8Array>>;
  /**
   * Removes a job's shards at the workers that answer; the others keep theirs until they are asked again.
   *
   * @returns Who has none of them any more. @throws `signal.reason` once aborted.
   */
  forget(jobId: string, options: ForgetOptions): Promise<readonly string[]>;
  /** Has somebody told of each worker that begins to answer, for the first time or again. */
  onAnswer(tell: (worker: string) => void): Disposable;
  /** All workers as they are now, by address. */
  workers(): readonly WorkerView[];
}

/** A chunk failed on as many workers as it may: it, not they, must be at fault. */
export class PoisonChunkError extends Error {
  override readonly name = "PoisonChunkError";
  readonly chunkIndex: number;
  /** Who tried, and what each said, in order. */
  readonly failures: readonly { readonly worker: string; readonly reason: string }[];

  constructor(chunkIndex: number, failures: PoisonChunkError["failures"]) {
    const [last] = failures.slice(-1);
    super(
      `Cannot encode chunk ${chunkIndex}: it failed ${failures.length} times, last on ${last?.worker}: ${last?.reason}`,
    );
    this.chunkIndex = chunkIndex;
    this.failures = failures;
  }
}

/** No worker was there for longer than the fleet waits. */
export class WorkersLostError extends Error {
  override readonly name = "WorkersLostError";
}

/** No worker can encode so. */
export class UnsupportedError extends Error {
  override readonly name = "UnsupportedError";
}
