/**
 * Keeps the process alive when a peer says goodbye.
 *
 * Deno 2.9 lets a GOAWAY frame end its HTTP/2 session, and free what nghttp2 keeps of it, while nghttp2 is still
 * at work on that very frame. What follows reads freed memory: a worker dies of a client that hangs up, a client
 * of a worker that drains. So whatever ends a session during that frame waits until the frame is done with.
 *
 * @see https://github.com/denoland/deno/issues/36788
 */
import http2, { type Http2Session } from "node:http2";

/** The way that grpc-js gets its sessions: it looks these up in the module each time. */
const module: Pick<typeof http2, "connect" | "createServer" | "createSecureServer"> = http2;
const { connect, createServer, createSecureServer } = module;

module.connect = (...args: unknown[]) => guarded(Reflect.apply(connect, http2, args));
module.createServer = (...args: unknown[]) => {
  const server: ReturnType<typeof createServer> = Reflect.apply(createServer, http2, args);
  return server.on("session", guarded);
};
module.createSecureServer = (...args: unknown[]) => {
  const server: ReturnType<typeof createSecureServer> = Reflect.apply(createSecureServer, http2, args);
  return server.on("session", guarded);
};

function guarded<Session extends Http2Session>(session: Session): Session {
  const emit = session.emit;
  // not a listener: grpc-js removes all of a client's
  session.emit = (event: string | symbol, ...args: unknown[]) => {
    if (event === "goaway") putOffEnd(session);
    return Reflect.apply(emit, session, [event, ...args]);
  };
  return session;
}

/** Hides the methods that end a session until the frame that is being received is done with. */
function putOffEnd(session: Http2Session): void {
  const asked: (() => void)[] = [];
  session.close = (...args) => void asked.push(() => session.close(...args));
  session.destroy = (...args) => void asked.push(() => session.destroy(...args));
  setImmediate(() => {
    // what is left are the session's own, of its class
    Reflect.deleteProperty(session, "close");
    Reflect.deleteProperty(session, "destroy");
    for (const end of asked) end();
  });
}
