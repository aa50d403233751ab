/** Workers on this machine, each in a process of its own, for as long as a run needs them. */
import { fileURLToPath } from "node:url";
import { boundedLines } from "../encode/bounded_lines.ts";

export interface LocalWorkerOptions {
  readonly shardsDir: string;
  /** As the worker's --encoder; auto by default. */
  readonly encoder?: string;
  readonly maxTasks?: number;
  /** Encoder threads of a chunk that names no number. */
  readonly threads?: number;
  /** A master to register with. */
  readonly master?: string;
  /** File of the token that callers have to show. */
  readonly tokenFile?: string;
  /**
   * How long it may take to finish what runs when it is told to end, which is 10 s at most. Default: what the worker's
   * own is.
   */
  readonly drainSeconds?: number;
  /** Ends the start; once it is aborted, a worker that is told to end has a second beyond its drain time. */
  readonly signal?: AbortSignal;
}

/** Disposing of it lets it finish what runs, and ends it. */
export interface LocalWorker extends AsyncDisposable {
  readonly address: string;
  readonly workerId: string;
  readonly pid: number;
}

/** A worker that did not start, with its last words. */
export class WorkerStartError extends Error {
  override readonly name = "WorkerStartError";
}

/** The same as in the `worker` task. */
const PERMISSIONS = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env=GRPC_*,grpc_proxy,http_proxy,https_proxy,no_grpc_proxy,no_proxy,NO_COLOR",
  "--allow-sys=hostname,cpus,statfs,systemMemoryInfo,uid,gid",
  `--allow-run=cat,ps,ffmpeg,${Deno.execPath()}`,
];

const SCRIPT = fileURLToPath(new URL("../../worker.ts", import.meta.url));
const MAX_LINE = 10_000;
/** After this a worker that was told to stop is killed. */
const STOP_MS = 10_000;
/** What it has beyond its drain time where somebody waits for the end: it is gone in a tenth of it. */
const HURRIED_MS = 1_000;

/**
 * Starts a worker on a free port of the loopback interface and waits until it listens.
 *
 * @throws {WorkerStartError} If it ends first. @throws `options.signal.reason` once aborted.
 */
export async function startLocalWorker(options: LocalWorkerOptions): Promise<LocalWorker> {
  const { signal, drainSeconds = Infinity } = options;
  signal?.throwIfAborted();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...PERMISSIONS, SCRIPT, "--while_stdin", ...workerFlags(options)],
    stdin: "piped", // it ends with us, however we end
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const stop = async () => {
    terminate(child, "SIGTERM");
    const kill = () => terminate(child, "SIGKILL");
    const timers = [setTimeout(kill, STOP_MS)];
    const hurry = () =>
      void timers.push(setTimeout(kill, Math.min(drainSeconds * 1000 + HURRIED_MS, STOP_MS)));
    if (signal?.aborted) hurry();
    else signal?.addEventListener("abort", hurry, { once: true });
    await child.status;
    signal?.removeEventListener("abort", hurry);
    timers.forEach(clearTimeout);
    await child.stdin.close().catch(() => {}); // broken by now
    await log;
  };

  const started = Promise.withResolvers<Listening>();
  const log = readLog(child.stderr, started);
  const onAbort = () => started.reject(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const { address, worker_id } = await started.promise;
    return { address, workerId: worker_id, pid: child.pid, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Workers that were started together, and end together. */
export interface LocalWorkers extends AsyncDisposable {
  readonly workers: readonly LocalWorker[];
}

/**
 * Starts several at once, on one folder of shards.
 *
 * @throws {WorkerStartError} If one of them ends before it listens; the others have ended, too.
 * @throws `options.signal.reason` once aborted.
 */
export async function startLocalWorkers(count: number, options: LocalWorkerOptions): Promise<LocalWorkers> {
  const starts = await Promise.allSettled(Array.from({ length: count }, () => startLocalWorker(options)));
  const workers = starts.flatMap((start) => start.status === "fulfilled" ? [start.value] : []);
  const stopAll = async () => void await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()));
  const failed = starts.find((start) => start.status === "rejected");
  if (!failed) return { workers, [Symbol.asyncDispose]: stopAll };
  await stopAll();
  throw failed.reason;
}

function workerFlags(
  { shardsDir, encoder = "auto", maxTasks, threads, master, tokenFile, drainSeconds }: LocalWorkerOptions,
): string[] {
  const flags = {
    port: 0,
    shards_dir: shardsDir,
    encoder,
    log_format: "json",
    max_tasks: maxTasks,
    threads,
    master,
    token_file: tokenFile,
    drain_seconds: drainSeconds,
  };
  return Object.entries(flags).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)]
  );
}

interface Listening {
  readonly address: string;
  readonly worker_id: string;
}

/** Reads the log to its end, since a worker that nobody reads would stop at a full pipe. */
async function readLog(
  stderr: ReadableStream<Uint8Array>,
  started: PromiseWithResolvers<Listening>,
): Promise<void> {
  let lastLine = "it said nothing";
  for await (const line of boundedLines(stderr, { maxLength: MAX_LINE })) {
    const entry = parseEntry(line);
    if (entry?.address !== undefined && entry.worker_id !== undefined) started.resolve(entry as Listening);
    lastLine = line;
  }
  started.reject(new WorkerStartError(`Cannot start a worker: ${lastLine}`));
}

function parseEntry(line: string): Partial<Listening> | undefined {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // a line of Deno's own, such as of a download
    throw error;
  }
}

function terminate(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // Deno's answer when the process has ended
  }
}
