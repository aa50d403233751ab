/** A worker that does what a test says, at a time that the test says, in the test's own process. */
import type { ChunkTask, ShardRef } from "../../lib/fleet/fleet.ts";
import type { HealthReport } from "../../lib/fleet/health_state.ts";
import {
  type Diagnosis,
  type EncodedShard,
  RefusedError,
  type WorkerPort,
} from "../../lib/fleet/worker_port.ts";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import type { FakeClock } from "./fake_clock.ts";

export const BUILD = "libav/libx264 8.1";

/** What a call to it ends with. */
export class PortError extends Error {
  readonly diagnosis: Diagnosis;

  constructor(diagnosis: Diagnosis) {
    super(diagnosis.reason);
    this.diagnosis = diagnosis;
  }
}

export interface FakePortOptions {
  readonly clock: FakeClock;
  /** Frames a second of one place. Default 10. */
  readonly speed?: number;
  /** Places. Default 1. */
  readonly maxTasks?: number;
  /** Frames a second that it claims after trying a codec. Default: `speed`. */
  readonly triedSpeed?: number;
}

export class FakeWorker {
  readonly address: string;
  readonly #options: FakePortOptions;
  workerId = "first life";
  /** It cannot be reached: calls are refused, and those under way break off. */
  isDown = false;
  /** It answers nothing, and does not hear that a call is ended. */
  isFrozen = false;
  build = BUILD;
  /** That it has for HEVC; empty: none. */
  hevcBuild = "";
  isHealthy = true;
  /** Why it answers no question for its health; empty: it does. */
  refusal = "";
  /** Whether it still tries its codecs. */
  isTrying = false;
  /** What it says of H.264 in place of a build, to be asked again; empty: nothing. */
  passingProblem = "";
  /** What comes of asking it what it can. */
  capabilityFault: Diagnosis | undefined;
  /** What it answers to a chunk in place of a shard. */
  refuse: ((task: ChunkTask) => Diagnosis | undefined) | undefined;
  /** Chunk indices, as they came. */
  readonly received: number[] = [];
  /** Those whose calls were ended before it was done. */
  readonly cancelled: number[] = [];
  readonly deleted: string[] = [];
  isClosed = false;
  #running = 0;
  /** As many at once as there ever were. */
  mostRunning = 0;
  #broken = new AbortController();
  #thawed = Promise.withResolvers<void>();

  constructor(address: string, options: FakePortOptions) {
    this.address = address;
    this.#options = options;
  }

  /** As `kill -9` does. */
  kill(): void {
    this.isDown = true;
    this.#broken.abort(new PortError({ kind: "lost", reason: "connection reset" }));
    this.#broken = new AbortController();
  }

  /** It is there again, as another process. */
  restart(): void {
    this.workerId = `${this.workerId}, then another`;
    this.isDown = false;
  }

  thaw(): void {
    this.isFrozen = false;
    this.#thawed.resolve();
    this.#thawed = Promise.withResolvers();
  }

  port(): WorkerPort {
    return {
      checkHealth: async ({ signal }) => {
        await this.#reach(signal);
        if (this.refusal !== "") throw new RefusedError(this.refusal);
        const { workerId, isHealthy } = this;
        return { ...REPORT, workerId, isHealthy, message: isHealthy ? "healthy" : "draining" };
      },
      capabilities: async (_codecs, { signal }) => {
        await this.#reach(signal);
        if (this.capabilityFault) throw new PortError(this.capabilityFault);
        const { speed = 10, maxTasks = 1, triedSpeed = speed } = this.#options;
        const { passingProblem: problem } = this;
        if (problem !== "") {
          const failed = {
            codec: "h264",
            encoder: "",
            framesPerSecond: 0,
            pixelFormats: [],
            problem,
          } as const;
          return { workerId: this.workerId, maxTasks, threads: 1, isComplete: false, codecs: [failed] };
        }
        return {
          workerId: this.workerId,
          maxTasks,
          threads: 1,
          isComplete: !this.isTrying,
          codecs: this.isTrying ? [] : [["h264", this.build] as const, ["hevc", this.hevcBuild] as const]
            .filter(([, encoder]) => encoder !== "")
            .map(([codec, encoder]) => ({
              codec,
              encoder,
              framesPerSecond: triedSpeed,
              pixelFormats: ["source", "yuv420p"],
              problem: "",
            })),
        };
      },
      encode: (task, _chunk, { signal }) => this.#encode(task, signal),
      open: (shard) => Promise.resolve(ReadableStream.from([new TextEncoder().encode(shard.location)])),
      deleteVideo: async (videoId, { signal }) => {
        await this.#reach(signal);
        this.deleted.push(videoId);
      },
      diagnose: (error) =>
        error instanceof PortError ? error.diagnosis : { kind: "failed", reason: String(error) },
      [Symbol.dispose]: () => void (this.isClosed = true),
    };
  }

  async #encode(task: ChunkTask, signal: AbortSignal): Promise<EncodedShard> {
    await this.#reach(signal);
    const { clock, speed = 10 } = this.#options;
    this.received.push(task.chunkIndex);
    this.mostRunning = Math.max(this.mostRunning, ++this.#running);
    const broken = this.#broken.signal;
    const over = new AbortController();
    const end = (event: Event) => over.abort((event.target as AbortSignal).reason);
    signal.addEventListener("abort", end);
    broken.addEventListener("abort", end);
    try {
      const refusal = this.refuse?.(task);
      if (refusal) throw new PortError(refusal);
      await clock.sleep(1000 * task.segment.frameCount / speed, over.signal);
      await this.#reach(signal);
      return {
        workerId: this.workerId,
        location: `${this.address}/${task.chunkIndex}`,
        sha256: "",
        sizeBytes: 0,
        frameCount: task.segment.frameCount,
        build: this.build,
        encodeSeconds: task.segment.frameCount / speed,
        notes: [],
      };
    } catch (error) {
      if (signal.aborted) this.cancelled.push(task.chunkIndex);
      throw error;
    } finally {
      this.#running--;
      signal.removeEventListener("abort", end);
      broken.removeEventListener("abort", end);
    }
  }

  async #reach(_signal: AbortSignal): Promise<void> {
    while (this.isFrozen) await this.#thawed.promise;
    if (this.isDown) throw new PortError({ kind: "unreached", reason: "no connection" });
  }
}

const REPORT: Omit<HealthReport, "workerId" | "isHealthy" | "message"> = {
  cpuPercent: 0,
  memoryBytes: 0,
  activeTasks: 0,
};

export function chunkTask(chunkIndex: number, { jobId = "job", frames = 10 } = {}): ChunkTask {
  return {
    jobId,
    chunkIndex,
    sha256: "",
    settings: DEFAULT_SETTINGS,
    segment: { timescale: 25, startTicks: 0, frameCount: frames },
    build: BUILD,
  };
}

/** Accepts whatever comes. */
export const acceptAll = (shard: ShardRef): Promise<ShardRef> => Promise.resolve(shard);
