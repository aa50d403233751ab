/** A server in a process of its own, for as long as a test needs it. */

export interface ServerProcess extends AsyncDisposable {
  /** What `ready` found in the line that says the server listens. */
  readonly ready: RegExpExecArray;
  readonly child: Deno.ChildProcess;
  /** What it has written so far, for messages of failed tests. */
  output(): string;
}

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the test's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Looked for in stdout and in stderr, each by itself. */
  readonly ready: RegExp;
  /** Default 60 seconds. */
  readonly startMs?: number;
  readonly signal?: AbortSignal;
}

/** How long a server may take to end by itself before it is killed. */
const STOP_MS = 10_000;

/**
 * Starts a server and waits until it says that it listens. Disposing of it sends SIGTERM, then SIGKILL.
 *
 * @throws {Error} If it ends first or says nothing in time, with what it wrote.
 * @throws `options.signal.reason` once aborted; the process has ended by then.
 */
export async function startServer(server: ServerCommand): Promise<ServerProcess> {
  const child = new Deno.Command(server.command, {
    args: [...server.args],
    env: { ...server.env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const written = ["", ""];
  const found = Promise.withResolvers<RegExpExecArray>();
  const read = Promise.all([child.stdout, child.stderr].map(async (stream, which) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      written[which] += text;
      const match = server.ready.exec(written[which]!);
      if (match) found.resolve(match);
    }
  }));
  const output = () => written.join("");
  const stop = async () => {
    await ended(child);
    await Promise.all([read, child.stdin.close().catch(ignoreClosed)]);
  };

  const giveUp = (reason: unknown) => found.reject(reason);
  const late = setTimeout(
    () => giveUp(new Error(`${server.command} does not say that it listens: ${output()}`)),
    server.startMs ?? 60_000,
  );
  const onAbort = () => giveUp(server.signal?.reason);
  server.signal?.addEventListener("abort", onAbort);
  found.promise.catch(() => {}); // whoever is told before that it was aborted does not ask
  read.then(() => giveUp(new Error(`${server.command} ended before it listened: ${output()}`)), giveUp);
  try {
    server.signal?.throwIfAborted();
    return { ready: await found.promise, child, output, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(late);
    server.signal?.removeEventListener("abort", onAbort);
  }
}

async function ended(child: Deno.ChildProcess): Promise<void> {
  terminate(child, "SIGTERM");
  const late = setTimeout(() => terminate(child, "SIGKILL"), STOP_MS);
  await child.status;
  clearTimeout(late);
}

function terminate(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // Deno's answer when the process has ended
  }
}

/** The test closed it, or the process ended first. */
function ignoreClosed(error: unknown): void {
  if (!(error instanceof TypeError || error instanceof Deno.errors.BrokenPipe)) throw error;
}
