/** The project's own worker.ts, run as a user runs it. */
import { fileURLToPath } from "node:url";
import { startServer } from "./server_process.ts";

export interface OurWorker extends AsyncDisposable {
  /** Such as `localhost:<port>`, as the worker says it. */
  readonly address: string;
  readonly child: Deno.ChildProcess;
  /** What it has logged so far. */
  output(): string;
}

export interface OurWorkerOptions {
  readonly shardsDir: string;
  readonly flags?: readonly string[];
  /** Added to the test's own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Starts worker.ts on a free port. Disposing of it drains it. */
export async function startOurWorker(options: OurWorkerOptions): Promise<OurWorker> {
  const { shardsDir, flags = [], ...rest } = options;
  const script = fileURLToPath(new URL("../../worker.ts", import.meta.url));
  const server = await startServer({
    command: Deno.execPath(),
    args: ["run", "-A", "--no-prompt", script, "--port", "0", "--shards_dir", shardsDir, ...flags],
    ready: /\b(?:localhost|0\.0\.0\.0):\d+\b(?=.*\n)/,
    ...rest,
  });
  return {
    address: server.ready[0],
    child: server.child,
    output: () => server.output(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
