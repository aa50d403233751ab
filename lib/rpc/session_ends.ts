/**
 * Has HTTP/2 sessions end as grpc-js takes them to: neither the process dies of it, nor does anybody wait in vain.
 *
 * Deno 2.9 lets a GOAWAY frame end its HTTP/2 session, and free what nghttp2 keeps of it, while nghttp2 is still
 * at work on that very frame. What follows reads freed memory: a worker dies of a client that hangs up, a client
 * of a worker that drains. So whatever ends a session during that frame waits until the frame is done with.
 *
 * And whoever closes a session that is ending already is called back, which neither Node nor Deno does: a server that
 * is to stop as its client hangs up would wait for that one for ever.
 *
 * @see https://github.com/denoland/deno/issues/36788
 */
import http2, { type Http2Session } from "node:http2";

/** The way that grpc-js gets its sessions: it looks these up in the module each time. */
const module: Pick<typeof http2, "connect" | "createServer" | "createSecureServer"> = http2;
const { connect, createServer, createSecureServer } = module;

module.connect = (...args: unknown[]) => withEnds(Reflect.apply(connect, http2, args));
module.createServer = (...args: unknown[]) => {
  const server: ReturnType<typeof createServer> = Reflect.apply(createServer, http2, args);
  return server.on("session", withEnds);
};
module.createSecureServer = (...args: unknown[]) => {
  const server: ReturnType<typeof createSecureServer> = Reflect.apply(createSecureServer, http2, args);
  return server.on("session", withEnds);
};

function withEnds<Session extends Http2Session>(session: Session): Session {
  const { emit, close, destroy } = session;
  let putOff: (() => void)[] | undefined;
  const whenDone = (end: () => void): void => void (putOff ? putOff.push(end) : end());

  // not a listener: grpc-js removes all of a client's
  session.emit = (event: string | symbol, ...args: unknown[]) => {
    if (event === "goaway" && !putOff) {
      putOff = [];
      setImmediate(endNow);
    }
    return Reflect.apply(emit, session, [event, ...args]);
  };
  session.close = (callback) =>
    whenDone(() => {
      if (!session.closed && !session.destroyed) Reflect.apply(close, session, [callback]);
      else if (callback && session.destroyed) queueMicrotask(callback);
      else if (callback) session.once("close", callback);
    });
  session.destroy = (...args) => whenDone(() => Reflect.apply(destroy, session, args));
  return session;

  function endNow(): void {
    const ends = putOff ?? [];
    putOff = undefined;
    for (const end of ends) end();
  }
}
