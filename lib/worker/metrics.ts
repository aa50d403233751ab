/** What Prometheus may ask of a worker. @see https://prometheus.io/docs/practices/naming/ */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { MetricsPage } from "../rpc/metrics_server.ts";

export interface WorkerMetrics extends MetricsPage {
  chunkDone(chunk: { originalBytes: number; encodedBytes: number; frames: number; seconds: number }): void;
  /** @param code The gRPC status that the caller saw, such as `DATA_LOSS`. */
  chunkFailed(code: string): void;
}

/** Read when the page is. */
export interface Gauges {
  readonly activeTasks: () => number;
  readonly queuedTasks: () => number;
  readonly cpuPercent: () => number;
  readonly memoryBytes: () => number;
  readonly isHealthy: () => boolean;
}

export function createMetrics(gauges: Gauges): WorkerMetrics {
  const registers = [new Registry()];
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge("worker_active_tasks", "Chunks being encoded", gauges.activeTasks);
  gauge("worker_queued_tasks", "Chunks waiting for a place", gauges.queuedTasks);
  gauge("worker_cpu_utilization_percent", "Of the whole machine, 0 to 100", gauges.cpuPercent);
  gauge("worker_memory_bytes", "Resident size of the worker and its encoders", gauges.memoryBytes);
  gauge("worker_healthy", "1 if the worker calls itself healthy", () => Number(gauges.isHealthy()));
  const done = new Counter({ name: "worker_chunks_total", help: "Chunks stored", registers });
  const failed = new Counter({
    name: "worker_chunks_failed_total",
    help: "Chunks not stored, by gRPC status",
    labelNames: ["code"],
    registers,
  });
  const received = new Counter({
    name: "worker_chunk_bytes_total",
    help: "Bytes of stored chunks",
    registers,
  });
  const stored = new Counter({ name: "worker_shard_bytes_total", help: "Bytes of their shards", registers });
  const frames = new Counter({ name: "worker_frames_total", help: "Frames in them", registers });
  const seconds = new Histogram({
    name: "worker_chunk_seconds",
    help: "From a chunk's place to its durable shard",
    buckets: [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000],
    registers,
  });
  return {
    chunkDone(chunk) {
      done.inc();
      received.inc(chunk.originalBytes);
      stored.inc(chunk.encodedBytes);
      frames.inc(chunk.frames);
      seconds.observe(chunk.seconds);
    },
    chunkFailed: (code) => failed.inc({ code }),
    async page() {
      const [registry] = registers;
      return { contentType: registry!.contentType, text: await registry!.metrics() };
    },
  };
}
