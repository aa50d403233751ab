/** Stands between a client and a server, and lets the one say no more than so much to the other. */
import { connect, createServer, type Server, type Socket } from "node:net";

export interface HoldingProxy extends AsyncDisposable {
  /** `127.0.0.1:<port>` */
  readonly address: string;
  /** From the next connection on it leads to another server, and holds nothing back. */
  leadTo(port: number): void;
  /** Nobody is there any more. */
  close(): Promise<void>;
}

/** @param bytes What each connection's client may say until {@link HoldingProxy.leadTo}. */
export async function startHoldingProxy(port: number, bytes: number): Promise<HoldingProxy> {
  let [to, limit] = [port, bytes];
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(to, "127.0.0.1");
    let left = limit;
    near.on("data", (part) => {
      far.write(part);
      left -= part.length;
      if (left <= 0) near.pause();
    });
    far.pipe(near);
    for (const [one, other] of [[near, far], [far, near]] as const) {
      sockets.add(one);
      one.on("error", () => {}); // its end follows
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const close = () => closed(server, sockets);
  return {
    address: `127.0.0.1:${(server.address() as { port: number }).port}`,
    leadTo: (port) => void ([to, limit] = [port, Infinity]),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function closed(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  server.close(resolve); // at once if it is closed already
  for (const socket of sockets) socket.destroy();
  await promise;
}
