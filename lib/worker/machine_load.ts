/** How busy the machine is and how much memory the worker holds, sampled so that answering never waits. */
import { cpus } from "node:os";

/** Busy and total CPU time of all cores since the machine started, in milliseconds. */
export interface CpuTimes {
  readonly busyMs: number;
  readonly totalMs: number;
}

export function readCpuTimes(): CpuTimes {
  let busyMs = 0;
  let totalMs = 0;
  for (const { times: { user, nice, sys, idle, irq } } of cpus()) {
    busyMs += user + nice + sys + irq;
    totalMs += user + nice + sys + irq + idle;
  }
  return { busyMs, totalMs };
}

/** Under this a difference of counters that tick every 10 ms says little. */
const MIN_SAMPLE_MS = 200;

/**
 * Utilization of the whole machine since the last sample, 0 to 100.
 *
 * Several masters may ask at once; one that asks within {@link MIN_SAMPLE_MS} of core time gets the last figure.
 */
export function createCpuMeter(read: () => CpuTimes = readCpuTimes): () => number {
  let last = read();
  let percent = 0;
  return () => {
    const now = read();
    const totalMs = now.totalMs - last.totalMs;
    if (totalMs >= MIN_SAMPLE_MS) {
      percent = Math.min(100, Math.max(0, 100 * (now.busyMs - last.busyMs) / totalMs));
      last = now;
    }
    return percent;
  };
}

/**
 * Resident memory of other processes, in bytes. Those that are gone count as nothing.
 *
 * Deno keeps /proc from a program without every permission, so another program reads it.
 */
export async function residentBytes(pids: Iterable<number>): Promise<number> {
  const list = [...pids];
  if (list.length === 0) return 0;
  return Deno.build.os === "linux" ? await residentOnLinux(list) : await residentByPs(list);
}

/** @see proc(5), /proc/[pid]/status. */
async function residentOnLinux(pids: number[]): Promise<number> {
  const status = await outputOf("cat", pids.map((pid) => `/proc/${pid}/status`));
  return sumKibibytes(status.matchAll(/^VmRSS:\s+(\d+) kB$/gm));
}

async function residentByPs(pids: number[]): Promise<number> {
  return sumKibibytes((await outputOf("ps", ["-o", "rss=", "-p", pids.join()])).matchAll(/^\s*(\d+)\s*$/gm));
}

function sumKibibytes(matches: Iterable<RegExpMatchArray>): number {
  let kibibytes = 0;
  for (const [, digits] of matches) kibibytes += Number(digits);
  return kibibytes * 1024;
}

async function outputOf(command: string, args: string[]): Promise<string> {
  // a process that ended meanwhile makes it exit non-zero, with what it knows of the others on stdout
  const { stdout } = await new Deno.Command(command, { args, stdin: "null", stderr: "null" }).output();
  return new TextDecoder().decode(stdout);
}
