/** A video's chunks through a worker, with progress for whoever watches. */
import { AssembleError } from "../assemble/assemble_error.ts";
import { NotEncodedError } from "../fleet/check_retrieved.ts";
import { forEachConcurrently } from "../fleet/for_each_concurrently.ts";
import type { OutgoingChunk } from "../fleet/outgoing_chunks.ts";
import { type RetrievedShard, roundTrip, type RoundTripOptions } from "../fleet/round_trip.ts";
import { UnsafeIntegerError } from "../rpc/int64.ts";
import { RpcError, type StatusName } from "../rpc/rpc_error.ts";
import { TransferError, type WorkerClient } from "../rpc/worker_client.ts";
import { StoreFullError, StoreUnwritableError } from "../store/store_errors.ts";
import { type ClientResult, describeStored, type FailedChunk } from "./client_result.ts";
import { formatCount, formatSeconds } from "./format.ts";
import { writeOut } from "./output.ts";
import { type Progress, progressBar } from "./progress.ts";
import { visible } from "./visible.ts";

export interface EncodeChunksOptions {
  readonly worker: WorkerClient;
  readonly videoId: string;
  /** Where the shards go. */
  readonly outputDir: string;
  /** How many chunks there are. */
  readonly total: number;
  /** Chunks under way at once. */
  readonly concurrency: number;
  /** What a call may take. */
  readonly timeoutMs: number;
  readonly checkShard: RoundTripOptions["checkShard"];
  /** Whether standard output is the result's alone. */
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** Tries of a call in all. */
const ATTEMPTS = 3;
/** How long a busy worker is asked again. */
const BUSY_MS = 600_000;

/** Ends the run: no other chunk would fare better. */
class HopelessError extends Error {
  override readonly name = "HopelessError";
}

/**
 * Has every chunk encoded, and fetches the shards. A chunk that fails is noted, and the others go on, unless they
 * would fail alike.
 *
 * @throws What is neither a chunk's fault nor the worker's or the disk's: of the stream, and `signal.reason`.
 */
export async function encodeChunks(
  chunks: ReadableStream<OutgoingChunk>,
  { worker, videoId, outputDir, total, concurrency, timeoutMs, checkShard, json, signal }:
    EncodeChunksOptions,
): Promise<ClientResult> {
  const shards: RetrievedShard[] = [];
  const failed: FailedChunk[] = [];
  using progress = progressBar({ label: "Encoding", total, unit: "chunks", signal });
  const say = speaker(progress, json);
  const trip = { videoId, outputDir, timeoutMs, attempts: ATTEMPTS, busyMs: BUSY_MS, checkShard };

  const processOne = async (chunk: OutgoingChunk, signal: AbortSignal): Promise<void> => {
    const note = (what: string) => progress.note(`Chunk ${chunk.index}: ${what}`);
    try {
      const shard = await roundTrip(worker, chunk, {
        ...trip,
        onRetry: (error, waitMs) => note(`${error.message}: trying again in ${formatSeconds(waitMs / 1000)}`),
        onEncodeAgain: (error) => note(`${error.message}: encoding it again`),
        signal,
      });
      say(`Chunk ${chunk.index} processed successfully (${describeStored(shard)})`);
      say(`Successfully retrieved and saved shard data to '${shard.path}' (${shard.sizeBytes} bytes)`);
      shards.push(shard);
    } catch (error) {
      if (!isChunkFailure(error)) throw error;
      failed.push({ chunkIndex: chunk.index, error });
      if (isHopeless(error)) throw new HopelessError(error.message, { cause: error });
      progress.note(`Chunk ${chunk.index} failed: ${error.message}`);
    }
    progress.advance();
  };

  try {
    await forEachConcurrently(chunks, processOne, { concurrency, signal });
  } catch (error) {
    if (!(error instanceof HopelessError)) throw error;
  }
  shards.sort((a, b) => a.chunkIndex - b.chunkIndex);
  failed.sort((a, b) => a.chunkIndex - b.chunkIndex);
  return { videoId, outputDir, total, shards, failed };
}

/** Lines for a person who watches go above the bar; those for a pipe or a file go to standard output. */
function speaker(progress: Progress, json: boolean): (line: string) => void {
  if (json || Deno.stdout.isTerminal()) return (line) => progress.note(line);
  return (line) => writeOut(`${visible(line)}\n`);
}

/** What a chunk, its worker or the disk can do wrong; all else is a defect, an unreadable source or an interrupt. */
function isChunkFailure(error: unknown): error is Error {
  const kinds = [RpcError, TransferError, AssembleError, NotEncodedError, UnsafeIntegerError];
  return [...kinds, StoreFullError, StoreUnwritableError].some((kind) => error instanceof kind);
}

/** Whether the next chunk would get the same answer: the worker is gone or cannot do it, or the disk takes no more. */
function isHopeless(error: Error): boolean {
  const kinds = [NotEncodedError, StoreFullError, StoreUnwritableError];
  if (kinds.some((kind) => error instanceof kind)) return true;
  return error instanceof RpcError && (HOPELESS.has(error.code) || isOverLimit(error));
}

const HOPELESS: ReadonlySet<StatusName> = new Set([
  "FAILED_PRECONDITION",
  "UNAUTHENTICATED",
  "UNAVAILABLE",
  "UNIMPLEMENTED",
]);

/** A message that the worker does not take, in our words or in those of grpcio. */
function isOverLimit(error: Error): boolean {
  return error instanceof RpcError && error.code === "RESOURCE_EXHAUSTED" && !error.retryable &&
    /larger than max|over the limit/i.test(error.details);
}

/** What went wrong, in one line. */
export function failureText(
  { total, shards, failed }: ClientResult,
  { chunkSize, reconstruct }: { readonly chunkSize: number; readonly reconstruct: string | undefined },
): string {
  const hopeless = failed.find(({ error }) => isHopeless(error));
  const lost = reconstruct === undefined ? "" : `; ${reconstruct} is not made`;
  if (hopeless) {
    const hint = isOverLimit(hopeless.error)
      ? `: lower --chunk_size ${chunkSize}, or raise the worker's --max_chunk_bytes`
      : "";
    const done = `${formatCount(shards.length)} of ${formatCount(total, "chunk")} done`;
    return `Chunk ${hopeless.chunkIndex} failed: ${hopeless.error.message}${hint} (${done}${lost})`;
  }
  const named = failed.slice(0, MAX_NAMED).map(({ chunkIndex }) => chunkIndex).join(", ");
  const more = failed.length > MAX_NAMED ? ` and ${formatCount(failed.length - MAX_NAMED)} more` : "";
  return `${formatCount(failed.length)} of ${formatCount(total, "chunk")} failed: ${named}${more}${lost}`;
}

const MAX_NAMED = 20;
