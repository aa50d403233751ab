/** What a person, or a program, sees of workers' health. */
import type { HealthSnapshot } from "../fleet/health_monitor.ts";
import type { Sighting, WorkerHealth } from "../fleet/health_state.ts";
import { formatBytes, formatPercent, formatSeconds } from "./format.ts";
import { type Cell, type Column, textTable } from "./table.ts";
import type { Paint, Styles } from "./terminal.ts";
import { visible } from "./visible.ts";

const COLUMNS: readonly Column[] = [
  { title: "WORKER ADDRESS" },
  { title: "STATUS" },
  { title: "CPU %", align: "right" },
  { title: "MEMORY", align: "right" },
  { title: "TASKS", align: "right" },
  { title: "LATENCY", align: "right" },
  { title: "LAST SEEN", align: "right" },
];

/** The table, and below it why workers that are not healthy are not. */
export function healthTable(
  snapshot: HealthSnapshot,
  { nowMs, styles }: { nowMs: number; styles: Styles },
): string {
  const rows = [...snapshot].map(([address, health]) => row(address, health, { nowMs, styles }));
  const reasons = [...snapshot].flatMap(([address, health]) =>
    "reason" in health && health.reason !== undefined ? [visible(`${address}: ${health.reason}`)] : []
  );
  const table = textTable(COLUMNS, rows);
  return reasons.length === 0 ? table : `${table}\n\n${reasons.join("\n")}`;
}

function row(
  address: string,
  health: WorkerHealth,
  { nowMs, styles }: { nowMs: number; styles: Styles },
): Cell[] {
  const status: Cell = { text: health.kind.toUpperCase(), paint: paintOf(health, styles) };
  const last = lastOf(health);
  if (!last) return [address, status, "-", "-", "-", "-", "never"];
  const { report, latencyMs, lastSeenMs } = last;
  return [
    address,
    status,
    formatPercent(report.cpuPercent),
    formatBytes(report.memoryBytes),
    report.activeTasks,
    formatSeconds(latencyMs / 1000),
    nowMs - lastSeenMs < 1000 ? "now" : `${formatSeconds((nowMs - lastSeenMs) / 1000)} ago`,
  ];
}

function paintOf(health: WorkerHealth, styles: Styles): Paint {
  switch (health.kind) {
    case "healthy":
      return styles.green;
    case "unhealthy":
      return styles.red;
    default:
      return styles.yellow;
  }
}

const lastOf = (health: WorkerHealth): Sighting | undefined => "last" in health ? health.last : undefined;

/** One object: the time, and each worker's address, status and figures; null for what is not known. */
export function healthJson(snapshot: HealthSnapshot, nowMs: number): object {
  const workers = [...snapshot].map(([address, health]) => {
    const last = lastOf(health);
    return {
      address,
      status: health.kind,
      worker_id: last?.report.workerId ?? null,
      cpu_utilization: last?.report.cpuPercent ?? null,
      memory_usage_bytes: last?.report.memoryBytes ?? null,
      active_tasks: last?.report.activeTasks ?? null,
      latency_ms: last ? Math.round(last.latencyMs) : null,
      last_seen: last ? new Date(last.lastSeenMs).toISOString() : null,
      message: "reason" in health ? health.reason ?? null : last?.report.message ?? null,
    };
  });
  return { time: new Date(nowMs).toISOString(), workers };
}
