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

export interface OurMasterOptions {
  readonly dataDir: string;
  /** Default: a free one. */
  readonly port?: number;
  readonly flags?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Starts master.ts. Disposing of it drains it. */
export async function startOurMaster(options: OurMasterOptions): Promise<OurMaster> {
  const { dataDir, port = 0, flags = [], ...rest } = options;
  const ports = ["--port", `${port}`, ...(flags.includes("--no-dashboard") ? [] : ["--http_port", "0"])];
  const script = fileURLToPath(new URL("../../master.ts", import.meta.url));
  const server = await startServer({
    command: Deno.execPath(),
    args: ["run", "-A", "--no-prompt", script, ...ports, "--data_dir", dataDir, ...flags],
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
