/** A server of web pages that listens again after it could take no connection. */
import type { Logger } from "../log.ts";
import { createUnderWay, type UnderWay } from "../under_way.ts";

export type HttpListener = Pick<Deno.HttpServer<Deno.NetAddr>, "addr" | "finished" | "shutdown">;

/** @throws Where the port cannot be had. */
export type Listen = (port: number, handle: Deno.ServeHandler) => HttpListener;

export interface KeepListeningOptions {
  /** 0 for a free one. */
  readonly port: number;
  /** What is served, for the log: `the dashboard`. */
  readonly what: string;
  readonly logger?: Logger | undefined;
  /** How soon it listens again. Default 1 s. */
  readonly waitMs?: number | undefined;
}

export interface KeptServer {
  readonly port: number;
  /** Listens no more. Resolves once the requests that are under way have been answered. */
  shutdown(): Promise<void>;
}

const WAIT_MS = 1_000;

/**
 * Serves until it is shut down. Deno's server gives up at the first connection that it cannot take, as when the
 * process has as many files open as it may, and leaves the connections that it has as they are. Another then takes
 * its place on the same port. What the first one is asked it still answers; then it closes its connections, idle
 * ones too, so that there is room again.
 *
 * @throws What `listen` does at first; later that is logged, and tried again.
 */
export function keepListening(
  listen: Listen,
  handle: Deno.ServeHandler,
  { port, what, logger, waitMs = WAIT_MS }: KeepListeningOptions,
): KeptServer {
  const servers = new Set<HttpListener>();
  let isStopping = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function open(atPort: number): HttpListener {
    const requests = createUnderWay();
    const server = listen(atPort, (request, info) => {
      const { [Symbol.dispose]: end } = requests.begin();
      info.completed.then(end, end);
      return handle(request, info);
    });
    servers.add(server);
    server.finished.then(() => servers.delete(server), (error) => giveUp(server, requests, error));
    return server;
  }

  function giveUp(server: HttpListener, requests: UnderWay, error: unknown): void {
    retire(server, requests).catch((error) =>
      logger?.warn(`Cannot close connections of ${what}`, reason(error))
    );
    openSoon(error);
  }

  async function retire(server: HttpListener, requests: UnderWay): Promise<void> {
    await requests.idle();
    await server.shutdown();
    servers.delete(server);
  }

  function openSoon(error: unknown): void {
    if (isStopping) return;
    logger?.warn(`Cannot take connections for ${what}, trying again`, reason(error));
    timer = setTimeout(openAgain, waitMs);
  }

  function openAgain(): void {
    try {
      open(first.addr.port);
      logger?.info(`Taking connections for ${what} again`);
    } catch (error) {
      openSoon(error);
    }
  }

  const first = open(port);
  return {
    port: first.addr.port,
    async shutdown() {
      isStopping = true;
      clearTimeout(timer);
      await Promise.all([...servers].map((server) => server.shutdown()));
    },
  };
}

const reason = (error: unknown) => ({ reason: error instanceof Error ? error.message : String(error) });
