/** Server calls as promises and Web Streams, under one AbortSignal each. */
import {
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type Metadata,
  type ServerReadableStream,
  type ServerWritableStream,
  status,
  type StatusObject,
} from "@grpc/grpc-js";
import type { EventEmitter } from "node:events";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { untilAborted } from "../abort_signals.ts";
import { type OpenSpan, withSpan, withTrace } from "../trace.ts";
import { traceOf } from "./trace_context.ts";
import { connectionOf } from "./underlying_call.ts";

/** How a call ends; the metadata goes as its trailer. */
export type EndStatus = Pick<StatusObject, "code" | "details"> & { readonly metadata?: Metadata };

/** Maps whatever a handler threw to what the caller may see. */
export type ToStatus = (error: unknown) => EndStatus;

export interface CallContext {
  /** Aborts when the call is over for any reason (client gone, deadline, answered) or the server stops. */
  readonly signal: AbortSignal;
  /** Aborts once the connection that the call came on is gone, which may be long after the call. */
  readonly connection: AbortSignal;
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
    const context = contextOf(call, shutdown);
    settle(call, toStatus, () => handle(call.request, context)).then((end) =>
      end.kind === "answered" ? callback(null, end.response) : callback(end.status)
    );
  };
}

/** A handler that answers a stream of messages, read as they are pulled, with one. */
export function clientStream<Request, Response>(
  { shutdown, toStatus }: Calls,
  handle: (requests: ReadableStream<Request>, context: CallContext) => Promise<Response>,
): handleClientStreamingCall<Request, Response> {
  return (call, callback) => {
    const context = contextOf(call, shutdown);
    settle(call, toStatus, () => handle(callSource(call, context.signal), context)).then((end) =>
      end.kind === "answered" ? callback(null, end.response) : callback(end.status)
    );
  };
}

/** A handler that answers one message with a stream, written no faster than it is read. */
export function serverStream<Request, Response>(
  { shutdown, toStatus }: Calls,
  handle: (request: Request, context: CallContext) => Promise<ReadableStream<Response>>,
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    const context = contextOf(call, shutdown);
    const { signal } = context;
    settle(call, toStatus, async () => {
      const responses = await handle(call.request, context);
      await responses.pipeTo(callSink(call, signal), { signal });
    }).then((end) => end.kind === "answered" ? call.end() : call.emit("error", end.status));
  };
}

type CallEnd<Response> =
  | { readonly kind: "answered"; readonly response: Response }
  | { readonly kind: "failed"; readonly status: EndStatus };

/** What a call sets off, and what is logged meanwhile, is part of its caller's trace, if there is one. */
function settle<Response>(
  call: { readonly metadata: Metadata; getPath(): string },
  toStatus: ToStatus,
  run: () => Promise<Response>,
): Promise<CallEnd<Response>> {
  const method = call.getPath().slice(1);
  const facts = { "rpc.system.name": "grpc", "rpc.method": method };
  return withTrace(
    traceOf(call.metadata),
    () =>
      withSpan({ name: method, kind: "SERVER", facts }, async (span): Promise<CallEnd<Response>> => {
        try {
          const response = await run();
          noteStatus(span, { code: status.OK, details: "" });
          return { kind: "answered", response };
        } catch (error) {
          const end = toStatus(error);
          noteStatus(span, end);
          return { kind: "failed", status: end };
        }
      }),
  );
}

/** The others are the caller's own doing. @see https://opentelemetry.io/docs/specs/semconv/rpc/grpc/ */
const SERVER_ERRORS: ReadonlySet<status> = new Set([
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.UNIMPLEMENTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

function noteStatus(span: OpenSpan, { code, details }: EndStatus): void {
  const name = status[code] ?? String(code);
  span.note({ "rpc.response.status_code": name });
  if (!SERVER_ERRORS.has(code)) return;
  span.note({ "error.type": name });
  span.fail(details);
}

function contextOf(call: EventEmitter, shutdown: AbortSignal): CallContext {
  const over = new AbortController();
  call.once("cancelled", () => over.abort(new DOMException("Call is over", "AbortError")));
  return { signal: AbortSignal.any([over.signal, shutdown]), connection: connectionOf(call) };
}

function callSource<Request>(
  call: ServerReadableStream<Request, never> | ServerReadableStream<Request, unknown>,
  signal: AbortSignal,
): ReadableStream<Request> {
  const ask = readOnDemand(call);
  const messages = call[Symbol.asyncIterator]() as AsyncIterator<Request>;
  return new ReadableStream<Request>({
    async pull(controller) {
      ask();
      // A cancelled call ends without an error or an end of its own, so every wait is also on the signal. A promise for
      // each wait: one for all would keep whatever any of them gave until the call is over.
      const { done, value } = await untilAborted(messages.next(), signal);
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: () => void call.resume(), // what still comes is read and dropped, so that the call can end
  }, { highWaterMark: 0 });
}

/**
 * Has a call read a message only when it is asked for one: by itself it would read sixteen ahead, however large.
 *
 * @returns To ask for one more.
 */
function readOnDemand(call: Readable): () => void {
  const read = call._read;
  let isAsked = false;
  let isReady = false;
  const readOne = () => {
    if (!isAsked || !isReady) return;
    isAsked = isReady = false;
    read.call(call, 0);
  };
  call._read = () => {
    isReady = true;
    readOne();
  };
  return () => {
    isAsked = true;
    readOne();
  };
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
