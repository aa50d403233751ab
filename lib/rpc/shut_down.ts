/** How a server ends. */
import type { Server } from "@grpc/grpc-js";

/** Calls that were answered or ended have so long to send their last bytes. */
const LAST_BYTES_MS = 2_000;

/** Takes no new connections, and resolves once the calls that are left are over, or have had their time. */
export async function shutDown(server: Pick<Server, "tryShutdown">): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.tryShutdown(() => resolve());
  await settlesWithin(LAST_BYTES_MS, promise);
}

/**
 * The same of a server of web pages. Connections on which a response waits for somebody who reads none of it stay
 * until that one goes or the process ends: Deno cuts none off once it shuts down.
 */
export async function shutDownHttp(server: Pick<Deno.HttpServer, "shutdown">): Promise<void> {
  await settlesWithin(LAST_BYTES_MS, server.shutdown());
}

/** @returns Whether the work was done in time; it goes on in any case. */
export async function settlesWithin(limitMs: number, work: Promise<void>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), limitMs);
  try {
    return await Promise.race([work.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
