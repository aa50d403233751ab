/** The project's scripts, run as a user runs them: each in a process, in a folder of its own. */
import { fileURLToPath } from "node:url";

export interface ScriptResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ScriptOptions {
  readonly cwd: string;
  /** Added to the test's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Piped for a test that types, and then closes it; default "null". */
  readonly stdin?: "null" | "piped";
  /** A command that gets the script's as its last arguments, such as `["nice"]`. */
  readonly through?: readonly string[];
  /** Told to end after this, and killed unless it does; default 90 seconds. */
  readonly limitMs?: number;
}

/** Disposing of it kills it if it still runs. */
export interface RunningScript extends AsyncDisposable {
  readonly child: Deno.ChildProcess;
  /** What it has written so far. */
  stdout(): string;
  stderr(): string;
  /**
   * Asked again whenever something was written, until it gives anything but undefined.
   *
   * @throws {Error} If the script ends first.
   */
  until<T>(find: () => T | undefined): Promise<T>;
  /** @throws {Error} If the script ends without having written anything like it to stdout or stderr. */
  untilWritten(pattern: RegExp): Promise<void>;
  /** @throws {Error} If it took too long. */
  readonly result: Promise<ScriptResult>;
}

/** Between being told to end, being killed, and being given up. */
const GRACE_MS = 5_000;

/** Where the project is. */
export const PROJECT: string = fileURLToPath(new URL("../../", import.meta.url));

/** @param script Relative to the project. */
export async function runScript(
  script: string,
  args: readonly string[],
  options: ScriptOptions,
): Promise<ScriptResult> {
  return await startScript(script, args, options).result;
}

/** As {@linkcode runScript}, without waiting for its end. */
export function startScript(
  script: string,
  args: readonly string[],
  options: ScriptOptions,
): RunningScript {
  return startCommand(
    [...options.through ?? [], Deno.execPath(), "run", "-A", "--no-prompt", `${PROJECT}${script}`, ...args],
    options,
  );
}

/** Any command, bounded and read in the same way. */
export function startCommand(
  [command, ...args]: readonly string[],
  { cwd, env = {}, stdin = "null", limitMs = 90_000 }: ScriptOptions,
): RunningScript {
  const child = new Deno.Command(command!, {
    args,
    cwd,
    // as from a shell: a task of this project goes to where its user is, and under `deno task test` that is said already
    env: { NO_COLOR: "1", INIT_CWD: cwd ?? Deno.cwd(), ...env },
    stdin,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const written = { stdout: "", stderr: "" };
  let isOver = false;
  let wake = Promise.withResolvers<void>();
  const abandoned = new AbortController();
  const read = (["stdout", "stderr"] as const).map(async (name) => {
    const sink = new WritableStream<string>({
      write(text) {
        written[name] += text;
        wake.resolve();
        wake = Promise.withResolvers();
      },
    });
    await child[name].pipeThrough(new TextDecoderStream()).pipeTo(sink, { signal: abandoned.signal });
  });
  const told = () => `\n--- stdout\n${written.stdout}\n--- stderr\n${written.stderr}`;
  const end = async (): Promise<ScriptResult> => {
    const late = new Error(`${command} ${args.join(" ")} is not done after ${limitMs} ms`);
    const timers = [
      setTimeout(() => signalTo(child, "SIGTERM"), limitMs),
      setTimeout(() => signalTo(child, "SIGKILL"), limitMs + GRACE_MS),
      // processes that it has started may still hold its output
      setTimeout(() => abandoned.abort(late), limitMs + 2 * GRACE_MS),
    ];
    const startedMs = performance.now();
    try {
      const [{ code }] = await Promise.all([child.status, ...read]);
      if (performance.now() - startedMs >= limitMs) throw late;
      return { code, ...written };
    } catch (error) {
      throw error === late ? new Error(late.message + told()) : error;
    } finally {
      timers.forEach(clearTimeout);
      isOver = true;
      wake.resolve();
    }
  };
  const until = async <T>(find: () => T | undefined): Promise<T> => {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (isOver) throw new Error(`${command} ended without what was waited for${told()}`);
      await wake.promise;
    }
  };
  const result = end();
  result.catch(() => {}); // a test that only waits for what it writes does not ask
  return {
    child,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    result,
    until,
    async untilWritten(pattern) {
      await until(() => pattern.test(written.stdout) || pattern.test(written.stderr) || undefined);
    },
    async [Symbol.asyncDispose]() {
      if (!isOver) signalTo(child, "SIGKILL");
      await result.catch(() => {});
    },
  };
}

function signalTo(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // Deno's answer when the process has ended
  }
}
