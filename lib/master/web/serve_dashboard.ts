/** The dashboard on a port. */
import { formatAddress } from "../../rpc/address.ts";
import type { ServerTls } from "../../rpc/credentials.ts";
import { serveHttp } from "../../rpc/serve_http.ts";
import { shutDownHttp } from "../../rpc/shut_down.ts";
import type { Master } from "../master.ts";
import { dashboardRoutes, type DashboardRoutesOptions } from "./routes.ts";

export interface DashboardOptions
  extends Partial<Omit<DashboardRoutesOptions, "signal" | "isSecure" | "hosts">> {
  /** Names beside `host`, `localhost` and addresses under which this machine is reached. */
  readonly hosts?: readonly string[] | undefined;
  /** Default `localhost`: nobody else can reach it. */
  readonly host?: string | undefined;
  /** 0 for a free one. */
  readonly port: number;
  /** Given: the page comes over TLS. Browsers are asked for no certificate. */
  readonly tls?: Pick<ServerTls, "cert" | "key"> | undefined;
  /** Ends what is under way, and then the server. */
  readonly signal: AbortSignal;
}

export interface RunningDashboard {
  /** `host:port`. */
  readonly address: string;
  /** Once the signal is aborted and the port is free again; see {@link shutDownHttp}. */
  readonly finished: Promise<void>;
}

/** @throws {BindError} */
export function serveDashboard(master: Master, options: DashboardOptions): RunningDashboard {
  const { host = "localhost", port, tls, logger, signal } = options;
  const hosts = [host, ...options.hosts ?? []];
  const server = serveHttp(
    { what: "the dashboard", host, port, tls, logger },
    dashboardRoutes(master, { ...options, hosts, isSecure: !!tls }),
  );
  const stopped = Promise.withResolvers<void>();
  const stop = () => shutDownHttp(server).then(stopped.resolve, stopped.reject);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  return { address: formatAddress(host, server.port), finished: stopped.promise };
}
