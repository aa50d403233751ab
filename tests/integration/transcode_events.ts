/** What `transcode --json` tells. */
import { assertEquals } from "@std/assert";
import { childrenOf, commandOf } from "./child_processes.ts";
import type { RunningScript, ScriptResult } from "./run_script.ts";

/** Small chunks, quickly encoded, and what happens as JSON. */
export const FAST = ["--chunk_seconds", "1", "--preset", "ultrafast", "--json", "--quiet"] as const;
/** For a whole run, on a machine that has other things to do. */
export const LIMIT_MS = 90_000;

export interface Event {
  readonly event: string;
  readonly [fact: string]: unknown;
}

export function eventsIn(stdout: string): Event[] {
  return stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line));
}

/** Of a run that succeeded. */
export function lastEvent({ stdout, stderr, code }: ScriptResult): Event {
  assertEquals(code, 0, stderr);
  return eventsIn(stdout).at(-1)!;
}

/** Once the n-th event of a kind has been told. */
export async function untilEvent(run: RunningScript, kind: string, count = 1): Promise<void> {
  await run.until(() =>
    eventsIn(run.stdout()).filter(({ event }) => event === kind).length >= count || undefined
  );
}

/** The workers that it has started. */
export async function workersOf(run: RunningScript): Promise<number[]> {
  const children = await childrenOf(run.child.pid);
  const commands = await Promise.all(children.map(commandOf));
  return children.filter((_, index) => commands[index]!.includes("worker.ts"));
}
