/** What every call to a server of ours goes through before its handler. */
import { ServerInterceptingCall, type ServerInterceptor, ServerListenerBuilder, status } from "@grpc/grpc-js";
import { createHash, timingSafeEqual } from "node:crypto";

/** Refuses every call without `authorization: Bearer <token>`. */
export function requireToken(token: string): ServerInterceptor {
  const expected = digest(`Bearer ${token}`);
  return (_method, call) =>
    new ServerInterceptingCall(call, {
      start(next) {
        const listener = new ServerListenerBuilder().withOnReceiveMetadata((metadata, pass) => {
          // digests have one length, which the comparison needs and which tells nothing of the token's own
          const given = digest(String(metadata.get("authorization")[0] ?? ""));
          if (timingSafeEqual(given, expected)) return pass(metadata);
          call.sendStatus({
            code: status.UNAUTHENTICATED,
            details: "a valid token is needed: see --token_file",
          });
        }).build();
        next(listener);
      },
    });
}

const digest = (text: string) => createHash("sha256").update(text).digest();

export interface RequestListeners {
  /** Of a request that is one message it is not whole yet. */
  readonly onMessage?: (() => void) | undefined;
  /** It is whole, or its call is over. */
  readonly onOver: () => void;
}

/** Told how far the request of a call has come, on its way to the handler. */
export function requestListener({ onMessage, onOver }: RequestListeners): ServerListenerBuilder {
  return new ServerListenerBuilder()
    .withOnReceiveMessage((message, pass) => {
      onMessage?.();
      pass(message);
    })
    .withOnReceiveHalfClose((pass) => {
      onOver();
      pass();
    })
    .withOnCancel(onOver); // as every call ends
}

/**
 * Ends calls whose request takes too long to come: until it is there no handler knows of them. Of a streamed
 * request this is the first message; the handler sees to the others.
 *
 * @param limitMs For a method, such as `/package.Service/Method`.
 */
export function limitRequestTime(limitMs: (path: string) => number): ServerInterceptor {
  return ({ path, requestStream }, call) => {
    const details = `no whole request came within ${limitMs(path) / 1000} s`;
    const giveUp = () => call.sendStatus({ code: status.DEADLINE_EXCEEDED, details });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = () => clearTimeout(timer);
    return new ServerInterceptingCall(call, {
      start(next) {
        timer = setTimeout(giveUp, limitMs(path));
        const onMessage = () => requestStream && stop();
        next(requestListener({ onMessage, onOver: stop }).build());
      },
    });
  };
}

/**
 * Says what to do about a message over the limit.
 *
 * grpc-js refuses one before any handler or responder sees it, so the text is changed where it is sent.
 */
export function explainMessageLimit(explanation: string): ServerInterceptor {
  return (_method, call) => {
    const send = call.sendStatus.bind(call);
    call.sendStatus = (partial) => send({ ...partial, ...explained(partial, explanation) });
    return new ServerInterceptingCall(call);
  };
}

function explained({ code, details }: { code?: status; details?: string }, explanation: string) {
  const isOverLimit = code === status.RESOURCE_EXHAUSTED && details !== undefined &&
    /^Received message .*larger than/.test(details);
  if (!isOverLimit) return {};
  return { details: explanation };
}
