/** The processes that a process has started and that still run. @see proc(5), /proc/[pid]/task/[tid]/children. */
export async function childrenOf(pid: number | "self"): Promise<number[]> {
  const found: number[] = [];
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    const children = await Deno.readTextFile(`/proc/${pid}/task/${name}/children`).catch(() => ""); // of a thread that ended
    found.push(...children.split(" ").filter((text) => text !== "").map(Number));
  }
  return found;
}

/** Whether a process is there; one that has ended and that nobody has asked about is not. */
export async function isAlive(pid: number): Promise<boolean> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  return status !== "" && !/^State:\s+Z/m.test(status);
}

/** The command line of a process, empty once it has ended. */
export async function commandOf(pid: number): Promise<string> {
  return (await Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "")).replaceAll("\0", " ");
}
