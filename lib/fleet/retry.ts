/** Calls to a worker, made again where its answer says that they may work. */
import { RpcError } from "../rpc/rpc_error.ts";
import { TransferError } from "../rpc/worker_client.ts";
import { type Clock, SYSTEM_CLOCK } from "./clock.ts";

export interface RetryOptions {
  /** Tries in all; a worker that is busy and says when to come back does not use one up. */
  readonly attempts: number;
  /** How long a busy worker is asked again. */
  readonly busyMs: number;
  /** Told before each further try, but of a busy worker only once. */
  readonly onRetry?: ((error: Error, waitMs: number) => void) | undefined;
  readonly clock?: Clock | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Doubled for each further one. */
const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 10_000;
/** What a worker may ask for: it neither stops us for ever nor has us ask without a pause. */
const PUSHBACK_MS = { min: 20, max: 60_000 };

/**
 * @throws {RpcError} The last answer. @throws {TransferError} If the last answer was not what it announced.
 * @throws `options.signal.reason` once aborted.
 */
export async function withRetries<T>(call: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { attempts, busyMs, onRetry, clock = SYSTEM_CLOCK, signal = new AbortController().signal } = options;
  const giveUpBusyMs = clock.monotonicMs() + busyMs;
  let failures = 0;
  let isToldBusy = false;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!mayWorkLater(error)) throw error;
      const isBusy = saysBusy(error);
      if (isBusy ? clock.monotonicMs() >= giveUpBusyMs : ++failures >= attempts) throw error;
      const waitMs = pushbackMs(error) ?? Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), MAX_WAIT_MS);
      if (!(isBusy && isToldBusy)) onRetry?.(error, waitMs);
      isToldBusy ||= isBusy;
      await clock.sleep(waitMs, signal);
    }
  }
}

function mayWorkLater(error: unknown): error is RpcError | TransferError {
  return error instanceof TransferError || (error instanceof RpcError && error.retryable);
}

/** Too many tasks; what is exhausted for good is not retryable. */
function saysBusy(error: RpcError | TransferError): boolean {
  return error instanceof RpcError && error.code === "RESOURCE_EXHAUSTED";
}

function pushbackMs(error: RpcError | TransferError): number | undefined {
  if (!(error instanceof RpcError) || error.pushbackMs === undefined) return undefined;
  return Math.min(Math.max(error.pushbackMs, PUSHBACK_MS.min), PUSHBACK_MS.max);
}
