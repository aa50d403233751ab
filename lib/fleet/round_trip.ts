/** A chunk's way to a worker and its shard's way back. */
import { join } from "node:path";
import { AssembleError } from "../assemble/assemble_error.ts";
import type { RpcOptions } from "../rpc/client_call.ts";
import { RpcError, type StatusName } from "../rpc/rpc_error.ts";
import { type StoredChunk, TransferError, type WorkerClient } from "../rpc/worker_client.ts";
import { writeWhole } from "../store/write_file.ts";
import type { OutgoingChunk } from "./outgoing_chunks.ts";
import { type RetryOptions, withRetries } from "./retry.ts";
import { sameShard } from "./same_shard.ts";

export interface RoundTripOptions extends RpcOptions, RetryOptions {
  readonly videoId: string;
  /** Where the shard is saved, as `<video_id>_chunk_<n>.shard`. */
  readonly outputDir: string;
  /** Whether the shard is what was asked for. With it, a chunk that fails is encoded again, once. */
  readonly checkShard?: CheckRetrieved | undefined;
  /** Told before a chunk is encoded again. */
  readonly onEncodeAgain?: ((error: Error) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RetrievedShard {
  readonly chunkIndex: number;
  readonly stored: StoredChunk;
  readonly path: string;
  readonly sizeBytes: number;
}

/** @throws {AssembleError} If the shard is not what was asked for, naming chunk and worker. */
export type CheckRetrieved = (shard: RetrievedShard) => Promise<void>;

/**
 * Has a worker process a chunk, fetches the shard, and saves it whole or not at all. Both calls are made again
 * where that may help.
 *
 * @throws {RpcError} If the worker does not take the chunk or give the shard.
 * @throws {TransferError} If what it gives is not what it announced or stored.
 * @throws What `checkShard` does, once the chunk has been encoded twice.
 * @throws {UnsafeIntegerError} If it states a size that no file has.
 * @throws {StoreFullError} @throws {StoreUnwritableError} If the shard cannot be saved.
 * @throws `options.signal.reason` once aborted.
 */
export async function roundTrip(
  worker: WorkerClient,
  chunk: OutgoingChunk,
  options: RoundTripOptions,
): Promise<RetrievedShard> {
  try {
    return await oneTrip(worker, chunk, options);
  } catch (error) {
    if (!options.checkShard || !mayEncodeBetter(error)) throw error;
    options.onEncodeAgain?.(error);
    return await oneTrip(worker, chunk, options);
  }
}

/** Whether another encode of the same chunk may give what this one did not: a shard, unaltered, as planned. */
export function mayEncodeBetter(error: unknown): error is Error {
  if (error instanceof AssembleError || error instanceof TransferError) return true;
  return error instanceof RpcError && ENCODE_FAILED.has(error.code);
}

/** The encoder refused the chunk; the shard was damaged where it was stored; it is there no more. */
const ENCODE_FAILED: ReadonlySet<StatusName> = new Set(["INVALID_ARGUMENT", "DATA_LOSS", "NOT_FOUND"]);

async function oneTrip(
  worker: WorkerClient,
  { index, header, bytes }: OutgoingChunk,
  { videoId, outputDir, checkShard, ...options }: RoundTripOptions,
): Promise<RetrievedShard> {
  const stored = await withRetries(
    () => worker.processChunk({ ...header, videoId }, bytes, options),
    options,
  );
  const path = join(outputDir, `${videoId}_chunk_${index}.shard`);
  const { sizeBytes } = await withRetries(async () => {
    const shard = await worker.getShard(stored.shardLocation, options);
    return await writeWhole(
      path,
      shard.pipeThrough(sameShard({ ...stored, sizeBytes: stored.encodedBytes })),
      { signal: options.signal },
    );
  }, options);
  const retrieved = { chunkIndex: index, stored, path, sizeBytes };
  try {
    await checkShard?.(retrieved);
  } catch (error) {
    await Deno.remove(path).catch(() => {}); // whoever finds it would take it for the shard
    throw error;
  }
  return retrieved;
}
