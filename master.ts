#!/usr/bin/env -S deno run --allow-all
/** Takes videos, has them encoded by workers, and gives back the results. */
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineCommand, type Parsed } from "./lib/cli/command.ts";
import { readServerFlags, readWorkersTls, SERVER_FLAGS } from "./lib/cli/connection_flags.ts";
import { exitWith } from "./lib/cli/exit.ts";
import { createLogger } from "./lib/cli/log.ts";
import { OBSERVING_FLAGS } from "./lib/cli/observing_flags.ts";
import { writeError } from "./lib/cli/output.ts";
import { refuseFlags } from "./lib/cli/refuse_flags.ts";
import { UsageError } from "./lib/cli/usage_error.ts";
import { connectFleet } from "./lib/fleet/grpc_fleet.ts";
import { openDiskMemory } from "./lib/job/disk_memory.ts";
import { runJob } from "./lib/job/run_job.ts";
import { startMaster } from "./lib/master/serve_master.ts";
import { serveDashboard } from "./lib/master/web/serve_dashboard.ts";

const HTTP_PORT = 8_080;

const COMMAND = defineCommand({
  name: "master",
  summary:
    "Takes videos over gRPC, has them encoded by workers, and gives back the results. What it was given " +
    "survives it: the next master on the same folder goes on. SIGTERM or SIGINT lets uploads and downloads " +
    "finish; a second one ends it at once.",
  usage: "deno task master [flags]",
  flags: {
    host: { kind: "string", default: "localhost", help: "Where to listen; 0.0.0.0 for every network." },
    port: {
      kind: "integer",
      min: 0,
      max: 65_535,
      default: 50_051,
      help: "Port to listen on; 0 for a free one.",
    },
    http_port: {
      kind: "integer",
      min: 0,
      max: 65_535,
      defaultText: String(HTTP_PORT),
      help: "Port of the dashboard; 0 for a free one.",
    },
    dashboard: { kind: "boolean", default: true, help: "Serve the dashboard." },
    http_hosts: {
      kind: "string",
      valueName: "NAMES",
      defaultText: "--host, localhost and addresses",
      help: "Names, with commas between, that browsers know this machine by.",
    },
    workers: {
      kind: "addresses",
      defaultText: "those that register",
      help: "Workers to use, with commas between; more may register.",
    },
    data_dir: {
      kind: "string",
      valueName: "DIR",
      default: fileURLToPath(new URL("master_data", import.meta.url)),
      defaultText: "master_data beside master.ts",
      help: "Where videos, results and the catalog of jobs are kept; for one master at a time.",
    },
    quota_bytes: {
      kind: "integer",
      min: 1,
      defaultText: "what the disk has",
      help: "No upload is taken once all videos and results together have so much.",
    },
    memory_gib: {
      kind: "number",
      min: 0.001,
      max: 2 ** 20,
      default: 20,
      help: "GiB of encoded chunks to remember; those used longest ago go first.",
    },
    max_jobs: {
      kind: "integer",
      min: 1,
      max: 1_000,
      default: 4,
      help: "Jobs that run at once; they share the workers.",
    },
    give_up_after: {
      kind: "number",
      min: 0,
      max: 31_536_000,
      default: 600,
      help: "Seconds until a job fails for want of any worker.",
    },
    ...SERVER_FLAGS,
    workers_ca: {
      kind: "string",
      valueName: "FILE",
      help: "PEM of the authority that the workers' certificates are from; turns TLS to them on.",
    },
    drain_seconds: {
      kind: "number",
      min: 0,
      max: 86_400,
      default: 30,
      help: "How long uploads and downloads may take to finish after a stop signal.",
    },
    ...OBSERVING_FLAGS,
  },
  examples: [
    "deno task master --workers a:50061,b:50061",
    "deno task master --host 0.0.0.0 --token_file token.txt",
  ],
});

/** @throws {UsageError} If one of them would do nothing. */
function checkEffects(flags: Parsed<typeof COMMAND>["flags"]): void {
  if (flags.dashboard) return;
  refuseFlags(flags, ["http_port", "http_hosts"], "with --no-dashboard: nothing is served there");
}

/** Serves until interrupted, then drains. Returns 0 if every upload and download was finished, 1 otherwise. */
async function main({ flags }: Parsed<typeof COMMAND>, interrupt: AbortSignal): Promise<number> {
  checkEffects(flags);
  const logger = createLogger({ format: flags.log_format, write: writeError });
  const { tls, token } = await readServerFlags(flags);
  if (flags.dashboard && tls?.ca !== undefined && token === undefined) {
    throw new UsageError(
      "--tls_ca needs --token_file or --no-dashboard: browsers are asked for no certificate",
    );
  }
  await using fleet = connectFleet({
    workers: flags.workers ?? [],
    tls: await readWorkersTls(flags, tls),
    token,
    giveUpMs: flags.give_up_after * 1000,
    logger,
  });
  const master = await startMaster({
    host: flags.host,
    port: flags.port,
    dataDir: flags.data_dir,
    fleet,
    openMemory: () =>
      openDiskMemory(join(flags.data_dir, "memory"), { maxBytes: flags.memory_gib * 2 ** 30 }),
    runJob,
    quotaBytes: flags.quota_bytes,
    maxJobs: flags.max_jobs,
    tls,
    token,
    metricsPort: flags.metrics_port,
    logger,
  });
  logger.info(`Master listening on ${master.address}`, {
    address: master.address,
    metrics: master.metricsAddress,
    data: flags.data_dir,
  });

  const end = new AbortController();
  const dashboard = flags.dashboard
    ? serveDashboard(master.master, {
      host: flags.host,
      port: flags.http_port ?? HTTP_PORT,
      hosts: flags.http_hosts?.split(",").map((name) => name.trim()),
      tls,
      token,
      logger,
      signal: end.signal,
    })
    : undefined;
  if (dashboard) logger.info(`Dashboard on ${tls ? "https" : "http"}://${dashboard.address}`);

  if (!interrupt.aborted) await once(interrupt, "abort");
  logger.info("Draining: finishing uploads and downloads, putting jobs down", {
    seconds: flags.drain_seconds,
  });
  const isDrained = await master.drain(flags.drain_seconds * 1000, {
    async endOthers(reason) {
      end.abort(reason);
      await dashboard?.finished;
    },
  });
  if (isDrained) logger.info("Drained");
  else logger.error("What was not done in time was aborted");
  return isDrained ? 0 : 1;
}

if (import.meta.main) await exitWith(COMMAND, main);
