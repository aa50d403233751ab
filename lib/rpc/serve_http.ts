/** Web pages on a port. */
import type { Logger } from "../log.ts";
import { formatAddress } from "./address.ts";
import type { ServerTls } from "./credentials.ts";
import { keepListening, type KeptServer } from "./keep_listening.ts";
import { BindError } from "./server.ts";

export interface HttpBinding {
  /** What is served, for errors and the log: `the dashboard`. */
  readonly what: string;
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  /** Given: over TLS. Nobody is asked for a certificate. */
  readonly tls?: Pick<ServerTls, "cert" | "key"> | undefined;
  readonly logger?: Logger | undefined;
}

/** As {@link keepListening} does. @throws {BindError} */
export function serveHttp(
  { what, host, port, tls, logger }: HttpBinding,
  handle: Deno.ServeHandler,
): KeptServer {
  const secure = tls ? { cert: tls.cert, key: tls.key } : {};
  // of an answer that has begun nothing can be said any more: its connection is cut off
  const onError = (error: unknown) => {
    logger?.warn(`Cannot answer a request for ${what}`, { reason: String(error) });
    return new Response("Internal error", { status: 500 });
  };
  const listen = (port: number, handle: Deno.ServeHandler) =>
    Deno.serve({ hostname: host, port, onListen: () => {}, onError, ...secure }, handle);
  try {
    return keepListening(listen, handle, { port, what, logger });
  } catch (cause) {
    const why = cause instanceof Deno.errors.AddrInUse ? "the port is in use" : (cause as Error).message;
    throw new BindError(`Cannot serve ${what} on ${formatAddress(host, port)}: ${why}`, { cause });
  }
}
