/** What grpc-js keeps to itself of a call at a server, in one place. */
import type { ServerInterceptingCallInterface } from "@grpc/grpc-js";
import type { ServerHttp2Stream } from "node:http2";

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
