/** Calls to a master that may be gone for a while. */
import { setTimeout } from "node:timers/promises";
import type { MasterClient } from "../rpc/master_client.ts";
import { RpcError } from "../rpc/rpc_error.ts";
import { reach } from "./reach.ts";

export interface AbsenceOptions {
  readonly client: MasterClient;
  /** Of what is called about: asking for its status shows whether the master is there. */
  readonly videoId: string;
  /** How long the master may be gone, counted from when that is noticed. */
  readonly giveUpMs: number;
  readonly signal: AbortSignal;
}

/** For a call that a master answers at once. */
export const SHORT_MS = 10_000;
/** For one that moves a video: a day is more than any takes. */
export const LONG_MS = 86_400_000;
const AGAIN_MS = 1_000;

const ABSENT: ReadonlySet<RpcError["code"]> = new Set(["UNAVAILABLE", "DEADLINE_EXCEEDED"]);

/**
 * Makes a call again for as long as its master may be gone.
 *
 * @param call Says when it has heard from the master, who then is there.
 * @throws {Error} If the master is gone for too long: says how to start one. @throws What else the call does.
 * @throws `options.signal.reason` once aborted.
 */
export async function overAbsence<T>(
  { client, videoId, giveUpMs, signal }: AbsenceOptions,
  call: (heard: () => void) => Promise<T>,
): Promise<T> {
  let goneSinceMs: number | undefined;
  const heard = () => void (goneSinceMs = undefined);
  const leftMs = () => goneSinceMs === undefined ? Infinity : goneSinceMs + giveUpMs - performance.now();
  for (;;) {
    try {
      // connecting to one that does not answer takes as long as the call may
      const timeoutMs = Math.min(SHORT_MS, Math.max(leftMs(), AGAIN_MS));
      if (goneSinceMs !== undefined) await client.status(videoId, { timeoutMs, signal });
      return await call(heard);
    } catch (error) {
      if (!(error instanceof RpcError && ABSENT.has(error.code))) throw error;
      goneSinceMs ??= performance.now();
      if (leftMs() <= 0) return await reach("master", () => Promise.reject(error));
    }
    await pause(signal);
  }
}

/** Between two calls of a kind. @throws `signal.reason` once aborted. */
export function pause(signal: AbortSignal): Promise<void> {
  return setTimeout(AGAIN_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
}
