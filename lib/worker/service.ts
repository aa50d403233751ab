/** The VideoProcessingService: the wire on one side, what the worker does on the other. */
import { status, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { once } from "node:events";
import type { Logger } from "../log.ts";
import { logged } from "../rpc/error_status.ts";
import type { CodecCapability } from "../rpc/generated/replication/CodecCapability.ts";
import type { DeleteVideoRequest__Output } from "../rpc/generated/replication/DeleteVideoRequest.ts";
import type { DeleteVideoResponse } from "../rpc/generated/replication/DeleteVideoResponse.ts";
import type { GetCapabilitiesRequest__Output } from "../rpc/generated/replication/GetCapabilitiesRequest.ts";
import type { GetCapabilitiesResponse } from "../rpc/generated/replication/GetCapabilitiesResponse.ts";
import type { GetShardRequest__Output } from "../rpc/generated/replication/GetShardRequest.ts";
import type { GetVideoMetadataRequest__Output } from "../rpc/generated/replication/GetVideoMetadataRequest.ts";
import type { HealthCheckResponse } from "../rpc/generated/replication/HealthCheckResponse.ts";
import type { ListShardsRequest__Output } from "../rpc/generated/replication/ListShardsRequest.ts";
import type { ProcessChunkPart__Output } from "../rpc/generated/replication/ProcessChunkPart.ts";
import type { ProcessChunkRequest__Output } from "../rpc/generated/replication/ProcessChunkRequest.ts";
import type { ProcessChunkResponse } from "../rpc/generated/replication/ProcessChunkResponse.ts";
import { type CallContext, type Calls, clientStream, serverStream, unary } from "../rpc/server_call.ts";
import { nameOnWire, WIRE_CODECS, WIRE_PIXEL_FORMATS } from "../rpc/wire_settings.ts";
import { StoreFullError, StoreUnwritableError } from "../store/store_errors.ts";
import { checkVideoId } from "../store/shard_key.ts";
import { type Admission, createAdmission } from "./admission.ts";
import type { Capabilities, CodecTrial } from "./capabilities.ts";
import { InvalidRequestError, readChunkOrder } from "./chunk_order.ts";
import type { ConditionWatch } from "./condition.ts";
import { toStatus } from "./error_status.ts";
import type { Handover } from "./handover.ts";
import type { WorkerMetrics } from "./metrics.ts";
import { type ChunkProcessor, processChunk } from "./process_chunk.ts";
import { getShard, getShardStream, getVideoMetadata, listShards } from "./shard_calls.ts";

export interface WorkerServiceOptions {
  readonly workerId: string;
  readonly processor: ChunkProcessor;
  readonly capabilities: Capabilities;
  readonly condition: ConditionWatch;
  readonly load: { readonly cpuPercent: () => number; readonly memoryBytes: () => number };
  readonly metrics: WorkerMetrics;
  /** Told of each shard that is made, and of each call that gets one. */
  readonly handover: Pick<Handover, "expect" | "answered" | "fetching">;
  readonly maxTasks: number;
  /** Encoder threads of a request that names no number. */
  readonly threads: number;
  readonly maxChunkBytes: number;
  readonly logger: Logger;
  /** Ends every call that runs. */
  readonly shutdown: AbortSignal;
}

/** What grpc-js calls for each method. */
export function workerService(options: WorkerServiceOptions): UntypedServiceImplementation {
  const { workerId, processor, logger, handover, maxChunkBytes: maxBytes } = options;
  const { store } = processor;
  const shardMessages = createAdmission({ maxTasks: MAX_SHARD_MESSAGES, maxQueued: Infinity });
  const calls: Calls = {
    shutdown: options.shutdown,
    toStatus: (error) => logged(toStatus(error), error, logger),
  };

  const process = async (
    header: ChunkHeader,
    source: ReadableStream<Uint8Array>,
    { signal, connection }: CallContext,
  ) => {
    using _ = handover.expect();
    const answer = await answerChunk(options, header, source, signal);
    handover.answered(answer.shardLocation, connection);
    return answer;
  };

  return {
    ProcessChunk: unary(
      calls,
      (request: ProcessChunkRequest__Output, context) =>
        process(
          request,
          ReadableStream.from(request.chunkData.length > 0 ? [request.chunkData] : []),
          context,
        ),
    ),
    ProcessChunkStream: clientStream(
      calls,
      async (parts: ReadableStream<ProcessChunkPart__Output>, context) => {
        const header = await readHeader(parts);
        return await process(header, dataOf(parts), context);
      },
    ),
    GetShard: unary(
      calls,
      ({ shardLocation }: GetShardRequest__Output, context) => {
        const { signal } = context;
        handover.fetching(shardLocation, context);
        return untilSent(shardMessages, signal, () => getShard(store, shardLocation, { maxBytes, signal }));
      },
    ),
    GetShardStream: serverStream(
      calls,
      ({ shardLocation }: GetShardRequest__Output, context) => {
        const { signal } = context;
        handover.fetching(shardLocation, context);
        return getShardStream(store, shardLocation, { signal });
      },
    ),
    CheckHealth: unary(calls, () => Promise.resolve(healthOf(options))),
    ListShards: unary(calls, ({ videoId }: ListShardsRequest__Output, { signal }) => {
      if (videoId !== "") checkVideoId(videoId);
      return listShards(store, videoId, { workerId, signal });
    }),
    GetVideoMetadata: unary(calls, ({ videoId }: GetVideoMetadataRequest__Output, { signal }) => {
      checkVideoId(videoId);
      return getVideoMetadata(store, videoId, { workerId, signal });
    }),
    DeleteVideo: unary(calls, ({ videoId }: DeleteVideoRequest__Output, { signal }) => {
      checkVideoId(videoId);
      return deleteVideo(options, videoId, signal);
    }),
    GetCapabilities: unary(
      calls,
      (request: GetCapabilitiesRequest__Output) => Promise.resolve(capabilitiesOf(options, request)),
    ),
  };
}

/** Shards that are in memory as a whole, several times over, on their way out in one message; others wait. */
const MAX_SHARD_MESSAGES = 2;

/** Answers once there is a place, which is free again when the answer is gone. */
async function untilSent<T>(places: Admission, signal: AbortSignal, task: () => Promise<T>): Promise<T> {
  const answer = Promise.withResolvers<T>();
  const sending = places.run(async () => {
    answer.resolve(await task());
    if (!signal.aborted) await once(signal, "abort"); // as every call ends
  }, { signal });
  sending.catch(answer.reject);
  return await answer.promise;
}

type ChunkHeader = Omit<ProcessChunkRequest__Output, "chunkData">;

async function answerChunk(
  { workerId, processor, condition, metrics, threads, logger }: WorkerServiceOptions,
  header: ChunkHeader,
  source: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): Promise<ProcessChunkResponse & { readonly shardLocation: string }> {
  const { videoId, chunkIndex } = header;
  const fields = { video_id: videoId, chunk_index: chunkIndex };
  try {
    const order = readChunkOrder(header, { threads });
    const onReceived = (sizeBytes: number) =>
      logger.info(
        `Received chunk ${chunkIndex} for video '${videoId}' (Original size: ${sizeBytes} bytes)`,
        fields,
      );
    const { shard, notes, seconds } = await processChunk(processor, order, source, { signal, onReceived });
    logger.info(`Stored shard for chunk ${chunkIndex}`, {
      ...fields,
      bytes: shard.encodedSize,
      encoder: shard.encoder,
      frames: shard.frameCount,
      seconds: Math.round(seconds * 1000) / 1000,
    });
    if (!condition.verdict().isHealthy) void condition.refresh(); // there is room again, it seems
    const sizes = { originalBytes: shard.originalSize, encodedBytes: shard.encodedSize };
    metrics.chunkDone({ ...sizes, frames: shard.frameCount ?? 0, seconds });
    return {
      success: true,
      workerId,
      shardLocation: shard.location,
      originalSize: shard.originalSize,
      encodedSize: shard.encodedSize,
      message: `Chunk ${chunkIndex} processed successfully`,
      shardSha256: Uint8Array.fromHex(shard.sha256 ?? ""),
      frameCount: shard.frameCount ?? 0,
      encoder: shard.encoder ?? "",
      encodeSeconds: seconds,
      notes: [...notes],
    };
  } catch (error) {
    metrics.chunkFailed(status[toStatus(error).code]);
    // health should know before the next chunk finds out
    if (error instanceof StoreFullError || error instanceof StoreUnwritableError) void condition.refresh();
    throw error;
  }
}

async function readHeader(parts: ReadableStream<ProcessChunkPart__Output>): Promise<ChunkHeader> {
  const reader = parts.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  if (value?.part !== "header" || !value.header) {
    throw new InvalidRequestError("header", "must come in the first message");
  }
  if (value.header.chunkData.length > 0) {
    throw new InvalidRequestError(
      "header.chunk_data",
      "must be empty: the bytes follow in parts of their own",
    );
  }
  return value.header;
}

/** Reads no part before its bytes are wanted: one may be as large as a message can be. */
function dataOf(parts: ReadableStream<ProcessChunkPart__Output>): ReadableStream<Uint8Array> {
  const reader = parts.getReader();
  return new ReadableStream({
    async pull(controller) {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        if (value.part !== "data" || !value.data) {
          await reader.cancel();
          throw new InvalidRequestError("data", "must be all that follows the header");
        }
        if (value.data.length > 0) return controller.enqueue(value.data);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

function healthOf(
  { workerId, processor: { admission }, condition, load, maxTasks }: WorkerServiceOptions,
): HealthCheckResponse {
  return {
    ...condition.verdict(),
    workerId,
    cpuUtilization: load.cpuPercent(),
    memoryUsageBytes: load.memoryBytes(),
    activeTasks: admission.running,
    maxTasks,
    queuedTasks: admission.queued,
  };
}

function capabilitiesOf(
  { workerId, capabilities, maxTasks, threads }: WorkerServiceOptions,
  { codecs }: GetCapabilitiesRequest__Output,
): GetCapabilitiesResponse {
  // one that is not known here is not among the answers
  const known = codecs.flatMap((wire) => nameOnWire(WIRE_CODECS, wire) ?? []);
  const isAnswered = codecs.length > 0 && known.length === 0;
  const { trials, isComplete } = isAnswered ? { trials: [], isComplete: true } : capabilities.ask(known);
  return { workerId, maxTasks, threads, complete: isComplete, codecs: trials.map(trialOnWire) };
}

function trialOnWire(trial: CodecTrial): CodecCapability {
  const codec = WIRE_CODECS[trial.codec];
  if (trial.kind === "failed") return { codec, problem: trial.problem };
  const { encoder, framesPerSecond, pixelFormats } = trial;
  return {
    codec,
    encoder,
    framesPerSecond,
    pixelFormats: pixelFormats.map((name) => WIRE_PIXEL_FORMATS[name]),
  };
}

async function deleteVideo(
  { workerId, processor: { store }, logger }: WorkerServiceOptions,
  videoId: string,
  signal: AbortSignal,
): Promise<DeleteVideoResponse> {
  const deletedChunks = await store.deleteVideo(videoId, { signal });
  if (deletedChunks === 0) {
    return { success: false, workerId, message: `No shards found for video '${videoId}'`, deletedChunks };
  }
  logger.info(`Deleted video '${videoId}'`, { video_id: videoId, chunks: deletedChunks });
  return { success: true, workerId, message: `Deleted ${deletedChunks} chunk(s)`, deletedChunks };
}
