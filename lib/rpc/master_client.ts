/** A master as its callers see it: typed calls. */
import type { AudioTarget } from "../encode/audio_settings.ts";
import { channelTo } from "./channel.ts";
import { callClientStream, callServerStream, callUnary, type Peer, type RpcOptions } from "./client_call.ts";
import { tokenMetadata } from "./credentials.ts";
import type { Job__Output } from "./generated/replication/Job.ts";
import type { JobChunk__Output } from "./generated/replication/JobChunk.ts";
import type { JobUpdate__Output } from "./generated/replication/JobUpdate.ts";
import type { ListJobsResponse__Output } from "./generated/replication/ListJobsResponse.ts";
import type { RegisterWorkerResponse__Output } from "./generated/replication/RegisterWorkerResponse.ts";
import type { RemoveVideoResponse__Output } from "./generated/replication/RemoveVideoResponse.ts";
import type { RetrieveVideoRequest } from "./generated/replication/RetrieveVideoRequest.ts";
import type { RetrieveVideoChunk__Output } from "./generated/replication/RetrieveVideoChunk.ts";
import type { UploadVideoChunk } from "./generated/replication/UploadVideoChunk.ts";
import type { UploadVideoResponse__Output } from "./generated/replication/UploadVideoResponse.ts";
import type { VideoStatusResponse__Output } from "./generated/replication/VideoStatusResponse.ts";
import { fromInt64 } from "./int64.ts";
import { MasterService } from "./proto.ts";
import type { ConnectOptions } from "./worker_client.ts";
import { type RequestedSettings, toWireSettings } from "./wire_settings.ts";

/** What is said of a video as it is uploaded. */
export interface VideoFacts {
  readonly videoId: string;
  readonly originalFilename?: string | undefined;
  /** H.264, or VP9 in WebM, at its usual quality by default. */
  readonly settings?: RequestedSettings | undefined;
  /** `mp4` by default, `mov`, `mkv` or `webm`. */
  readonly outputFormat?: string | undefined;
  /** `copy` by default. */
  readonly audio?: "copy" | "none" | AudioTarget | undefined;
  /** Higher is sooner; 0 by default. */
  readonly priority?: number | undefined;
  readonly chunkSeconds?: number | undefined;
  readonly sizeBytes?: number | undefined;
}

/** A job as the master tells of it. */
export interface RemoteJob {
  readonly jobId: string;
  readonly videoId: string;
  readonly originalFilename: string;
  /** `queued`, `segmenting`, `processing`, `concatenating`; then `completed`, `failed` or `cancelled`. */
  readonly state: string;
  /** 0 to 100. */
  readonly percent: number;
  /** 0 until the video is planned, as are the other figures of the plan. */
  readonly chunks: number;
  readonly chunksDone: number;
  readonly chunksReused: number;
  readonly frames: number;
  readonly framesDone: number;
  readonly durationSeconds: number;
  readonly fps: number | undefined;
  /** Seconds of video encoded a second. */
  readonly speed: number | undefined;
  readonly etaSeconds: number | undefined;
  readonly sourceBytes: number;
  readonly outputBytes: number;
  readonly build: string;
  readonly priority: number;
  /** Empty unless it failed. */
  readonly failureStage: string;
  readonly failureMessage: string;
  readonly notes: readonly string[];
}

export interface RemoteChunk {
  readonly chunkIndex: number;
  readonly startSeconds: number;
  readonly durationSeconds: number;
  readonly frames: number;
  /** `queued`, `encoding`, `done`, `reused` or `failed`. */
  readonly state: string;
  readonly worker: string;
  readonly shardBytes: number;
  readonly attempts: readonly RemoteAttempt[];
}

export interface RemoteAttempt {
  readonly worker: string;
  readonly attempt: number;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  /** Undefined as long as it is running. */
  readonly endedMs: number | undefined;
  /** `running`, `encoded`, `failed`, `superseded` or `interrupted`. */
  readonly outcome: string;
  readonly reason: string;
}

export type RemoteUpdate =
  | { readonly kind: "job"; readonly job: RemoteJob }
  | { readonly kind: "chunk"; readonly chunk: RemoteChunk };

