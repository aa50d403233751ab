/** A master: takes videos, has them encoded by a fleet, and gives back the results. */
import type { AudioMode } from "../assemble/audio_plan.ts";
import type { Container } from "../assemble/output_container.ts";
import type { WorkerView } from "../fleet/fleet.ts";
import type { RequestedSettings } from "../rpc/wire_settings.ts";
import type { JobDetails, JobView, MasterEvent } from "./job_view.ts";

/** What an uploader says of a video. */
export interface UploadFacts {
  /** One path segment: see `checkVideoId`. */
  readonly videoId: string;
  /** Any text, kept for people to read. */
  readonly originalFilename?: string | undefined;
  /** H.264, or what the container holds, at its usual quality by default. */
  readonly encode?: Partial<RequestedSettings> | undefined;
  /** MP4 by default. */
  readonly container?: Container | undefined;
  /** `copy` by default. */
  readonly audio?: AudioMode | undefined;
  /** 10 by default. */
  readonly chunkSeconds?: number | undefined;
  /** -100 to 100; 0 by default. */
  readonly priority?: number | undefined;
  /** Refused early if too many, and in the end if they are not as many. */
  readonly sizeBytes?: number | undefined;
}

export interface MasterOptions {
  readonly signal: AbortSignal;
}

export interface WatchOptions extends MasterOptions {
  /** Only this job, with its chunks; undefined: all jobs, chunks and workers. */
  readonly jobId?: string | undefined;
}

/** First and last byte, both included, as HTTP's Range has them. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** A source, a result or its proof, opened when it is read. */
export interface StoredVideo {
  readonly sizeBytes: number;
  /** Such as `video/mp4`; `application/octet-stream` where it is not known. */
  readonly mediaType: string;
  /** What a downloaded copy may be called: one path segment that is safe on any system. */
  readonly fileName: string;
  /**
   * Its bytes, or those of a range. The file is closed at the end, on cancel and on abort.
   *
   * @throws {RangeError} If the range is not within the file.
   */
  open(options: ReadOptions): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
}

export interface ReadOptions extends MasterOptions {
  readonly range?: ByteRange | undefined;
  /** Whether a master that stops waits for the end: not for what is only watched, which may stand still for hours. */
  readonly isAwaited?: boolean | undefined;
}

export interface Master extends AsyncDisposable {
  /**
   * Stores a video and queues its job, which belongs to the trace of the work that uploads it. Once it returns,
   * neither `kill -9` nor a power cut loses it; if it throws, nothing is left.
   *
   * @throws {InvalidKeyError} {@link InvalidUploadError} {@link InvalidSettingError} {@link AssembleError} For what
   *   cannot be, before a byte is read.
   * @throws {VideoExistsError} If there is a job of that video_id, unless it failed or was cancelled: then the new
   *   one takes its place.
   * @throws {QuotaError} @throws {StalledError} @throws {StoreFullError} @throws {StoreUnwritableError}
   * @throws {DrainingError} @throws What the stream does; `signal.reason` once aborted.
   */
  upload(video: ReadableStream<Uint8Array>, facts: UploadFacts, options: MasterOptions): Promise<JobView>;
  /** Whether a video would be taken, for those who cannot be told while they send. @throws As {@link Master.upload}. */
  checkUpload(facts: UploadFacts): Promise<void>;
  /** All jobs, the newest first. */
  jobs(): readonly JobView[];
  /** @throws {JobNotFoundError} */
  job(jobId: string): JobDetails;
  /** The job of a video_id; undefined: there is none. */
  find(videoId: string): JobView | undefined;
  /**
   * What is, as events, and then what changes, until the signal aborts or the reader leaves; of one job, until its
   * state is final. Whoever reads slowly gets the last of what is new about each thing, and no pile of it.
   *
   * @throws {JobNotFoundError}
   */
  watch(options: WatchOptions): AsyncIterable<MasterEvent>;
  /**
   * Ends a job for good; its source stays until it is removed.
   *
   * @throws {JobNotFoundError} @throws {JobFinalError} If it is completed or failed.
   */
  cancel(jobId: string): Promise<JobView>;
  /**
   * Ends a job and removes its source, its result and its shards at the workers.
   *
   * @throws {JobNotFoundError}
   */
  remove(jobId: string): Promise<void>;
  /** @throws {JobNotFoundError} */
  source(jobId: string): Promise<StoredVideo>;
  /** @throws {JobNotFoundError} @throws {NotCompletedError} */
  result(jobId: string): Promise<StoredVideo>;
  /** What shows how the result came to be, as JSON. @throws As {@link Master.result}. */
  proof(jobId: string): Promise<StoredVideo>;
  workers(): readonly WorkerView[];
}
