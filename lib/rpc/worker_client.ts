/** A worker as its callers see it: typed calls, with the streaming ones where the worker has them. */
import { Metadata, status } from "@grpc/grpc-js";
import { createHash } from "node:crypto";
import type { Codec, EncodeSettings } from "../encode/settings.ts";
import { channelTo } from "./channel.ts";
import { callClientStream, callServerStream, callUnary, type Peer, type RpcOptions } from "./client_call.ts";
import { type ClientTls, tokenMetadata } from "./credentials.ts";
import type { ChunkInfo__Output } from "./generated/replication/ChunkInfo.ts";
import type { ChunkMetadata__Output } from "./generated/replication/ChunkMetadata.ts";
import type { CodecCapability__Output } from "./generated/replication/CodecCapability.ts";
import type { GetCapabilitiesResponse__Output } from "./generated/replication/GetCapabilitiesResponse.ts";
import type { GetShardPart__Output } from "./generated/replication/GetShardPart.ts";
import type { DeleteVideoResponse__Output } from "./generated/replication/DeleteVideoResponse.ts";
import type { GetShardResponse__Output } from "./generated/replication/GetShardResponse.ts";
import type { GetVideoMetadataResponse__Output } from "./generated/replication/GetVideoMetadataResponse.ts";
import type { HealthCheckResponse__Output } from "./generated/replication/HealthCheckResponse.ts";
import type { ListShardsResponse__Output } from "./generated/replication/ListShardsResponse.ts";
import type { ProcessChunkResponse__Output } from "./generated/replication/ProcessChunkResponse.ts";
import type { ProcessChunkPart } from "./generated/replication/ProcessChunkPart.ts";
import type { ProcessChunkRequest } from "./generated/replication/ProcessChunkRequest.ts";
import { fromInt64 } from "./int64.ts";
import { peerText } from "./peer_text.ts";
import { WorkerService } from "./proto.ts";
import { RpcError } from "./rpc_error.ts";
import { nameOnWire, WIRE_CODECS, WIRE_PIXEL_FORMATS } from "./wire_settings.ts";

/** All of a ProcessChunkRequest but its bytes. */
export type ChunkHeader = Omit<ProcessChunkRequest, "chunkData">;

/** Where a chunk went and what became of it. */
export interface StoredChunk {
  readonly workerId: string;
  readonly shardLocation: string;
  readonly originalBytes: number;
  readonly encodedBytes: number;
  readonly message: string;
  /** SHA-256 of the shard in hex; empty from a worker that keeps none. */
  readonly sha256: string;
  readonly frameCount: number;
  /** Empty from a worker that does not say. */
  readonly encoder: string;
  readonly encodeSeconds: number;
  /** What the encoder changed without being asked to, a sentence each. */
  readonly notes: readonly string[];
}

/** How a worker says it is. */
export interface WorkerReport {
  readonly isHealthy: boolean;
  readonly workerId: string;
  /** 0 to 100, of the whole machine. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  readonly activeTasks: number;
  /** Chunks it encodes at once; 0 from a worker that does not say. */
  readonly maxTasks: number;
  readonly message: string;
}

/** What a worker has found that it can encode. */
export interface WorkerCapabilities {
  readonly workerId: string;
  /** Chunks it encodes at once. */
  readonly maxTasks: number;
  /** Encoder threads of a chunk whose settings name no number. */
  readonly threads: number;
  /** Whether all codecs that were asked for have been tried to an end; else ask again soon. */
  readonly isComplete: boolean;
  /** Those tried so far. */
  readonly codecs: readonly CodecCapability[];
}

export interface CodecCapability {
  readonly codec: Codec;
  /** As in {@link StoredChunk}, such as `libav/libx264 8.1 form 2`; empty where it cannot. */
  readonly encoder: string;
  /** Of a small test picture on one thread. */
  readonly framesPerSecond: number;
  readonly pixelFormats: readonly EncodeSettings["pixelFormat"][];
  /** Why it cannot; empty where it can. */
  readonly problem: string;
}

export interface ListedChunk {
  readonly chunkIndex: number;
  readonly shardLocation: string;
  readonly sizeBytes: number;
}

/** What a worker answers about a video: nothing wrong with the call, but it may not have any. */
export interface Listing<Entry> {
  readonly found: boolean;
  readonly workerId: string;
  readonly message: string;
  readonly entries: readonly Entry[];
}

export interface ListedVideo {
  readonly videoId: string;
  readonly chunks: readonly ListedChunk[];
}

export interface ListedMetadata extends ListedChunk {
  readonly originalBytes: number;
  readonly compressionRatio: number;
  /** ISO 8601. */
  readonly timestamp: string;
  /** Hex; empty from a worker that keeps none. */
  readonly sha256: string;
  readonly encoder: string;
  readonly frameCount: number;
}

/** What came is not what the worker announced. */
export class TransferError extends Error {
  override readonly name = "TransferError";
}

