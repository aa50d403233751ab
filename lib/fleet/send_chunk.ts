import { setTimeout } from "node:timers/promises";
import type { RpcOptions } from "../rpc/client_call.ts";
import { RpcError } from "../rpc/rpc_error.ts";
import type { ChunkHeader, StoredChunk, WorkerClient } from "../rpc/worker_client.ts";

export interface SendOptions extends RpcOptions {
  /** Tries in all; a worker that is busy and says when to come back does not use one up. */
  readonly attempts: number;
  /** How long a busy worker is asked again. */
  readonly busyMs: number;
  /** Told before each further try. */
  readonly onRetry?: ((error: RpcError, waitMs: number) => void) | undefined;
}

const FIRST_WAIT_MS = 200;
const MAX_WAIT_MS = 5_000;

/**
 * Sends a chunk to a worker, again where its answer says that it may work.
 *
 * @throws {RpcError} The last answer. @throws `options.signal.reason` once aborted.
 */
export async function sendChunk(
  worker: Pick<WorkerClient, "processChunk">,
  header: ChunkHeader,
  data: Uint8Array,
  options: SendOptions,
): Promise<StoredChunk> {
  const giveUpBusyMs = performance.now() + options.busyMs;
  for (let failures = 0;;) {
    try {
      return await worker.processChunk(header, data, options);
    } catch (error) {
      if (!(error instanceof RpcError) || !error.retryable) throw error;
      const isBusy = error.code === "RESOURCE_EXHAUSTED";
      if (isBusy ? performance.now() > giveUpBusyMs : ++failures >= options.attempts) throw error;
      const waitMs = error.pushbackMs ?? Math.min(FIRST_WAIT_MS * 2 ** failures, MAX_WAIT_MS);
      options.onRetry?.(error, waitMs);
      await setTimeout(waitMs, undefined, { ...(options.signal && { signal: options.signal }) });
    }
  }
}
