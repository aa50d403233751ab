#!/usr/bin/env -S deno run --allow-all
/** Receives chunks of video, encodes them, and keeps the results as shards. */
import { availableParallelism, hostname } from "node:os";
import { fileURLToPath } from "node:url";
import { defineCommand, type Parsed } from "./lib/cli/command.ts";
import { readMasterTls, readServerFlags, SERVER_FLAGS } from "./lib/cli/connection_flags.ts";
import { exitWith } from "./lib/cli/exit.ts";
import { createLogger } from "./lib/cli/log.ts";
import { OBSERVING_FLAGS } from "./lib/cli/observing_flags.ts";
import { writeError } from "./lib/cli/output.ts";
import { refuseFlags } from "./lib/cli/refuse_flags.ts";
import { checkTls } from "./lib/rpc/check_tls.ts";
import { keepRegistered } from "./lib/worker/register.ts";
import { startWorker } from "./lib/worker/serve_worker.ts";

const COMMAND = defineCommand({
  name: "worker",
  summary: "Receives chunks of video over gRPC, encodes them, and keeps the results as shards. " +
    "SIGTERM or SIGINT lets it finish what it does; a second one ends it at once.",
  usage: "deno task worker [flags]",
  flags: {
    host: { kind: "string", default: "localhost", help: "Where to listen; 0.0.0.0 for every network." },
    port: {
      kind: "integer",
      min: 0,
      max: 65_535,
      default: 50_061,
      help: "Port to listen on; 0 for a free one.",
    },
    shards_dir: {
      kind: "string",
      valueName: "DIR",
      default: fileURLToPath(new URL("video_shards", import.meta.url)),
      defaultText: "video_shards beside worker.ts",
      help: "Where shards are kept.",
    },
    encoder: {
      kind: "choice",
      choices: ["auto", "libav", "ffmpeg", "simulated"],
      default: "auto",
      help:
        "What encodes media: libav is built in, ffmpeg is the one installed; auto is libav where it loads. " +
        "Opaque chunks are always simulated.",
    },
    max_tasks: {
      kind: "integer",
      min: 1,
      max: 1_024,
      default: availableParallelism(),
      defaultText: "cores",
      help: "Chunks encoded at once.",
    },
    threads: {
      kind: "integer",
      min: 1,
      max: 64,
      default: 1,
      help: "Threads of each encode that names no number.",
    },
    max_chunk_bytes: {
      kind: "integer",
      min: 1,
      max: 2 ** 31 - 1 - 2 ** 20,
      default: 64 * 1024 * 1024,
      help: "Largest chunk in one message; larger ones come by ProcessChunkStream.",
    },
    master: { kind: "address", help: "A master to register with." },
    master_ca: {
      kind: "string",
      valueName: "FILE",
      help: "PEM of the authority that the master's certificate is from; turns TLS to it on.",
    },
    advertise: {
      kind: "address",
      defaultText: "where it listens; of every network, the machine's name",
      help: "Where the master reaches this worker.",
    },
    ...SERVER_FLAGS,
    drain_seconds: {
      kind: "number",
      min: 0,
      max: 86_400,
      default: 30,
      help: "How long encodes and downloads may take to finish after a stop signal.",
    },
    while_stdin: {
      kind: "boolean",
      help: "Stop, too, when standard input ends: for programs that start workers and may die.",
    },
    ...OBSERVING_FLAGS,
  },
  examples: ["deno task worker --port 50061", "deno task worker --host 0.0.0.0 --token_file token.txt"],
});

/** @throws {UsageError} If one of them would do nothing. */
function checkEffects(flags: Parsed<typeof COMMAND>["flags"]): void {
  if (flags.master !== undefined) return;
  refuseFlags(flags, ["advertise", "master_ca"], "without --master: there is nobody to register with");
}

/** Serves until interrupted, then drains. Returns 0 if all that ran was finished, 1 otherwise. */
async function main({ flags }: Parsed<typeof COMMAND>, interrupted: AbortSignal): Promise<number> {
  checkEffects(flags);
  const interrupt = flags.while_stdin ? AbortSignal.any([interrupted, endOfStdin()]) : interrupted;
  const logger = createLogger({ format: flags.log_format, write: writeError });
  const { tls, token } = await readServerFlags(flags);
  const masterTls = await readMasterTls(flags, tls);
  if (masterTls) checkTls(masterTls);
  const worker = await startWorker({
    host: flags.host,
    port: flags.port,
    shardsDir: flags.shards_dir,
    encoder: flags.encoder,
    maxTasks: flags.max_tasks,
    threads: flags.threads,
    maxChunkBytes: flags.max_chunk_bytes,
    metricsPort: flags.metrics_port,
    tls,
    token,
    logger,
    signal: interrupt,
  });
  logger.info(`Worker ${worker.workerId} listening on ${worker.address}`, {
    address: worker.address,
    worker_id: worker.workerId,
    encoder: worker.encoder,
    store: worker.storeRoot,
  });
  const registration = flags.master === undefined ? undefined : keepRegistered({
    master: flags.master,
    workerAddress: flags.advertise ?? reachable(worker.address),
    logger,
    signal: interrupt,
    tls: masterTls,
    token,
  });

  await aborted(interrupt);
  logger.info("Draining: finishing what runs, taking no new work", { seconds: flags.drain_seconds });
  const isDrained = await worker.drain(flags.drain_seconds * 1000);
  await registration;
  if (isDrained) logger.info("Drained");
  else logger.error("What was not done in time was aborted");
  return isDrained ? 0 : 1;
}

/** Aborts once whoever holds the other end has closed it or has died. */
function endOfStdin(): AbortSignal {
  const ended = new AbortController();
  Deno.stdin.readable.pipeTo(new WritableStream()).catch(() => {}).finally(() => ended.abort());
  return ended.signal;
}

/** An address that stands for every network of this machine says nothing on another. */
function reachable(address: string): string {
  const { hostname: host, port } = new URL(`grpc://${address}`);
  return ["0.0.0.0", "[::]"].includes(host) ? `${hostname()}:${port}` : address;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
}

if (import.meta.main) await exitWith(COMMAND, main);
