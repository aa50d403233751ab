import { startServer } from "../peers/server_process.ts";
import { PROJECT } from "./run_script.ts";

export interface WorkerOnPort extends AsyncDisposable {
  /** `localhost:<port>` */
  readonly address: string;
  readonly child: Deno.ChildProcess;
}

/** A worker on a port that the test knows from a worker before, so that it can come back there. */
export async function startWorkerOnPort(
  { shardsDir, port = 0, flags = [] }: { shardsDir: string; port?: number; flags?: readonly string[] },
): Promise<WorkerOnPort> {
  const script = ["run", "-A", "--no-prompt", `${PROJECT}worker.ts`];
  const server = await startServer({
    command: Deno.execPath(),
    args: [...script, "--port", String(port), "--shards_dir", shardsDir, ...flags],
    ready: /\blocalhost:\d+\b(?=.*\n)/,
  });
  return {
    address: server.ready[0],
    child: server.child,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

export function portOf(address: string): number {
  return Number(/:(\d+)$/.exec(address)![1]);
}
