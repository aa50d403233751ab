/**
 * Keeps requests from filling the memory before any handler knows of them.
 *
 * grpc-js has one limit for the messages of all methods, and gathers each message of any call up to it. Here a
 * message that carries no chunk has a limit of its own, which is looked at where the message begins; and what has
 * come of all such messages together has one, too.
 */
import {
  Metadata,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
  status,
} from "@grpc/grpc-js";
import { requestListener } from "./interceptors.ts";
import { PUSHBACK_KEY } from "./rpc_error.ts";
import { type UnderlyingCall, underlyingCall } from "./underlying_call.ts";

/** Which messages carry a chunk: of a method, such as `/package.Service/Method`, by their number from 0. */
export type CarriesChunk = (path: string, message: number) => boolean;

export interface RequestBounds {
  /** All that follow one in a call do so, too. */
  readonly carriesChunk: CarriesChunk;
  /** Largest message without a chunk, in bytes. */
  readonly messageBytes: number;
  /** How much of all such messages may be there before calls are taken up, over all connections. */
  readonly totalBytes: number;
}

/** By then others have been taken up, or given up. */
const RETRY_MS = 1_000;

export function boundRequests({ carriesChunk, messageBytes, totalBytes }: RequestBounds): ServerInterceptor {
  let heldBytes = 0;
  const tooLarge = `message is over the limit of ${messageBytes} bytes for one without a chunk`;
  return ({ path, requestStream }, call) => {
    const underlying = underlyingCall(call);
    if (!underlying || carriesChunk(path, 0)) return new ServerInterceptingCall(call);
    const { stream } = underlying;
    boundUnpacked(underlying, {
      limitBytes: (message) => carriesChunk(path, message) ? undefined : messageBytes,
      tooLarge,
    });

    const frames = new MessageFrames();
    let ownBytes = 0;
    const hold = (bytes: number) => {
      heldBytes += bytes - ownBytes;
      ownBytes = bytes;
    };
    const stop = () => {
      stream.off("data", look);
      hold(0);
    };
    const refuse = (details: string, metadata = new Metadata()) => {
      stop();
      call.sendStatus({ code: status.RESOURCE_EXHAUSTED, details, metadata });
    };
    const look = (data: Uint8Array) => {
      for (const { message, sizeBytes } of frames.read(data)) {
        if (carriesChunk(path, message)) return stop();
        if (sizeBytes > messageBytes) return refuse(tooLarge);
      }
      hold(ownBytes + data.length);
      // a message that comes as a whole is let through, so that those who send by halves keep nobody else away
      if (heldBytes > totalBytes && frames.isWithin) refuse("too many messages are on their way", pushback());
    };
    stream.prependListener("data", look); // before grpc-js, which drops what comes for a call that is refused

    return new ServerInterceptingCall(call, {
      start(next) {
        const onMessage = () => requestStream && hold(0);
        next(requestListener({ onMessage, onOver: stop }).build());
      },
    });
  };
}

/**
 * Lets go of what has come of a call once it is over. grpc-js keeps that until the caller, too, says that it is,
 * which one that means harm never does.
 */
export function forgetUnread(): ServerInterceptor {
  return (_method, call) => {
    const { decoder, readQueue } = underlyingCall(call) ?? {};
    const listener = new ServerListenerBuilder().withOnCancel(() => {
      if (decoder?.readPartialMessage) decoder.readPartialMessage = [];
      readQueue?.splice(0);
    }).build();
    return new ServerInterceptingCall(call, { start: (next) => next(listener) });
  };
}

function pushback(): Metadata {
  const metadata = new Metadata();
  metadata.set(PUSHBACK_KEY, String(RETRY_MS));
  return metadata;
}

const PREFIX_BYTES = 5;

/**
 * Where messages begin and end in what comes of a call.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md, Length-Prefixed-Message
 */
class MessageFrames {
  readonly #prefix = new DataView(new ArrayBuffer(PREFIX_BYTES));
  #prefixBytes = 0;
  #leftBytes = 0;
  #count = 0;

  /** Whether a message has begun that has not ended. */
  get isWithin(): boolean {
    return this.#prefixBytes > 0 || this.#leftBytes > 0;
  }

  /** @returns The messages that begin there. */
  read(data: Uint8Array): { readonly message: number; readonly sizeBytes: number }[] {
    const begun = [];
    for (let at = 0; at < data.length;) {
      if (this.#leftBytes > 0) {
        const bytes = Math.min(this.#leftBytes, data.length - at);
        this.#leftBytes -= bytes;
        at += bytes;
        continue;
      }
      this.#prefix.setUint8(this.#prefixBytes++, data[at++]!);
      if (this.#prefixBytes < PREFIX_BYTES) continue;
      this.#prefixBytes = 0;
      this.#leftBytes = this.#prefix.getUint32(1);
      begun.push({ message: this.#count++, sizeBytes: this.#leftBytes });
    }
    return begun;
  }
}

interface UnpackedBounds {
  /** Of a message by its number from 0; undefined: that of the server. */
  readonly limitBytes: (message: number) => number | undefined;
  readonly tooLarge: string;
}

/** Bounds what messages that were packed may become. */
function boundUnpacked(call: UnderlyingCall, { limitBytes, tooLarge }: UnpackedBounds): void {
  const { decompressMessage } = call;
  if (!decompressMessage) return;
  let count = 0;
  call.decompressMessage = (message, encoding) => {
    const limit = limitBytes(count++);
    if (limit === undefined) return Reflect.apply(decompressMessage, call, [message, encoding]);
    const limited = Object.create(call, { maxReceiveMessageSize: { value: limit } });
    const unpacked = Reflect.apply(decompressMessage, limited, [message, encoding]);
    if (!(unpacked instanceof Promise)) return unpacked;
    return unpacked.catch((problem) => {
      throw problem.code === status.RESOURCE_EXHAUSTED ? { ...problem, details: tooLarge } : problem;
    });
  };
}