export interface VideoStatus {
  /** In the Python project's words, `not_found` among them. */
  readonly status: string;
  readonly message: string;
  /** Undefined from a master that does not say, and where there is none. */
  readonly job: RemoteJob | undefined;
}

/** All methods throw an {@link RpcError} where the master's answer is not OK. */
export interface MasterClient extends Disposable {
  readonly address: string;
  /** Sends a video, read no faster than the master takes it; what the stream throws passes through. */
  upload(facts: VideoFacts, video: ReadableStream<Uint8Array>, options: RpcOptions): Promise<string>;
  status(videoId: string, options: RpcOptions): Promise<VideoStatus>;
  /** A completed video's bytes. */
  retrieve(videoId: string, options: RpcOptions): ReadableStream<Uint8Array>;
  /** The bytes of its proof. */
  retrieveProof(videoId: string, options: RpcOptions): ReadableStream<Uint8Array>;
  /** The job and its chunks as they are, and what changes, until the job is over. */
  watch(videoId: string, options: RpcOptions): ReadableStream<RemoteUpdate>;
  /** The newest first. */
  jobs(options: RpcOptions): Promise<readonly RemoteJob[]>;
  cancel(videoId: string, options: RpcOptions): Promise<RemoteJob>;
  delete(videoId: string, options: RpcOptions): Promise<string>;
  register(workerAddress: string, options: RpcOptions): Promise<{ isTaken: boolean; message: string }>;
}

export interface MasterConnectOptions extends ConnectOptions {
  /** Without them, a call to a master that vanished without a word ends with its deadline only. */
  readonly pings?: Pings | undefined;
}

/**
 * A master that calls are under way to is asked for a sign of life, in whose absence they end as UNAVAILABLE. Our
 * masters take any number of pings; one that says GOAWAY to too many gets them half as often (gRFC A8).
 */
export interface Pings {
  readonly everyMs: number;
  /** How long it may take to answer. */
  readonly timeoutMs: number;
}

/** Bytes in each part of an upload. */
const PART_BYTES = 256 * 1024;

/** Opens a channel; it connects with the first call. */
export function connectMaster(address: string, options: MasterConnectOptions = {}): MasterClient {
  const { pings } = options;
  const client = new MasterService(...channelTo(address, options.tls, {
    ...(pings && {
      "grpc.keepalive_time_ms": pings.everyMs,
      "grpc.keepalive_timeout_ms": pings.timeoutMs,
    }),
    "grpc.max_receive_message_length": -1, // a list of jobs, and whatever parts a master sends
  }));
  const peer: Peer = { address, metadata: tokenMetadata(options.token) };
  const retrieve = (request: RetrieveVideoRequest, rpc: RpcOptions) =>
    callServerStream<RetrieveVideoChunk__Output>(peer, (m, o) => client.retrieveVideo(request, m, o), rpc)
      .pipeThrough(mapped(({ dataChunk }) => dataChunk));
  return {
    address,
    async upload(facts, video, rpc) {
      const { message } = await callClientStream<UploadVideoChunk, UploadVideoResponse__Output>(
        peer,
        (m, o, done) => client.uploadVideo(m, o, done),
        uploadMessages(facts, video),
        rpc,
      );
      return message;
    },
    async status(videoId, rpc) {
      const { status, message, job } = await callUnary<VideoStatusResponse__Output>(
        peer,
        (m, o, done) => client.getVideoStatus({ videoId }, m, o, done),
        rpc,
      );
      return { status, message, job: job ? readJob(job) : undefined };
    },
    retrieve: (videoId, rpc) => retrieve({ videoId }, rpc),
    retrieveProof: (videoId, rpc) => retrieve({ videoId, proof: true }, rpc),
    watch: (videoId, rpc) =>
      callServerStream<JobUpdate__Output>(peer, (m, o) => client.watchJob({ videoId }, m, o), rpc)
        .pipeThrough(mapped(readUpdate)),
    async jobs(rpc) {
      const { jobs } = await callUnary<ListJobsResponse__Output>(
        peer,
        (m, o, done) => client.listJobs({}, m, o, done),
        rpc,
      );
      return jobs.map(readJob);
    },
    async cancel(videoId, rpc) {
      const job = await callUnary<Job__Output>(
        peer,
        (m, o, done) => client.cancelJob({ videoId }, m, o, done),
        rpc,
      );
      return readJob(job);
    },
    async delete(videoId, rpc) {
      const { message } = await callUnary<RemoveVideoResponse__Output>(
        peer,
        (m, o, done) => client.deleteVideo({ videoId }, m, o, done),
        rpc,
      );
      return message;
    },
    async register(workerAddress, rpc) {
      const { success, message } = await callUnary<RegisterWorkerResponse__Output>(
        peer,
        (m, o, done) => client.registerWorker({ workerAddress }, m, o, done),
        rpc,
      );
      return { isTaken: success, message };
    },
    [Symbol.dispose]: () => client.close(),
  };
}

