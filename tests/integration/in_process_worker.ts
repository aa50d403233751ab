/** A worker in the test's own process, whose limits and log the test can reach. */
import { join } from "node:path";
import { connectWorker, type WorkerClient } from "../../lib/rpc/worker_client.ts";
import { type RunningWorker, startWorker, type WorkerOptions } from "../../lib/worker/serve_worker.ts";
import { type RawClient, rawClient } from "./raw_client.ts";
import { filesUnder } from "./files_under.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** Disposing of it drains the worker within no time. */
export interface InProcessWorker extends AsyncDisposable {
  readonly worker: RunningWorker;
  readonly client: WorkerClient;
  readonly raw: RawClient;
  readonly shardsDir: string;
  /** What it has logged, one entry a line. */
  readonly log: readonly string[];
  /** Files of the store, but no locks nor those with which it tries every few seconds whether there is room. */
  storedFiles(): Promise<string[]>;
  /** Those of them that this process has open. */
  openFiles(): Promise<string[]>;
}

/** Starts a worker on a free port and a folder of its own; it only simulates unless told otherwise. */
export async function startInProcess(options: Partial<WorkerOptions> = {}): Promise<InProcessWorker> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const shardsDir = join(folder.path, "shards");
  const log: string[] = [];
  const write = (message: string, fields: object = {}) =>
    void log.push(`${message} ${JSON.stringify(fields)}`);
  const worker = await startWorker({
    host: "127.0.0.1", // a name would leave a timer of the DNS resolver behind
    port: 0,
    shardsDir,
    encoder: "simulated",
    maxTasks: 2,
    threads: 1,
    maxChunkBytes: 64 * 2 ** 20,
    logger: { info: write, warn: write, error: write },
    ...options,
  });
  stack.defer(async () => void await worker.drain(0));
  const client = stack.use(connectWorker(worker.address, { token: options.token }));
  const raw = stack.use(rawClient(worker.address));
  const done = stack.move();
  return {
    worker,
    client,
    raw,
    shardsDir,
    log,
    storedFiles: async () => (await filesUnder(shardsDir)).filter((path) => !/(lock|\.probe)$/.test(path)),
    openFiles: () => openFilesUnder(shardsDir),
    [Symbol.asyncDispose]: () => done.disposeAsync(),
  };
}

/** @see proc(5), /proc/self/fd. */
async function openFilesUnder(folder: string): Promise<string[]> {
  const found = new Set<string>(); // Deno doubles a descriptor while it reads
  for await (const { name } of Deno.readDir("/proc/self/fd")) {
    const path = await Deno.readLink(`/proc/self/fd/${name}`).catch(() => ""); // the one that lists them is gone
    if (path.startsWith(folder) && !/(lock|\.probe)$/.test(path)) found.add(path.slice(folder.length + 1));
  }
  return [...found].sort();
}
