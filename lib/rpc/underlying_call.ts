/** What grpc-js keeps to itself of a call at a server, in one place. */
import type { ServerInterceptingCallInterface } from "@grpc/grpc-js";
import type { Http2Session, ServerHttp2Stream } from "node:http2";

/** The call below all interceptors. */
export interface UnderlyingCall {
  readonly stream: ServerHttp2Stream;
  readonly maxReceiveMessageSize?: number;
  /** What has come of a message that is not whole. */
  readonly decoder?: { readPartialMessage?: Uint8Array[] };
  /** Messages that nobody has read. */
  readonly readQueue?: unknown[];
  /** Makes a message of what came, packed or not, and looks at `this.maxReceiveMessageSize` as it goes. */
  decompressMessage?(message: Uint8Array, encoding: string): unknown;
}

/** @returns Undefined where a later grpc-js has it otherwise. */
export function underlyingCall(call: ServerInterceptingCallInterface): UnderlyingCall | undefined {
  const { stream, nextCall } = call as Partial<UnderlyingCall> & {
    readonly nextCall?: ServerInterceptingCallInterface;
  };
  if (stream) return call as unknown as UnderlyingCall;
  return nextCall && underlyingCall(nextCall);
}

/** Aborts once the connection of a call that a handler has just been given is gone; one signal for all its calls. */
export function connectionOf(handled: object): AbortSignal {
  const { call } = handled as { readonly call?: ServerInterceptingCallInterface };
  const session = call && underlyingCall(call)?.stream.session;
  if (!session) return new AbortController().signal;
  const known = CONNECTIONS.get(session);
  if (known) return known;
  const gone = new AbortController();
  session.once("close", () => gone.abort(new DOMException("Connection is gone", "AbortError")));
  CONNECTIONS.set(session, gone.signal);
  return gone.signal;
}

const CONNECTIONS = new WeakMap<Http2Session, AbortSignal>();
