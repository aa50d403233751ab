/** What Prometheus may ask of a master. @see https://prometheus.io/docs/practices/naming/ */
import { Counter, Gauge, Registry } from "prom-client";
import type { WorkerView } from "../fleet/fleet.ts";
import type { JobEvent } from "../job/job.ts";
import type { MetricsPage } from "../rpc/metrics_server.ts";
import { JOB_STATES, type JobView } from "./job_view.ts";

export interface MasterMetrics extends MetricsPage {
  jobEvent(event: JobEvent): void;
}

/** Read when the page is. */
export interface MasterFigures {
  readonly jobs: () => readonly JobView[];
  readonly workers: () => readonly WorkerView[];
}

const WORKER_STATES = [
  "unknown",
  "healthy",
  "suspect",
  "unhealthy",
  "set-aside",
] as const satisfies readonly WorkerView["state"][];

export function createMasterMetrics({ jobs, workers }: MasterFigures): MasterMetrics {
  const registry = new Registry();
  const registers = [registry];
  const byState = (
    name: string,
    help: string,
    states: readonly string[],
    read: () => readonly { readonly state: string }[],
  ) =>
    new Gauge({
      name,
      help,
      registers,
      labelNames: ["state"],
      collect() {
        const counts = Map.groupBy(read(), ({ state }) => state);
        for (const state of states) this.set({ state }, counts.get(state)?.length ?? 0);
      },
    });
  byState("master_jobs", "Jobs in the catalog, by state", JOB_STATES, jobs);
  byState("master_workers", "Workers, by state", WORKER_STATES, workers);
  const encoded = new Counter({ name: "master_chunks_encoded_total", help: "Chunks encoded", registers });
  const reused = new Counter({
    name: "master_chunks_reused_total",
    help: "Chunks that had been encoded before",
    registers,
  });
  const failed = new Counter({
    name: "master_attempts_failed_total",
    help: "Attempts at a chunk that failed",
    registers,
  });
  const bytes = new Counter({
    name: "master_shard_bytes_total",
    help: "Bytes of the shards encoded",
    registers,
  });
  return {
    jobEvent(event) {
      if (event.kind === "encoded") {
        encoded.inc();
        bytes.inc(event.shardBytes);
      } else if (event.kind === "reused") reused.inc();
      else if (event.kind === "failed") failed.inc();
    },
    async page() {
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}
