/** Client calls as promises and Web Streams. Each has a deadline, ends on its signal, and fails with an RpcError. */
import type {
  CallOptions,
  ClientReadableStream,
  ClientUnaryCall,
  ClientWritableStream,
  Metadata,
  requestCallback,
  ServiceError,
} from "@grpc/grpc-js";
import { once } from "node:events";
import { RpcError } from "./rpc_error.ts";
import { tracedMetadata } from "./trace_context.ts";

/** Who is called, and what goes with every call. */
export interface Peer {
  readonly address: string;
  readonly metadata: Metadata;
}

export interface RpcOptions {
  /** From the start of the call to its last message. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One message for one.
 *
 * @throws {RpcError} If the answer is not OK.
 * @throws `options.signal.reason` once aborted.
 */
export async function callUnary<Response>(
  peer: Peer,
  start: (metadata: Metadata, options: CallOptions, callback: requestCallback<Response>) => ClientUnaryCall,
  options: RpcOptions,
): Promise<Response> {
  const answer = Promise.withResolvers<Response>();
  options.signal?.throwIfAborted();
  const call = start(tracedMetadata(peer.metadata), callOptions(options), settle(answer));
  return await cancelledOnAbort(peer, call, answer.promise, options.signal);
}

/**
 * A stream of messages, pulled no faster than the peer takes them, for one.
 *
 * @throws As {@link callUnary}; what `messages` throws passes through and cancels the call.
 */
export async function callClientStream<Request, Response>(
  peer: Peer,
  start: (
    metadata: Metadata,
    options: CallOptions,
    callback: requestCallback<Response>,
  ) => ClientWritableStream<Request>,
  messages: Iterable<Request> | AsyncIterable<Request>,
  options: RpcOptions,
): Promise<Response> {
  const answer = Promise.withResolvers<Response>();
  options.signal?.throwIfAborted();
  const call = start(tracedMetadata(peer.metadata), callOptions(options), settle(answer));
  // an answer that comes early (refused, say) ends the writing, which would wait for a drain that never comes
  const answered = new AbortController();
  const response = cancelledOnAbort(peer, call, answer.promise, options.signal).finally(() =>
    answered.abort()
  );
  const writing = writeAll(call, messages, answered.signal);
  writing.catch((error) => {
    if (!answered.signal.aborted) answer.reject(error);
    call.cancel();
  });
  return await response;
}

async function writeAll<Request>(
  call: ClientWritableStream<Request>,
  messages: Iterable<Request> | AsyncIterable<Request>,
  signal: AbortSignal,
): Promise<void> {
  for await (const message of messages) {
    if (signal.aborted) return;
    if (!call.write(message)) await once(call, "drain", { signal });
  }
  call.end();
}

/**
 * One message for a stream, which errors with an {@link RpcError} or the signal's reason. Cancelling it ends
 * the call.
 */
export function callServerStream<Response>(
  peer: Peer,
  start: (metadata: Metadata, options: CallOptions) => ClientReadableStream<Response>,
  { signal, ...options }: RpcOptions,
): ReadableStream<Response> {
  signal?.throwIfAborted();
  const call = start(tracedMetadata(peer.metadata), callOptions(options));
  const cancel = () => call.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  const messages = call[Symbol.asyncIterator]() as AsyncIterator<Response>;
  return new ReadableStream<Response>({
    async pull(controller) {
      try {
        const { done, value } = await messages.next();
        if (!done) return controller.enqueue(value);
        controller.close();
      } catch (error) {
        controller.error(asRpcError(peer, error, signal));
      }
      signal?.removeEventListener("abort", cancel);
    },
    async cancel() {
      signal?.removeEventListener("abort", cancel);
      call.cancel();
      await messages.return?.().catch(() => {}); // the cancellation that we asked for
    },
  }, { highWaterMark: 0 });
}

const callOptions = ({ timeoutMs }: RpcOptions): CallOptions => ({ deadline: Date.now() + timeoutMs });

function settle<Response>(answer: PromiseWithResolvers<Response>): requestCallback<Response> {
  return (error, response) => error ? answer.reject(error) : answer.resolve(response!);
}

async function cancelledOnAbort<Response>(
  peer: Peer,
  call: { cancel(): void },
  answer: Promise<Response>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const cancel = () => call.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    return await answer;
  } catch (error) {
    throw asRpcError(peer, error, signal);
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}

function asRpcError(peer: Peer, error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  const isStatus = error instanceof Error && typeof (error as Partial<ServiceError>).code === "number";
  return isStatus ? new RpcError(peer.address, error as ServiceError) : error;
}
