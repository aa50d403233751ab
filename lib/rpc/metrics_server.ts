/** Where Prometheus finds the figures of a server. */
import { formatAddress } from "./address.ts";
import { BindError } from "./server.ts";
import { shutDownHttp } from "./shut_down.ts";

export interface MetricsPage {
  /** The page, in the text format. */
  page(): Promise<{ contentType: string; text: string }>;
}

export interface MetricsServer extends AsyncDisposable {
  /** `host:port`. */
  readonly address: string;
}

/**
 * Serves `/metrics` until disposed of.
 *
 * @param port 0 for a free one.
 * @throws {BindError}
 */
export function serveMetrics(
  metrics: MetricsPage,
  { host, port }: { host: string; port: number },
): MetricsServer {
  const server = listen(host, port, async (request) => {
    if (new URL(request.url).pathname !== "/metrics") return new Response("Not found", { status: 404 });
    const { contentType, text } = await metrics.page();
    return new Response(text, { headers: { "content-type": contentType } });
  });
  return {
    address: formatAddress(host, server.addr.port),
    [Symbol.asyncDispose]: () => shutDownHttp(server),
  };
}

function listen(hostname: string, port: number, handle: Deno.ServeHandler): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ hostname, port, onListen: () => {} }, handle);
  } catch (cause) {
    const why = cause instanceof Deno.errors.AddrInUse ? "the port is in use" : (cause as Error).message;
    throw new BindError(`Cannot serve metrics on ${formatAddress(hostname, port)}: ${why}`, { cause });
  }
}
