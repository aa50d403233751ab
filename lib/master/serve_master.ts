/** A master's life: take up what was left, listen, and drain when asked to stop. */
import { loadSync } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { HealthImplementation, protoPath as healthProto } from "grpc-health-check";
import type { Fleet } from "../fleet/fleet.ts";
import type { WorkerFleet } from "../fleet/worker_fleet.ts";
import type { ServerTls } from "../rpc/credentials.ts";
import { limitRequestTime } from "../rpc/interceptors.ts";
import { serveMetrics } from "../rpc/metrics_server.ts";
import { masterPackage, MasterService } from "../rpc/proto.ts";
import { createReadOut } from "../rpc/read_out.ts";
import { type ConnectionLimits, createServer, listen } from "../rpc/server.ts";
import { settlesWithin, shutDown } from "../rpc/shut_down.ts";
import type { Master } from "./master.ts";
import { DrainingError } from "./master_errors.ts";
import { createMasterMetrics } from "./metrics.ts";
import { openMaster, type OpenMasterOptions } from "./open_master.ts";
import { masterService } from "./service.ts";

/** What a master asks of its workers. */
export type RegisteringFleet = Fleet & Pick<WorkerFleet, "register">;

export interface MasterServerOptions extends Omit<OpenMasterOptions, "onJobEvent" | "stallMs"> {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  /** The caller's, who ends it after the master. */
  readonly fleet: RegisteringFleet;
  /** How long nothing may come of a request. Default one minute. */
  readonly stallMs?: number | undefined;
  readonly connections?: Partial<ConnectionLimits> | undefined;
  readonly tls?: ServerTls | undefined;
  readonly token?: string | undefined;
  /** Where to serve /metrics; undefined: nowhere. */
  readonly metricsPort?: number | undefined;
}

export interface RunningMaster {
  /** `host:port`. */
  readonly address: string;
  /** Where /metrics is, as `host:port`; undefined: nowhere. */
  readonly metricsAddress: string | undefined;
  readonly master: Master;
  /**
   * Takes no new uploads, lets those under way and the downloads finish, and stops. Jobs are put down where they
   * are: the next master on the folder goes on with them.
   *
   * @param drainMs What has not finished by then is aborted.
   * @returns Whether every upload and download was finished.
   */
  drain(drainMs: number, options?: DrainOptions): Promise<boolean>;
}

export interface DrainOptions {
  /** Ends what else serves the master, such as a dashboard. Called when that time is over; nothing asks it after. */
  readonly endOthers?: ((reason: DrainingError) => Promise<void>) | undefined;
}

const SERVICE = "replication.MasterService";
const STALL_MS = 60_000;
/** Of one message of an upload, whose size is the uploader's choice. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/**
 * @throws {CatalogError} @throws {StoreUnwritableError} @throws {StoreFullError} @throws {TlsError}
 * @throws {BindError}
 */
export async function startMaster(options: MasterServerOptions): Promise<RunningMaster> {
  const { host, fleet, logger, metricsPort, stallMs = STALL_MS } = options;
  await using starting = new AsyncDisposableStack();
  const metrics = createMasterMetrics({ jobs: () => master.jobs(), workers: () => fleet.workers() });
  const master = starting.use(await openMaster({ ...options, stallMs, onJobEvent: metrics.jobEvent }));
  const metricsServer = metricsPort === undefined
    ? undefined
    : starting.use(serveMetrics(metrics, { host, port: metricsPort, logger }));

  const stop = new AbortController();
  const downloads = starting.use(createReadOut());
  const server = createServer({
    ...options,
    maxChunkBytes: MAX_MESSAGE_BYTES,
    overLimit: "send the video in smaller parts",
    carriesChunk: (path) => path === MasterService.service.UploadVideo.path,
    interceptors: [limitRequestTime(() => stallMs)],
  });
  starting.defer(() => server.forceShutdown());
  const register = (address: string) => registerAt(fleet, address);
  server.addService(
    MasterService.service,
    masterService({ master, register, logger, downloads, shutdown: stop.signal }),
  );
  const health = new HealthImplementation({ "": "SERVING", [SERVICE]: "SERVING" });
  health.addToServer(server);
  new ReflectionService({ ...masterPackage, ...loadSync(healthProto) }).addToServer(server);
  const address = await listen(server, options);

  const running = starting.move();
  return {
    address,
    metricsAddress: metricsServer?.address,
    master,
    async drain(drainMs, { endOthers } = {}) {
      for (const name of ["", SERVICE]) health.setStatus(name, "NOT_SERVING");
      // a download may begin while an upload is waited for
      const transfers = master.finishTransfers().then(() => downloads.idle());
      const isDrained = await settlesWithin(drainMs, transfers);
      const reason = new DrainingError();
      stop.abort(reason);
      // what was aborted ends by itself; what was answered has its last bytes to send
      await Promise.all([shutDown(server), endOthers?.(reason)]);
      await running.disposeAsync();
      return isDrained;
    },
  };
}

/** @returns Why it is not taken; undefined: it is. */
function registerAt(fleet: RegisteringFleet, address: string): string | undefined {
  try {
    fleet.register(address);
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}
