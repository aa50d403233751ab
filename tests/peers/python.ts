/** Peers on grpcio's C core, which shares no code with grpc-js: found, started and asked from tests. */
import { fileURLToPath } from "node:url";
import { startServer } from "./server_process.ts";

/** A Python that can run the peers, or why there is none. */
export type PythonSearch =
  | { readonly python: string }
  | { readonly python: null; readonly reason: string };

/** Debian's own first: its packages are not seen by a Python installed beside it. */
const CANDIDATES = ["/usr/bin/python3", "python3"];

/** Looks for a Python with grpcio and its tools. */
export async function findPython(): Promise<PythonSearch> {
  for (const python of CANDIDATES) {
    if (await canImportGrpc(python)) return { python };
  }
  return { python: null, reason: "needs python3-grpcio: apt-get install python3-grpcio python3-grpc-tools" };
}

async function canImportGrpc(python: string): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(python, {
      args: ["-c", "import grpc, grpc_tools.protoc"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
      signal: AbortSignal.timeout(30_000),
    }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

export interface PeerWorker extends AsyncDisposable {
  /** `localhost:<port>` */
  readonly address: string;
  readonly child: Deno.ChildProcess;
}

/** Starts peer_worker.py on a free port. It ends when disposed of, and when this process does. */
export async function startPeerWorker(
  python: string,
  options: { readonly shardsDir: string; readonly signal?: AbortSignal },
): Promise<PeerWorker> {
  const { shardsDir, ...rest } = options;
  const server = await startServer({
    command: python,
    args: ["-B", script("peer_worker.py"), "--port", "0", "--shards_dir", shardsDir],
    ready: /^LISTENING (\d+)\n/m,
    ...rest,
  });
  return {
    address: `localhost:${server.ready[1]}`,
    child: server.child,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

export interface RunOptions {
  /** What the script reads as JSON. */
  readonly input?: unknown;
  /** For the whole run, killed when it is over. Default 2 minutes. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export type PeerScript = "peer_client.py" | "peer_master_client.py" | "our_client.py" | "golden_bytes.py";

/**
 * Runs a script of this folder and returns the JSON that it prints: the response with fields named as in the
 * .proto, or a status (peer_answers.ts).
 *
 * @throws {Error} If it prints anything else, with what it wrote to stderr.
 */
export async function runPeer<Answer = unknown>(
  python: string,
  name: PeerScript,
  args: readonly (string | number)[],
  options: RunOptions = {},
): Promise<Answer> {
  const timeout = AbortSignal.timeout(options.timeoutMs ?? 120_000);
  const child = new Deno.Command(python, {
    args: ["-B", script(name), ...args.map(String)],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    signal: options.signal ? AbortSignal.any([timeout, options.signal]) : timeout,
  }).spawn();
  const input = new Blob(options.input === undefined ? [] : [JSON.stringify(options.input)]);
  const [{ stdout, stderr }] = await Promise.all([
    child.output(),
    input.stream().pipeTo(child.stdin).catch(ignoreUnread),
  ]);
  options.signal?.throwIfAborted();
  try {
    return JSON.parse(new TextDecoder().decode(stdout));
  } catch (cause) {
    throw new Error(`${name} ${args.join(" ")} failed: ${new TextDecoder().decode(stderr)}`, { cause });
  }
}

function ignoreUnread(error: unknown): void {
  if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
}

function script(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
