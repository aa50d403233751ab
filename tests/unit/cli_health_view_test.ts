import { assertEquals, assertStringIncludes } from "@std/assert";
import { healthJson, healthTable } from "../../lib/cli/health_view.ts";
import { styles } from "../../lib/cli/terminal.ts";
import type { HealthSnapshot } from "../../lib/fleet/health_monitor.ts";
import type { Sighting, WorkerHealth } from "../../lib/fleet/health_state.ts";

const NOW_MS = Date.UTC(2030, 0, 2, 3, 4, 5);

function sighting({ agoMs = 0, message = "healthy" } = {}): Sighting {
  const figures = { cpuPercent: 12.34, memoryBytes: 3 * 2 ** 20, activeTasks: 2 };
  const report = { isHealthy: true, workerId: "w", message, ...figures };
  return { report, latencyMs: 7.4, lastSeenMs: NOW_MS - agoMs };
}

const SNAPSHOT: HealthSnapshot = new Map<string, WorkerHealth>([
  ["a:1", { kind: "healthy", last: sighting() }],
  ["b:1", { kind: "suspect", failures: 1, reason: "no answer", last: sighting({ agoMs: 65_000 }) }],
  ["c:1", { kind: "unhealthy", reason: "draining", sinceMs: NOW_MS, last: sighting({ agoMs: 2_000 }) }],
  ["d:1", { kind: "unhealthy", reason: "refused", sinceMs: NOW_MS }],
  ["e:1", { kind: "unknown", failures: 0 }],
]);

const PLAIN = { nowMs: NOW_MS, styles: styles(false) };

Deno.test("healthTable() has a row a worker under its columns, and below why those that are not well are not", () => {
  assertEquals(
    healthTable(SNAPSHOT, PLAIN).split("\n"),
    [
      "WORKER ADDRESS  STATUS      CPU %   MEMORY  TASKS  LATENCY     LAST SEEN",
      "a:1             HEALTHY    12.3 %  3.0 MiB      2     7 ms           now",
      "b:1             SUSPECT    12.3 %  3.0 MiB      2     7 ms  1 m 05 s ago",
      "c:1             UNHEALTHY  12.3 %  3.0 MiB      2     7 ms     2.0 s ago",
      "d:1             UNHEALTHY       -        -      -        -         never",
      "e:1             UNKNOWN         -        -      -        -         never",
      "",
      "b:1: no answer",
      "c:1: draining",
      "d:1: refused",
    ],
  );
});

Deno.test("healthTable() ends with its last row where there is nothing to explain", () => {
  const snapshot = new Map<string, WorkerHealth>([["a:1", { kind: "healthy", last: sighting() }]]);
  assertEquals(healthTable(snapshot, PLAIN).split("\n").length, 2);
});

Deno.test("healthTable() paints each status in its colour", () => {
  const table = healthTable(SNAPSHOT, { nowMs: NOW_MS, styles: styles(true) });
  for (const text of ["\x1b[32mHEALTHY", "\x1b[33mSUSPECT", "\x1b[31mUNHEALTHY", "\x1b[33mUNKNOWN"]) {
    assertStringIncludes(table, text);
  }
});

Deno.test("healthTable() lets no reason start a line or move the cursor", () => {
  const reason = "\x1b[2J\nz:1 HEALTHY";
  const snapshot = new Map<string, WorkerHealth>([["a:1", { kind: "unhealthy", reason, sinceMs: 0 }]]);
  assertEquals(healthTable(snapshot, PLAIN).split("\n").at(-1), "a:1: \\u001b[2J\\nz:1 HEALTHY");
});

Deno.test("healthJson() has each worker's figures, and null for what is not known", () => {
  const figures = {
    worker_id: "w",
    cpu_utilization: 12.34,
    memory_usage_bytes: 3 * 2 ** 20,
    active_tasks: 2,
    latency_ms: 7,
  };
  const nothing = {
    worker_id: null,
    cpu_utilization: null,
    memory_usage_bytes: null,
    active_tasks: null,
    latency_ms: null,
    last_seen: null,
  };
  assertEquals(healthJson(SNAPSHOT, NOW_MS), {
    time: "2030-01-02T03:04:05.000Z",
    workers: [
      {
        address: "a:1",
        status: "healthy",
        ...figures,
        last_seen: "2030-01-02T03:04:05.000Z",
        message: "healthy",
      },
      {
        address: "b:1",
        status: "suspect",
        ...figures,
        last_seen: "2030-01-02T03:03:00.000Z",
        message: "no answer",
      },
      {
        address: "c:1",
        status: "unhealthy",
        ...figures,
        last_seen: "2030-01-02T03:04:03.000Z",
        message: "draining",
      },
      { address: "d:1", status: "unhealthy", ...nothing, message: "refused" },
      { address: "e:1", status: "unknown", ...nothing, message: null },
    ],
  });
});
