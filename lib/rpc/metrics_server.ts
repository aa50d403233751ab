/** Where Prometheus finds the figures of a server. */
import type { Logger } from "../log.ts";
import { formatAddress } from "./address.ts";
import { serveHttp } from "./serve_http.ts";
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
  { host, port, logger }: { host: string; port: number; logger?: Logger | undefined },
): MetricsServer {
  const server = serveHttp({ what: "metrics", host, port, logger }, async (request) => {
    if (new URL(request.url).pathname !== "/metrics") return new Response("Not found", { status: 404 });
    const { contentType, text } = await metrics.page();
    return new Response(text, { headers: { "content-type": contentType } });
  });
  return {
    address: formatAddress(host, server.port),
    [Symbol.asyncDispose]: () => shutDownHttp(server),
  };
}
