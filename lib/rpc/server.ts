import { Server, type ServerInterceptor, setLogger } from "@grpc/grpc-js";
import { formatAddress } from "./address.ts";
import { boundRequests, type CarriesChunk, forgetUnread } from "./bound_requests.ts";
import { serverCredentials, type ServerTls } from "./credentials.ts";
import "./session_ends.ts";
import { explainMessageLimit, requireToken } from "./interceptors.ts";
import { paceResponses } from "./pace_responses.ts";

export interface ServerOptions {
  /** Largest chunk in one message, in bytes; a message may be a little longer. */
  readonly maxChunkBytes: number;
  /** What callers are told to do about a larger one; by default what suits a worker. */
  readonly overLimit?: string | undefined;
  /** Which messages may be as large as that; by default all. */
  readonly carriesChunk?: CarriesChunk | undefined;
  readonly tls?: ServerTls | undefined;
  readonly token?: string | undefined;
  /** What calls go through once they are let in, in this order. */
  readonly interceptors?: readonly ServerInterceptor[] | undefined;
  readonly connections?: Partial<ConnectionLimits> | undefined;
}

/** Infinity: never. */
export interface ConnectionLimits {
  /** After so long without a sign of life a peer is asked for one. */
  readonly pingMs: number;
  /** How long it may take to give it before it counts as gone, with its calls. */
  readonly pingTimeoutMs: number;
  /** A connection without a call is closed after this. */
  readonly idleMs: number;
  /** How long a peer may take for one message of a response. */
  readonly responseMs: number;
}

const DEFAULT_CONNECTIONS: ConnectionLimits = {
  pingMs: 60_000,
  pingTimeoutMs: 20_000,
  idleMs: 300_000,
  responseMs: 600_000,
};

/** Room in a message for all but its chunk. */
const ENVELOPE_BYTES = 64 * 1024;

/** What may be there of messages without a chunk before they are whole. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;

/** A call may wait for a place among the encodes, but not so many that their buffers fill the memory. */
const MAX_STREAMS_A_CONNECTION = 256;

export function createServer(options: ServerOptions): Server {
  const { maxChunkBytes, overLimit = "use ProcessChunkStream", token, interceptors = [] } = options;
  const { carriesChunk = () => true } = options;
  const connections = { ...DEFAULT_CONNECTIONS, ...options.connections };
  const authorize = token === undefined ? [] : [requireToken(token)];
  return new Server({
    "grpc.max_receive_message_length": maxChunkBytes + ENVELOPE_BYTES,
    "grpc.max_send_message_length": maxChunkBytes + ENVELOPE_BYTES,
    "grpc.max_concurrent_streams": MAX_STREAMS_A_CONNECTION,
    "grpc.keepalive_time_ms": connections.pingMs,
    "grpc.keepalive_timeout_ms": connections.pingTimeoutMs,
    "grpc.max_connection_idle_ms": connections.idleMs,
    // the first is next to the socket, where explainMessageLimit has to be
    interceptors: [
      explainMessageLimit(`message is over the limit of ${maxChunkBytes} bytes a chunk: ${overLimit}`),
      boundRequests({ carriesChunk, messageBytes: ENVELOPE_BYTES, totalBytes: MAX_HELD_BYTES }),
      forgetUnread(),
      paceResponses({ stallMs: connections.responseMs }),
      ...authorize,
      ...interceptors,
    ],
  });
}

/** The host and port cannot be listened on: taken, not ours, or not there. */
export class BindError extends Error {
  override readonly name = "BindError";
}

/**
 * Listens.
 *
 * @param port 0 for a free one.
 * @returns The address, with the port that was got.
 * @throws {TlsError} @throws {BindError}
 */
export async function listen(
  server: Server,
  { host, port, tls }: { host: string; port: number; tls?: ServerTls | undefined },
): Promise<string> {
  const address = formatAddress(host, port);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync(address, serverCredentials(tls), (error, bound) => error ? reject(error) : resolve(bound));
  try {
    return formatAddress(host, await promise);
  } catch (cause) {
    throw new BindError(`Cannot listen on ${address}: ${bindReason(cause)}`, { cause });
  }
}

function bindReason(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  if (/EADDRINUSE|in use/i.test(text)) return "the port is in use";
  if (/EACCES|permission/i.test(text)) return "not permitted";
  if (/EADDRNOTAVAIL|EINVAL/.test(text)) return "this machine has no such address";
  if (/name resolution failed/i.test(text)) return "no such host";
  return text.split("\n", 1)[0] ?? "unknown";
}

// what grpc-js would write to stderr by itself comes as an error or a status as well
setLogger({ error: () => {} });
