/** A fleet of workers that are called over gRPC. */
import { RpcError } from "../rpc/rpc_error.ts";
import { type ConnectOptions, connectWorker, type WorkerCapabilities } from "../rpc/worker_client.ts";
import { sameShard } from "./same_shard.ts";
import { taskHeader } from "./task_header.ts";
import { createWorkerFleet, type WorkerFleet, type WorkerFleetOptions } from "./worker_fleet.ts";
import { type Diagnosis, RefusedError, type WorkerPort } from "./worker_port.ts";

export interface ConnectFleetOptions extends ConnectOptions, Omit<WorkerFleetOptions, "connect"> {
  /** Who asks the workers how they are. Default "master-1". */
  readonly masterId?: string | undefined;
}

/** For calls that ask little of a worker. */
const SHORT_CALL_MS = 10_000;
/** A worker ends an encode after an hour, and one may wait for another's end. */
const ENCODE_MS = 7_200_000;
const FETCH_MS = 3_600_000;

/** What a worker may ask for: it neither stops us for ever nor has us ask without a pause. */
const PUSHBACK_MS = { min: 20, max: 60_000 };

/** @throws {RangeError} If one of the workers is not `host:port`. @throws {TlsError} */
export function connectFleet(
  { tls, token, masterId = "master-1", ...options }: ConnectFleetOptions,
): WorkerFleet {
  return createWorkerFleet({
    ...options,
    connect: (address) => connectPort(address, { tls, token }, masterId),
  });
}

function connectPort(address: string, options: ConnectOptions, masterId: string): WorkerPort {
  const client = connectWorker(address, options);
  return {
    async checkHealth({ signal }) {
      try {
        return await client.checkHealth(masterId, { timeoutMs: SHORT_CALL_MS, signal });
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        const Failure = REFUSALS.has(error.code) ? RefusedError : Error;
        throw new Failure(error.reason, { cause: error }); // whoever shows it names the worker
      }
    },
    async capabilities(codecs, { signal }) {
      try {
        return await client.getCapabilities(codecs, { timeoutMs: SHORT_CALL_MS, signal });
      } catch (error) {
        if (error instanceof RpcError && error.code === "UNIMPLEMENTED") return NO_MEDIA;
        throw error;
      }
    },
    async encode(task, chunk, { signal }) {
      const stored = await client.processChunk(taskHeader(task), chunk, { timeoutMs: ENCODE_MS, signal });
      return {
        workerId: stored.workerId,
        location: stored.shardLocation,
        sha256: stored.sha256,
        sizeBytes: stored.encodedBytes,
        frameCount: stored.frameCount,
        build: stored.encoder,
        encodeSeconds: stored.encodeSeconds,
        notes: stored.notes,
      };
    },
    async open(shard, { signal }) {
      const bytes = await client.getShard(shard.location, { timeoutMs: FETCH_MS, signal });
      return bytes.pipeThrough(sameShard(shard));
    },
    async deleteVideo(videoId, { signal }) {
      await client.deleteVideo(videoId, { timeoutMs: SHORT_CALL_MS, signal });
    },
    diagnose: diagnoseCall,
    [Symbol.dispose]: () => client[Symbol.dispose](),
  };
}

/** Of one that takes another token, and of one that is no worker. */
const REFUSALS: ReadonlySet<RpcError["code"]> = new Set(["UNAUTHENTICATED", "UNIMPLEMENTED"]);

/** Of a worker that has not the call, such as the Python one: it only simulates. */
const NO_MEDIA: WorkerCapabilities = { workerId: "", maxTasks: 0, threads: 0, isComplete: true, codecs: [] };

/** What the end of a call says of worker and chunk: see healthCheck.md, "Fault tolerance". */
export function diagnoseCall(error: unknown): Diagnosis {
  if (!(error instanceof RpcError)) {
    return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
  const { code, reason, pushbackMs, neverConnected, isDraining } = error;
  if (code === "RESOURCE_EXHAUSTED" && pushbackMs !== undefined) {
    return { kind: "busy", waitMs: Math.min(Math.max(pushbackMs, PUSHBACK_MS.min), PUSHBACK_MS.max), reason };
  }
  if (neverConnected) return { kind: "unreached", reason };
  if (isDraining) return { kind: "draining", reason };
  if (code === "UNAVAILABLE" || code === "DEADLINE_EXCEEDED") return { kind: "lost", reason };
  return { kind: "failed", reason };
}
