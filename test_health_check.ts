#!/usr/bin/env -S deno run --allow-all
/** Watches the health of many workers. */
import { defineCommand, type Parsed } from "./lib/cli/command.ts";
import { CLIENT_FLAGS, readClientFlags } from "./lib/cli/connection_flags.ts";
import { exitWith } from "./lib/cli/exit.ts";
import { healthJson, healthTable } from "./lib/cli/health_view.ts";
import { writeOut } from "./lib/cli/output.ts";
import { liveRegion } from "./lib/cli/table.ts";
import { terminal } from "./lib/cli/terminal.ts";
import { visible } from "./lib/cli/visible.ts";
import {
  type CheckHealth,
  checkOnce,
  type HealthSnapshot,
  monitorHealth,
} from "./lib/fleet/health_monitor.ts";
import { RpcError } from "./lib/rpc/rpc_error.ts";
import { connectWorker } from "./lib/rpc/worker_client.ts";

const COMMAND = defineCommand({
  name: "health",
  summary: "Watches the health of workers, until interrupted.",
  usage: "deno task health --workers HOST:PORT[,HOST:PORT...] [flags]",
  flags: {
    workers: { kind: "addresses", required: true, help: "Workers to watch, with commas between." },
    master_id: { kind: "string", default: "master-1", help: "Who asks, as the workers are told." },
    interval: {
      kind: "number",
      min: 0.1,
      max: 86_400,
      default: 5,
      help: "Seconds between checks of a worker.",
    },
    timeout: { kind: "number", min: 0.01, max: 3_600, default: 3, help: "Seconds that an answer may take." },
    unhealthy_threshold: {
      kind: "integer",
      min: 1,
      max: 1_000,
      default: 2,
      help: "Failed checks in a row that make a worker unhealthy.",
    },
    once: { kind: "boolean", help: "Check once and exit: 0 if all are healthy, 1 otherwise." },
    json: { kind: "boolean", help: "One JSON object a line instead of the table." },
    ...CLIENT_FLAGS,
  },
  examples: [
    "deno task health --workers localhost:50061,localhost:50062",
    "deno task health --workers a:50061 --once",
  ],
});

async function main({ flags }: Parsed<typeof COMMAND>, signal: AbortSignal): Promise<number> {
  const connection = await readClientFlags(flags);
  using channels = new DisposableStack();
  const timeoutMs = flags.timeout * 1000;
  const clients = new Map(
    flags.workers.map((address) => [address, channels.use(connectWorker(address, connection))]),
  );
  const check: CheckHealth = async (address, signal) => {
    try {
      return await clients.get(address)!.checkHealth(flags.master_id, { timeoutMs, signal });
    } catch (error) {
      // the table names the worker already
      throw error instanceof RpcError ? new Error(error.reason, { cause: error }) : error;
    }
  };
  const show = createView(flags.json);

  if (flags.once) {
    const snapshot = await checkOnce(flags.workers, check, { timeoutMs, signal });
    show(snapshot);
    return [...snapshot.values()].every(({ kind }) => kind === "healthy") ? 0 : 1;
  }
  const options = { intervalMs: flags.interval * 1000, timeoutMs, signal };
  const watch = monitorHealth(flags.workers, check, {
    ...options,
    unhealthyThreshold: flags.unhealthy_threshold,
  });
  for await (const snapshot of watch) show(snapshot);
  throw signal.reason;
}

function createView(isJson: boolean): (snapshot: HealthSnapshot) => void {
  if (isJson) return (snapshot) => writeOut(`${visible(JSON.stringify(healthJson(snapshot, Date.now())))}\n`);
  const { isTerminal, styles } = terminal("stdout");
  const draw = liveRegion({ write: writeOut, isTerminal, rows: () => terminal("stdout").rows });
  return (snapshot) => draw(healthTable(snapshot, { nowMs: Date.now(), styles }));
}

if (import.meta.main) await exitWith(COMMAND, main);