async function* uploadMessages(
  facts: VideoFacts,
  video: ReadableStream<Uint8Array>,
): AsyncGenerator<UploadVideoChunk> {
  const { videoId, settings, audio = "copy" } = facts;
  yield {
    videoId,
    isFirstChunk: true,
    originalFilename: facts.originalFilename ?? "",
    outputFormat: facts.outputFormat ?? "",
    ...(settings && { settings: toWireSettings(settings) }),
    ...toWireAudio(audio),
    priority: facts.priority ?? 0,
    chunkSeconds: facts.chunkSeconds ?? 0,
    sizeBytes: facts.sizeBytes ?? 0,
  };
  for await (const bytes of video) {
    for (let at = 0; at < bytes.length; at += PART_BYTES) {
      yield { videoId, dataChunk: bytes.subarray(at, at + PART_BYTES) };
    }
  }
}

function toWireAudio(
  audio: NonNullable<VideoFacts["audio"]>,
): Pick<UploadVideoChunk, "audio" | "audioBitrate"> {
  if (audio === "copy") return { audio: "AUDIO_MODE_COPY" };
  if (audio === "none") return { audio: "AUDIO_MODE_NONE" };
  const mode = audio.codec === "aac" ? "AUDIO_MODE_AAC" : "AUDIO_MODE_OPUS";
  return { audio: mode, audioBitrate: audio.bitsPerSecond ?? 0 };
}

function mapped<From, To>(read: (from: From) => To): TransformStream<From, To> {
  return new TransformStream(
    { transform: (from, controller) => controller.enqueue(read(from)) },
    { highWaterMark: 1 },
    { highWaterMark: 0 },
  );
}

function readUpdate({ job, chunk }: JobUpdate__Output): RemoteUpdate {
  if (job) return { kind: "job", job: readJob(job) };
  if (chunk) return { kind: "chunk", chunk: readChunk(chunk) };
  throw new TypeError("Cannot read what the master says: it is neither a job nor a chunk");
}

function readJob(job: Job__Output): RemoteJob {
  return {
    jobId: job.jobId,
    videoId: job.videoId,
    originalFilename: job.originalFilename,
    state: job.state,
    percent: job.percent,
    chunks: job.chunks,
    chunksDone: job.chunksDone,
    chunksReused: job.chunksReused,
    frames: fromInt64(job.frames, "frames"),
    framesDone: fromInt64(job.framesDone, "frames_done"),
    durationSeconds: job.durationSeconds,
    fps: job.fps,
    speed: job.speed,
    etaSeconds: job.etaSeconds,
    sourceBytes: fromInt64(job.sourceBytes, "source_bytes"),
    outputBytes: fromInt64(job.outputBytes, "output_bytes"),
    build: job.build,
    priority: job.priority,
    failureStage: job.failureStage,
    failureMessage: job.failureMessage,
    notes: job.notes,
  };
}

function readChunk(chunk: JobChunk__Output): RemoteChunk {
  return {
    chunkIndex: chunk.chunkIndex,
    startSeconds: chunk.startSeconds,
    durationSeconds: chunk.durationSeconds,
    frames: chunk.frames,
    state: chunk.state,
    worker: chunk.worker,
    shardBytes: fromInt64(chunk.shardBytes, "shard_bytes"),
    attempts: chunk.attempts.map(({ worker, attempt, startedMs, endedMs, outcome, reason }) => ({
      worker,
      attempt,
      startedMs: fromInt64(startedMs, "started_ms"),
      endedMs: endedMs === undefined ? undefined : fromInt64(endedMs, "ended_ms"),
      outcome,
      reason,
    })),
  };
}
