/** The project's own master.ts, run as a user runs it. */
import { fileURLToPath } from "node:url";
import { startServer } from "./server_process.ts";

export interface OurMaster extends AsyncDisposable {
  /** `localhost:<port>` */
  readonly address: string;
  readonly child: Deno.ChildProcess;
  /** What it has logged so far. */
  output(): string;
}

const FREE_PORTS = ["--port", "0", "--http_port", "0"];

/** Starts master.ts on a free port. Disposing of it drains it. */
export async function startOurMaster(
  options: { readonly dataDir: string; readonly flags?: readonly string[]; readonly signal?: AbortSignal },
): Promise<OurMaster> {
  const { dataDir, flags = [], ...rest } = options;
  const script = fileURLToPath(new URL("../../master.ts", import.meta.url));
  const server = await startServer({
    command: Deno.execPath(),
    args: ["run", "-A", "--no-prompt", script, ...FREE_PORTS, "--data_dir", dataDir, ...flags],
    ready: /Master listening on (localhost:\d+)\b.*\n/,
    ...rest,
  });
  return {
    address: server.ready[1]!,
    child: server.child,
    output: () => server.output(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
