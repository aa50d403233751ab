/** CPU time as Linux counts it. */

const CPU_TICKS_PER_SECOND = 100; // of /proc/<pid>/stat, on every Linux there is

/** CPU seconds of all children that have ended; NaN where there is no /proc. See proc_pid_stat(5). */
export function childrenCpuSeconds(): number {
  const fields = readProc("self/stat")?.split(") ")[1]?.split(" ");
  return (Number(fields?.[13]) + Number(fields?.[14])) / CPU_TICKS_PER_SECOND;
}

/** A file below /proc; undefined on another system, or of a process that has just ended. */
export function readProc(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(`/proc/${path}`);
  } catch {
    return undefined;
  }
}