/** All methods throw an {@link RpcError} where the worker's answer is not OK. */
export interface WorkerClient extends Disposable {
  readonly address: string;
  /**
   * Sends one chunk. A small opaque one goes in one message, as every worker knows it. A media segment and a
   * large opaque chunk go in parts, for the sake of memory; or in one message where a worker has no
   * ProcessChunkStream.
   */
  processChunk(header: ChunkHeader, data: Uint8Array, options: RpcOptions): Promise<StoredChunk>;
  /**
   * One shard's bytes, in parts where the worker can. The stream errors with a {@link TransferError} if they
   * are not as many as announced or their SHA-256 differs.
   */
  getShard(shardLocation: string, options: RpcOptions): Promise<ReadableStream<Uint8Array>>;
  checkHealth(masterId: string, options: RpcOptions): Promise<WorkerReport>;
  /** @param videoId Empty: all videos. */
  listShards(videoId: string, options: RpcOptions): Promise<Listing<ListedVideo>>;
  getVideoMetadata(videoId: string, options: RpcOptions): Promise<Listing<ListedMetadata>>;
  /** @returns How many chunks were removed. */
  deleteVideo(videoId: string, options: RpcOptions): Promise<number>;
  /** @param codecs Which to try; none: all. */
  getCapabilities(codecs: readonly Codec[], options: RpcOptions): Promise<WorkerCapabilities>;
}

export interface ConnectOptions {
  readonly tls?: ClientTls | undefined;
  readonly token?: string | undefined;
}

/** Bytes in each part of a streamed chunk. */
const PART_BYTES = 256 * 1024;

/** What an opaque chunk may have to go in one message, of which there are four copies on its way out. */
const ONE_MESSAGE_BYTES = 1024 * 1024;

/** Opens a channel; it connects with the first call. */
export function connectWorker(address: string, options: ConnectOptions = {}): WorkerClient {
  const client = new WorkerService(...channelTo(address, options.tls, {
    // what a worker sends is bounded by its own limit, and a shard in one message by the caller's memory
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  }));
  const peer: Peer = { address, metadata: tokenMetadata(options.token) };

  const processInOne = (header: ChunkHeader, data: Uint8Array, rpc: RpcOptions) =>
    callUnary<ProcessChunkResponse__Output>(
      peer,
      (m, o, done) => client.processChunk({ ...header, chunkData: data }, m, o, done),
      rpc,
    );

  const processInParts = (header: ChunkHeader, data: Uint8Array, rpc: RpcOptions) =>
    callClientStream<ProcessChunkPart, ProcessChunkResponse__Output>(
      peer,
      (m, o, done) => client.processChunkStream(m, o, done),
      partsOf(header, data),
      rpc,
    );

  const shardInOne = async (shardLocation: string, rpc: RpcOptions) => {
    const shard = await callUnary<GetShardResponse__Output>(
      peer,
      (m, o, done) => client.getShard({ shardLocation }, m, o, done),
      rpc,
    );
    requireSuccess(address, shard);
    const { shardData, sha256 } = shard;
    return ReadableStream.from([shardData as Uint8Array]).pipeThrough(verified(shardData.length, sha256));
  };

  const shardInParts = async (shardLocation: string, rpc: RpcOptions) => {
    const parts = callServerStream(peer, (m, o) => client.getShardStream({ shardLocation }, m, o), rpc);
    const header = await firstOf(parts);
    const sizeBytes = fromInt64(header.sizeBytes, "size_bytes");
    return parts.pipeThrough(dataOfParts()).pipeThrough(verified(sizeBytes, header.sha256));
  };

  return {
    address,
    async processChunk(header, data, rpc) {
      const isSmall = header.kind !== "CHUNK_KIND_MEDIA_SEGMENT" && data.length <= ONE_MESSAGE_BYTES;
      const response = isSmall
        ? await processInOne(header, data, rpc)
        : await withFallback(() => processInParts(header, data, rpc), () => processInOne(header, data, rpc));
      requireSuccess(address, response);
      return {
        workerId: response.workerId,
        shardLocation: response.shardLocation,
        originalBytes: fromInt64(response.originalSize, "original_size"),
        encodedBytes: fromInt64(response.encodedSize, "encoded_size"),
        message: response.message,
        sha256: response.shardSha256.toString("hex"),
        frameCount: response.frameCount,
        encoder: peerText(response.encoder),
        encodeSeconds: response.encodeSeconds,
        notes: response.notes,
      };
    },
    getShard: (location, rpc) =>
      withFallback(() => shardInParts(location, rpc), () => shardInOne(location, rpc)),
    async checkHealth(masterId, rpc) {
      const report = await callUnary<HealthCheckResponse__Output>(
        peer,
        (m, o, done) => client.checkHealth({ masterId }, m, o, done),
        rpc,
      );
      return {
        isHealthy: report.isHealthy,
        workerId: peerText(report.workerId),
        cpuPercent: report.cpuUtilization,
        memoryBytes: fromInt64(report.memoryUsageBytes, "memory_usage_bytes"),
        activeTasks: report.activeTasks,
        maxTasks: report.maxTasks,
        message: peerText(report.message),
      };
    },
    async listShards(videoId, rpc) {
      const list = await callUnary<ListShardsResponse__Output>(
        peer,
        (m, o, done) => client.listShards({ videoId }, m, o, done),
        rpc,
      );
      const entries = list.videos.map(({ videoId, chunks }) => ({
        videoId,
        chunks: chunks.map(listedChunk),
      }));
      return { found: list.success, workerId: list.workerId, message: list.message, entries };
    },
    async getVideoMetadata(videoId, rpc) {
      const list = await callUnary<GetVideoMetadataResponse__Output>(
        peer,
        (m, o, done) => client.getVideoMetadata({ videoId }, m, o, done),
        rpc,
      );
      const entries = list.chunksMetadata.map(listedMetadata);
      return { found: list.success, workerId: list.workerId, message: list.message, entries };
    },
    async deleteVideo(videoId, rpc) {
      const { deletedChunks } = await callUnary<DeleteVideoResponse__Output>(
        peer,
        (m, o, done) => client.deleteVideo({ videoId }, m, o, done),
        rpc,
      );
      return deletedChunks;
    },
    async getCapabilities(codecs, rpc) {
      const answer = await callUnary<GetCapabilitiesResponse__Output>(
        peer,
        (m, o, done) =>
          client.getCapabilities({ codecs: codecs.map((codec) => WIRE_CODECS[codec]) }, m, o, done),
        rpc,
      );
      return {
        workerId: answer.workerId,
        maxTasks: answer.maxTasks,
        threads: answer.threads,
        isComplete: answer.complete,
        codecs: answer.codecs.flatMap(codecCapability),
      };
    },
    [Symbol.dispose]: () => client.close(),
  };
}

