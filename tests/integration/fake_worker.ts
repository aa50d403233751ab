/** A worker that does what a test says, on the project's own server and in the test's own process. */
import { type Metadata, status } from "@grpc/grpc-js";
import { createHash } from "node:crypto";
import type { GetCapabilitiesResponse } from "../../lib/rpc/generated/replication/GetCapabilitiesResponse.ts";
import type { GetShardPart } from "../../lib/rpc/generated/replication/GetShardPart.ts";
import type { GetShardRequest__Output } from "../../lib/rpc/generated/replication/GetShardRequest.ts";
import type { HealthCheckResponse } from "../../lib/rpc/generated/replication/HealthCheckResponse.ts";
import type { ListShardsResponse } from "../../lib/rpc/generated/replication/ListShardsResponse.ts";
import type { ProcessChunkPart__Output } from "../../lib/rpc/generated/replication/ProcessChunkPart.ts";
import type { ProcessChunkRequest__Output } from "../../lib/rpc/generated/replication/ProcessChunkRequest.ts";
import type { ProcessChunkResponse } from "../../lib/rpc/generated/replication/ProcessChunkResponse.ts";
import { WorkerService } from "../../lib/rpc/proto.ts";
import { createServer, listen } from "../../lib/rpc/server.ts";
import { clientStream, type EndStatus, serverStream, unary } from "../../lib/rpc/server_call.ts";

/** Thrown by a test's worker: what the caller is answered. */
export class Answer extends Error {
  readonly code: number;
  readonly metadata: Metadata | undefined;

  constructor(code: number, details: string, metadata?: Metadata) {
    super(details);
    this.code = code;
    this.metadata = metadata;
  }
}

export interface ReceivedChunk {
  readonly call: "ProcessChunk" | "ProcessChunkStream";
  /** As it came, with which another worker can be asked for the same. */
  readonly header: ProcessChunkRequest__Output;
  readonly videoId: string;
  readonly index: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** How many frames the shard must have; 0 for an opaque chunk. */
  readonly frameCount: number;
  /** How often the chunk has come, from 1. */
  readonly attempt: number;
  /** Aborts when the caller is gone. */
  readonly signal: AbortSignal;
}

export interface FakeWorkerOptions {
  /** Changes the answer to a chunk, or throws one. */
  readonly onChunk?: (
    chunk: ReceivedChunk,
  ) => Partial<ProcessChunkResponse> | void | Promise<Partial<ProcessChunkResponse> | void>;
  /** Makes the shard; default: the chunk's first half. */
  readonly encode?: (chunk: ReceivedChunk) => Uint8Array | Promise<Uint8Array>;
  /** Gives other parts for a shard than those stored, or throws an answer. */
  readonly onShard?: (
    location: string,
    attempt: number,
    parts: readonly GetShardPart[],
  ) => ReadableStream<GetShardPart> | readonly GetShardPart[];
  readonly health?: HealthCheckResponse;
  /** What it claims to encode H.264 with; without it, it has no GetCapabilities. */
  readonly build?: string;
  readonly list?: ListShardsResponse;
}

export interface FakeWorker extends Disposable {
  /** `127.0.0.1:<port>` */
  readonly address: string;
  /** In the order in which they came. */
  readonly chunks: readonly ReceivedChunk[];
  /** Resolves when this many chunks have come. */
  received(count: number): Promise<void>;
}

const HEALTHY: HealthCheckResponse = { isHealthy: true, workerId: "fake", maxTasks: 1, message: "healthy" };

