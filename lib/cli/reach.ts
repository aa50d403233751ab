/** The first call to a peer, which may not be there at all. */
import { RpcError } from "../rpc/rpc_error.ts";

/**
 * Makes the first call to a worker or master.
 *
 * @throws {Error} Says who cannot be reached and how to start one. @throws What else the call does.
 */
export async function reach<T>(who: "worker" | "master", call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    const isAbsent = error.code === "UNAVAILABLE" || error.code === "DEADLINE_EXCEEDED";
    const hint = isAbsent && !error.isMisunderstood ? ` (is it running? deno task ${who})` : "";
    throw new Error(`Cannot reach ${who} ${error.message}${hint}`, { cause: error });
  }
}
