/**
 * Makes a server's responses wait for whoever reads them, and not for ever.
 *
 * Deno's HTTP/2 hands a frame to the socket as soon as the peer's flow control allows it, whether or not the
 * socket takes it. A peer that announces a large window and then does not read would have the whole response
 * piled up in memory. So a message counts as sent only once the socket has room again.
 */
import {
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from "@grpc/grpc-js";
import { constants, type Http2Session, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { underlyingCall } from "./underlying_call.ts";

/** @param stallMs How long one message may take to be sent; a call past it is cut off. */
export function paceResponses({ stallMs }: { readonly stallMs: number }): ServerInterceptor {
  return (_method, call) => {
    const stream = underlyingCall(call)?.stream;
    return stream ? new PacedCall(call, stream, stallMs) : new ServerInterceptingCall(call);
  };
}

class PacedCall extends ServerInterceptingCall {
  readonly #stream: ServerHttp2Stream;
  readonly #stallMs: number;
  /** Of the one message that is on its way. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(call: ServerInterceptingCallInterface, stream: ServerHttp2Stream, stallMs: number) {
    super(call);
    this.#stream = stream;
    this.#stallMs = stallMs;
    stream.once("close", () => clearTimeout(this.#timer)); // a message that is lost is never done
  }

  override sendMessage(message: unknown, done: () => void): void {
    if (this.#stream.closed || this.#stream.destroyed) return; // as for grpc-js: nothing is sent, nothing is done
    this.#timer = setTimeout(() => this.#stream.close(constants.NGHTTP2_CANCEL), this.#stallMs);
    super.sendMessage(message, () =>
      onceThereIsRoom(this.#stream, () => {
        clearTimeout(this.#timer);
        done();
      }));
  }
}

function onceThereIsRoom({ session }: ServerHttp2Stream, then: () => void): void {
  if (!session || session.destroyed || !session.socket.writableNeedDrain) return then();
  const waiting = WAITING.get(session);
  if (waiting) waiting.push(then);
  else WAITING.set(session, firstToWait(session, then));
}

/** What waits for each connection: one wait for all calls, since Node warns of more than ten of the same. */
const WAITING = new WeakMap<Http2Session, (() => void)[]>();

function firstToWait(session: Http2Session, then: () => void): (() => void)[] {
  const waiting = [then];
  const settle = () => {
    socket.off("drain", settle).off("close", settle);
    WAITING.delete(session);
    for (const then of waiting) then();
  };
  // what the session has is a stand-in that goes with it; a socket that is gone drains no more
  const socket: Socket = session.socket.once("drain", settle).once("close", settle) as Socket;
  return waiting;
}
