/** A worker's life: open the store, find an encoder, listen, and drain when asked to stop. */
import { status } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { loadSync } from "@grpc/proto-loader";
import { HealthImplementation, protoPath as healthProto } from "grpc-health-check";
import { hostname } from "node:os";
import { chooseEncoders, type EncoderChoice } from "../encode/choose_encoder.ts";
import type { Logger } from "../log.ts";
import type { ServerTls } from "../rpc/credentials.ts";
import { logged } from "../rpc/error_status.ts";
import { limitRequestTime } from "../rpc/interceptors.ts";
import { serveMetrics } from "../rpc/metrics_server.ts";
import { workerPackage, WorkerService } from "../rpc/proto.ts";
import { type ConnectionLimits, createServer, listen } from "../rpc/server.ts";
import { settlesWithin, shutDown } from "../rpc/shut_down.ts";
import { openShardStore } from "../store/shard_store.ts";
import { createAdmission, DrainingError } from "./admission.ts";
import { createCapabilities } from "./capabilities.ts";
import { watchCondition } from "./condition.ts";
import { createCpuMeter } from "./machine_load.ts";
import { toStatus } from "./error_status.ts";
import { createHandover, type HandoverLimits } from "./handover.ts";
import { createMemoryMeter } from "./memory_meter.ts";
import { createMetrics } from "./metrics.ts";
import type { ProcessLimits } from "./process_chunk.ts";
import { refuseEarly } from "./refuse_early.ts";
import { workerService } from "./service.ts";

export interface WorkerOptions {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  readonly shardsDir: string;
  readonly encoder: EncoderChoice;
  /** Chunks encoded at once. */
  readonly maxTasks: number;
  /** Encoder threads of a chunk whose settings name no number. */
  readonly threads: number;
  /** Largest chunk in one message. */
  readonly maxChunkBytes: number;
  readonly limits?: Partial<ProcessLimits> | undefined;
  readonly connections?: Partial<ConnectionLimits> | undefined;
  readonly handover?: Partial<HandoverLimits> | undefined;
  readonly tls?: ServerTls | undefined;
  readonly token?: string | undefined;
  /** Where to serve /metrics; undefined: nowhere. */
  readonly metricsPort?: number | undefined;
  readonly logger: Logger;
  /** Ends the start; of a worker that listens, see `drain()`. */
  readonly signal?: AbortSignal | undefined;
}

export interface RunningWorker {
  readonly workerId: string;
  /** `host:port`. */
  readonly address: string;
  /** Where /metrics is, as `host:port`; undefined: nowhere. */
  readonly metricsAddress: string | undefined;
  /** Such as `libav 8.0`. */
  readonly encoder: string;
  /** The store's folder, absolute. */
  readonly storeRoot: string;
  /**
   * Takes no new work, finishes what runs, lets those who had shards made fetch them, and stops.
   *
   * @param drainMs What has not finished by then is aborted.
   * @returns Whether everything that ran was finished.
   */
  drain(drainMs: number): Promise<boolean>;
}

/** A queue this long keeps the encoders busy while an answer and the next chunk are under way. */
const QUEUED_PER_TASK = 1;

const DEFAULT_LIMITS: ProcessLimits = { stallMs: 60_000, messageMs: 600_000, encodeMs: 3_600_000 };

/**
 * @throws {EncoderUnavailableError} @throws {StoreUnwritableError} @throws {TlsError} @throws {BindError}
 * @throws `options.signal.reason` once aborted.
 */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { host, maxTasks, logger } = options;
  const untilAborted = options.signal ? { signal: options.signal } : {};
  const workerId = `${hostname()}-${crypto.randomUUID().slice(0, 8)}`;
  await using starting = new AsyncDisposableStack();

  const encoders = await chooseEncoders(options.encoder, untilAborted);
  const store = starting.use(await openShardStore(options.shardsDir, { workerId, ...untilAborted }));
  const health = new HealthImplementation({ "": "SERVING", [SERVICE]: "SERVING" });
  const condition = starting.use(watchCondition(store, {
    onChange({ isHealthy, message }) {
      for (const name of ["", SERVICE]) health.setStatus(name, isHealthy ? "SERVING" : "NOT_SERVING");
      if (isHealthy) logger.info("Worker is healthy again");
      else logger.warn("Worker is unhealthy", { reason: message });
    },
  }));
  await condition.refresh();

  const pids = () => encoders.media?.pids ?? new Set<number>();
  const memory = starting.use(createMemoryMeter(pids));
  const load = { cpuPercent: createCpuMeter(), memoryBytes: memory.bytes };
  const admission = createAdmission({ maxTasks, maxQueued: maxTasks * QUEUED_PER_TASK });
  const metrics = createMetrics({
    ...load,
    activeTasks: () => admission.running,
    queuedTasks: () => admission.queued,
    isHealthy: () => condition.verdict().isHealthy,
  });
  const { metricsPort } = options;
  const metricsServer = metricsPort === undefined
    ? undefined
    : starting.use(serveMetrics(metrics, { host, port: metricsPort, logger }));

  const stop = new AbortController();
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const handover = starting.use(createHandover(options.handover));
  const { ProcessChunk: { path: processChunk }, ProcessChunkStream } = WorkerService.service;
  const server = createServer({
    ...options,
    // the first of a stream is its header
    carriesChunk: (path, message) => path === processChunk || path === ProcessChunkStream.path && message > 0,
    interceptors: [
      refuseEarly({
        path: processChunk,
        admission,
        toStatus(error) {
          const answer = logged(toStatus(error), error, logger);
          metrics.chunkFailed(status[answer.code]);
          return answer;
        },
      }),
      limitRequestTime((path) => path === processChunk ? limits.messageMs : limits.stallMs),
    ],
  });
  starting.defer(() => server.forceShutdown());
  const processor = { store, admission, encoders, limits };
  const capabilities = starting.use(createCapabilities(encoders.media, { logger }));
  server.addService(
    WorkerService.service,
    workerService({
      ...options,
      workerId,
      processor,
      capabilities,
      condition,
      load,
      metrics,
      handover,
      shutdown: stop.signal,
    }),
  );
  health.addToServer(server);
  new ReflectionService({ ...workerPackage, ...loadSync(healthProto) }).addToServer(server);
  const address = await listen(server, options);

  const running = starting.move();
  return {
    workerId,
    address,
    metricsAddress: metricsServer?.address,
    encoder: encoders.media ? `${encoders.media.name} ${encoders.media.version}` : encoders.opaque.name,
    storeRoot: store.root,
    async drain(drainMs) {
      condition.startDraining();
      handover.startDraining();
      const isHandedOver = await settlesWithin(drainMs, admission.close().then(() => handover.idle()));
      // a shard that nobody fetches is stored all the same
      const isDrained = isHandedOver || admission.running + handover.fetches === 0;
      stop.abort(new DrainingError());
      // what was aborted ends by itself; what was answered has its last bytes to send
      await shutDown(server);
      await running.disposeAsync();
      return isDrained;
    },
  };
}

const SERVICE = "replication.VideoProcessingService";
