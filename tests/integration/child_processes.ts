/**
 * The processes that a process has started and that still run; "self" are those of this test file, which has a thread
 * of its own where files run side by side.
 *
 * @see proc(5), /proc/[pid]/task/[tid]/children and /proc/thread-self.
 */
export async function childrenOf(pid: number | "self"): Promise<number[]> {
  // deno-lint-ignore no-sync-fn-in-async-fn -- an asynchronous read is done by another thread
  if (pid === "self") return pidsIn(Deno.readTextFileSync("/proc/thread-self/children"));
  const found: number[] = [];
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    // empty for a thread that has ended
    found.push(...pidsIn(await Deno.readTextFile(`/proc/${pid}/task/${name}/children`).catch(() => "")));
  }
  return found;
}

function pidsIn(text: string): number[] {
  return text.split(" ").filter((pid) => pid !== "").map(Number);
}

/** Whether a process is there; one that has ended and that nobody has asked about is not. */
export async function isAlive(pid: number): Promise<boolean> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  return status !== "" && !/^State:\s+Z/m.test(status);
}

/** Whether a process has been stopped, as by SIGSTOP, and does not go on before it is told to. */
export async function isStopped(pid: number): Promise<boolean> {
  return /^State:\s+T/m.test(await Deno.readTextFile(`/proc/${pid}/status`).catch(() => ""));
}

/** The command line of a process, empty once it has ended. */
export async function commandOf(pid: number): Promise<string> {
  return (await Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "")).replaceAll("\0", " ");
}