/** For a worker that descends from the Python one, which has none of the streaming calls. */
async function withFallback<T>(preferred: () => Promise<T>, fallback: () => Promise<T>): Promise<T> {
  try {
    return await preferred();
  } catch (error) {
    if (error instanceof RpcError && error.code === "UNIMPLEMENTED") return await fallback();
    throw error;
  }
}

/** A worker that descends from the Python one may say in an OK answer that it failed. */
function requireSuccess(address: string, { success, message }: { success: boolean; message: string }): void {
  if (success) return;
  const error = { code: status.UNKNOWN, details: message, metadata: new Metadata() };
  throw new RpcError(address, Object.assign(new Error(message), error));
}

function* partsOf(header: ChunkHeader, data: Uint8Array): Iterable<ProcessChunkPart> {
  yield { header };
  for (let at = 0; at < data.length; at += PART_BYTES) yield { data: data.subarray(at, at + PART_BYTES) };
}

async function firstOf(parts: ReadableStream<GetShardPart__Output>) {
  const reader = parts.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  if (value?.header) return value.header;
  await parts.cancel();
  throw new TransferError("Cannot read shard: its header did not come first");
}

function dataOfParts(): TransformStream<GetShardPart__Output, Uint8Array> {
  return new TransformStream({
    transform(part, controller) {
      if (!part.data) throw new TransferError("Cannot read shard: a part has no data");
      controller.enqueue(part.data);
    },
  });
}

/** Passes bytes on and fails at the end unless they are what was announced. An empty digest is not checked. */
function verified(sizeBytes: number, sha256: Uint8Array): TransformStream<Uint8Array, Uint8Array> {
  const hash = createHash("sha256");
  let received = 0;
  return new TransformStream({
    transform(bytes, controller) {
      received += bytes.length;
      hash.update(bytes);
      controller.enqueue(bytes);
    },
    flush() {
      if (received !== sizeBytes) {
        throw new TransferError(`Cannot read shard: ${received} bytes came of ${sizeBytes}`);
      }
      if (sha256.length > 0 && !hash.digest().equals(sha256)) {
        throw new TransferError("Cannot read shard: its SHA-256 is not the one announced");
      }
    },
  });
}

/** None for a codec that only the worker knows. */
function codecCapability(wire: CodecCapability__Output): CodecCapability[] {
  const codec = nameOnWire(WIRE_CODECS, wire.codec);
  if (codec === undefined) return [];
  const { framesPerSecond } = wire;
  const [encoder, problem] = [peerText(wire.encoder), peerText(wire.problem)];
  const pixelFormats = wire.pixelFormats.flatMap((format) => nameOnWire(WIRE_PIXEL_FORMATS, format) ?? []);
  return [{ codec, encoder, framesPerSecond, pixelFormats, problem }];
}

function listedChunk(chunk: ChunkInfo__Output): ListedChunk {
  return {
    chunkIndex: chunk.chunkIndex,
    shardLocation: chunk.shardLocation,
    sizeBytes: fromInt64(chunk.sizeBytes, "size_bytes"),
  };
}

function listedMetadata(chunk: ChunkMetadata__Output): ListedMetadata {
  return {
    chunkIndex: chunk.chunkIndex,
    shardLocation: chunk.shardLocation,
    sizeBytes: fromInt64(chunk.encodedSize, "encoded_size"),
    originalBytes: fromInt64(chunk.originalSize, "original_size"),
    compressionRatio: chunk.compressionRatio,
    timestamp: chunk.timestamp,
    sha256: chunk.sha256.toString("hex"),
    encoder: chunk.encoder,
    frameCount: chunk.frameCount,
  };
}
