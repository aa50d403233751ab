/** A chunk's way to a worker and its shard's way back. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { RpcOptions } from "../rpc/client_call.ts";
import { type StoredChunk, TransferError, type WorkerClient } from "../rpc/worker_client.ts";
import { writeWhole } from "../store/write_file.ts";
import type { OutgoingChunk } from "./outgoing_chunks.ts";
import { type RetryOptions, withRetries } from "./retry.ts";

export interface RoundTripOptions extends RpcOptions, RetryOptions {
  readonly videoId: string;
  /** Where the shard is saved, as `<video_id>_chunk_<n>.shard`. */
  readonly outputDir: string;
  readonly signal?: AbortSignal | undefined;
}

export interface RetrievedShard {
  readonly chunkIndex: number;
  readonly stored: StoredChunk;
  readonly path: string;
  readonly sizeBytes: number;
}

/**
 * Has a worker process a chunk, fetches the shard, and saves it whole or not at all. Both calls are made again
 * where that may help.
 *
 * @throws {RpcError} If the worker does not take the chunk or give the shard.
 * @throws {TransferError} If what it gives is not what it announced or stored.
 * @throws {UnsafeIntegerError} If it states a size that no file has.
 * @throws {StoreFullError} @throws {StoreUnwritableError} If the shard cannot be saved.
 * @throws `options.signal.reason` once aborted.
 */
export async function roundTrip(
  worker: WorkerClient,
  { index, header, bytes }: OutgoingChunk,
  { videoId, outputDir, ...options }: RoundTripOptions,
): Promise<RetrievedShard> {
  const stored = await withRetries(
    () => worker.processChunk({ ...header, videoId }, bytes, options),
    options,
  );
  const path = join(outputDir, `${videoId}_chunk_${index}.shard`);
  const { sizeBytes } = await withRetries(async () => {
    const shard = await worker.getShard(stored.shardLocation, options);
    return await writeWhole(path, shard.pipeThrough(sameAs(stored)), { signal: options.signal });
  }, options);
  return { chunkIndex: index, stored, path, sizeBytes };
}

/** Fails at the end unless the bytes are those that were stored: another shard may have taken their place. */
function sameAs({ encodedBytes, sha256 }: StoredChunk): TransformStream<Uint8Array, Uint8Array> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  return new TransformStream({
    transform(bytes, controller) {
      sizeBytes += bytes.length;
      hash.update(bytes);
      controller.enqueue(bytes);
    },
    flush() {
      const isSame = sizeBytes === encodedBytes && (sha256 === "" || hash.digest("hex") === sha256);
      if (!isSame) throw new TransferError("Cannot read shard: it is not the one that was stored");
    },
  });
}
