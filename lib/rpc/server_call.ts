/** Server calls as promises and Web Streams, under one AbortSignal each. */
import type {
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  Metadata,
  ServerReadableStream,
  ServerWritableStream,
  StatusObject,
} from "@grpc/grpc-js";
import type { EventEmitter } from "node:events";
import { once } from "node:events";

/** How a call ends; the metadata goes as its trailer. */
export type EndStatus = Pick<StatusObject, "code" | "details"> & { readonly metadata?: Metadata };

/** Maps whatever a handler threw to what the caller may see. */
export type ToStatus = (error: unknown) => EndStatus;

export interface CallContext {
  /** Aborts when the call is over for any reason (client gone, deadline, answered) or the server stops. */
  readonly signal: AbortSignal;
}

export interface Calls {
  /** Ends every call that runs. */
  readonly shutdown: AbortSignal;
  readonly toStatus: ToStatus;
}

/** A handler that answers one message with one. */
export function unary<Request, Response>(
  { shutdown, toStatus }: Calls,
  handle: (request: Request, context: CallContext) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const signal = callSignal(call, shutdown);
    settle(() => handle(call.request, { signal })).then(
      (response) => callback(null, response),
      (error) => callback(toStatus(error)),
    );
  };
}

/** A handler that answers a stream of messages, read as they are pulled, with one. */
export function clientStream<Request, Response>(
  { shutdown, toStatus }: Calls,
  handle: (requests: ReadableStream<Request>, context: CallContext) => Promise<Response>,
): handleClientStreamingCall<Request, Response> {
  return (call, callback) => {
    const signal = callSignal(call, shutdown);
    settle(() => handle(callSource(call, signal), { signal })).then(
      (response) => callback(null, response),
      (error) => callback(toStatus(error)),
    );
  };
}

/** A handler that answers one message with a stream, written no faster than it is read. */
export function serverStream<Request, Response>(
  { shutdown, toStatus }: Calls,
  handle: (request: Request, context: CallContext) => Promise<ReadableStream<Response>>,
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    const signal = callSignal(call, shutdown);
    settle(async () => {
      const responses = await handle(call.request, { signal });
      await responses.pipeTo(callSink(call, signal), { signal });
    }).then(
      () => call.end(),
      (error) => call.emit("error", toStatus(error)),
    );
  };
}

// A handler that throws before its first await rejects like any other.
const settle = async <T>(run: () => Promise<T>): Promise<T> => await run();

function callSignal(call: EventEmitter, shutdown: AbortSignal): AbortSignal {
  const over = new AbortController();
  call.once("cancelled", () => over.abort(new DOMException("Call is over", "AbortError")));
  return AbortSignal.any([over.signal, shutdown]);
}

function callSource<Request>(
  call: ServerReadableStream<Request, never> | ServerReadableStream<Request, unknown>,
  signal: AbortSignal,
): ReadableStream<Request> {
  const messages = call[Symbol.asyncIterator]() as AsyncIterator<Request>;
  // a cancelled call ends without an error or an end of its own, so every wait is also on the signal
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => {});
  const abort = () => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return new ReadableStream<Request>({
    async pull(controller) {
      const { done, value } = await Promise.race([messages.next(), aborted.promise]);
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: () => void call.resume(), // what still comes is read and dropped, so that the call can end
  }, { highWaterMark: 0 });
}

function callSink<Response>(
  call: ServerWritableStream<never, Response> | ServerWritableStream<unknown, Response>,
  signal: AbortSignal,
): WritableStream<Response> {
  return new WritableStream({
    async write(message) {
      if (!call.write(message)) await once(call, "drain", { signal }); // after a cancel no "drain" comes
    },
  });
}
