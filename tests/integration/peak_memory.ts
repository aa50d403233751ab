import { setTimeout } from "node:timers/promises";

const SAMPLE_MS = 100;

/**
 * The most memory that a process on Linux had resident, in bytes, as the kernel keeps count of it.
 *
 * @param over Resolves when the work is done, or the process; what it had last is lost with it.
 * @see proc(5), /proc/[pid]/status, VmHWM.
 */
export async function peakMemory(pid: number, over: Promise<unknown>): Promise<number> {
  const end = new AbortController();
  const stop = () => end.abort();
  over.then(stop, stop);
  for (let peakBytes = 0;;) {
    const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => ""); // it may have ended
    peakBytes = 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? peakBytes / 1024);
    if (end.signal.aborted) return peakBytes;
    await setTimeout(SAMPLE_MS, undefined, { signal: end.signal }).catch(() => {}); // it rejects only once aborted
  }
}
