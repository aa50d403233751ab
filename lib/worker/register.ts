import { setTimeout } from "node:timers/promises";
import { channelTo } from "../rpc/channel.ts";
import { callUnary } from "../rpc/client_call.ts";
import { tokenMetadata } from "../rpc/credentials.ts";
import type { RegisterWorkerResponse__Output } from "../rpc/generated/replication/RegisterWorkerResponse.ts";
import { MasterService } from "../rpc/proto.ts";
import type { ConnectOptions } from "../rpc/worker_client.ts";
import type { Logger } from "../log.ts";

export interface RegisterOptions extends ConnectOptions {
  readonly master: string;
  /** Where the master finds the worker. */
  readonly workerAddress: string;
  readonly logger: Logger;
  /** How soon it says again that it is there: a master that restarted has forgotten its workers. Default 10 s. */
  readonly repeatMs?: number | undefined;
  /** Ends it. */
  readonly signal: AbortSignal;
}

const REPEAT_MS = 10_000;
const TIMEOUT_MS = 3_000;

/** Registers with a master, and again for as long as the signal lasts. Resolves once it is aborted. */
export async function keepRegistered(
  { master, workerAddress, logger, signal, repeatMs = REPEAT_MS, ...options }: RegisterOptions,
): Promise<void> {
  const client = new MasterService(...channelTo(master, options.tls));
  const peer = { address: master, metadata: tokenMetadata(options.token) };
  let wasRegistered: boolean | undefined;
  try {
    while (!signal.aborted) {
      const problem = await callUnary<RegisterWorkerResponse__Output>(
        peer,
        (m, o, done) => client.registerWorker({ workerAddress }, m, o, done),
        { timeoutMs: TIMEOUT_MS, signal },
      ).then(({ success, message }) => success ? undefined : message, reasonOf);
      if (signal.aborted) break;
      const isRegistered = problem === undefined;
      if (isRegistered && wasRegistered !== true) logger.info("Registered with master", { master });
      if (!isRegistered && wasRegistered !== false) {
        logger.warn("Cannot register with master", { master, problem });
      }
      wasRegistered = isRegistered;
      await setTimeout(repeatMs, undefined, { signal }).catch(() => {}); // it rejects only once aborted
    }
  } finally {
    client.close();
  }
}

const reasonOf = (error: unknown) => error instanceof Error ? error.message : String(error);