/** Halves opaque chunks, and keeps what comes in memory. */
export async function startFakeWorker(options: FakeWorkerOptions = {}): Promise<FakeWorker> {
  const shutdown = new AbortController();
  const calls = {
    shutdown: shutdown.signal,
    toStatus: (error: unknown): EndStatus =>
      error instanceof Answer
        ? { code: error.code, details: error.message, ...(error.metadata && { metadata: error.metadata }) }
        : { code: status.INTERNAL, details: `the fake worker itself failed: ${error}` },
  };
  const chunks: ReceivedChunk[] = [];
  const shards = new Map<string, Uint8Array>();
  const shardAttempts = new Map<string, number>();
  let news = Promise.withResolvers<void>();

  async function answer(
    call: ReceivedChunk["call"],
    header: ProcessChunkRequest__Output,
    bytes: Uint8Array<ArrayBuffer>,
    signal: AbortSignal,
  ): Promise<ProcessChunkResponse> {
    const { videoId, chunkIndex, segment } = header;
    const attempt = chunks.filter(({ index }) => index === chunkIndex).length + 1;
    const frameCount = segment?.frameCount ?? 0;
    const index = chunkIndex;
    const chunk: ReceivedChunk = { call, header, videoId, index, bytes, frameCount, attempt, signal };
    chunks.push(chunk);
    news.resolve();
    news = Promise.withResolvers();
    const changes = await options.onChunk?.(chunk);
    const location = `/fake/${videoId}/chunk_${chunkIndex}.shard`;
    const shard = await options.encode?.(chunk) ?? bytes.slice(0, Math.ceil(bytes.length / 2));
    shards.set(location, shard);
    return {
      success: true,
      workerId: "fake",
      shardLocation: location,
      originalSize: bytes.length,
      encodedSize: shard.length,
      message: `Chunk ${chunkIndex} processed successfully`,
      shardSha256: sha256(shard),
      encoder: options.build ?? "fake",
      ...changes,
    };
  }

  const server = createServer({ maxChunkBytes: 100_000_000 });
  server.addService(WorkerService.service, {
    ProcessChunk: unary(
      calls,
      (request: ProcessChunkRequest__Output, { signal }) =>
        answer("ProcessChunk", request, new Uint8Array(request.chunkData), signal),
    ),
    ProcessChunkStream: clientStream(
      calls,
      async (requests: ReadableStream<ProcessChunkPart__Output>, { signal }) => {
        const [header, ...parts] = await Array.fromAsync(requests);
        const bytes = new Uint8Array(Buffer.concat(parts.map(({ data }) => data!)));
        return await answer("ProcessChunkStream", header!.header!, bytes, signal);
      },
    ),
    GetShardStream: serverStream(
      calls,
      ({ shardLocation }: GetShardRequest__Output): Promise<ReadableStream<GetShardPart>> => {
        const shard = shards.get(shardLocation);
        if (!shard) throw new Answer(status.NOT_FOUND, "no such shard");
        const attempt = (shardAttempts.get(shardLocation) ?? 0) + 1;
        shardAttempts.set(shardLocation, attempt);
        const parts = [{ header: { sizeBytes: shard.length, sha256: sha256(shard) } }, { data: shard }];
        const given = options.onShard?.(shardLocation, attempt, parts) ?? parts;
        return Promise.resolve(given instanceof ReadableStream ? given : ReadableStream.from(given));
      },
    ),
    ...(options.build !== undefined && {
      GetCapabilities: unary(calls, () => Promise.resolve(capabilitiesOf(options.build!))),
    }),
    CheckHealth: unary(calls, () => Promise.resolve({ ...HEALTHY, ...options.health })),
    ListShards: unary(calls, () => Promise.resolve({ success: true, workerId: "fake", ...options.list })),
  });
  const address = await listen(server, { host: "127.0.0.1", port: 0 });
  return {
    address,
    chunks,
    async received(count) {
      while (chunks.length < count) await news.promise;
    },
    [Symbol.dispose]() {
      shutdown.abort(new DOMException("the fake worker ends", "AbortError"));
      server.forceShutdown();
    },
  };
}

function capabilitiesOf(encoder: string): GetCapabilitiesResponse {
  return {
    workerId: "fake",
    maxTasks: 1,
    threads: 1,
    complete: true,
    codecs: [{
      codec: "CODEC_H264",
      encoder,
      framesPerSecond: 100_000, // so that it is the first to get something
      pixelFormats: ["PIXEL_FORMAT_UNSPECIFIED"],
    }],
  };
}

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash("sha256").update(bytes).digest());
