/** An encode that a child process does: chunk to stdin, shard from stdout, words on stderr, all at once. */
import { boundedLines } from "./bounded_lines.ts";
import { type Bytes, type EncodeFacts, EncoderUnavailableError, type Encoding } from "./encoder.ts";
import { basename } from "node:path";
import { type OpenSpan, withSpan } from "../trace.ts";
import { failedEncoding } from "./failed_encoding.ts";

/** How a child process came to its end. */
export interface ProcessEnd {
  readonly status: Deno.CommandStatus;
  /** Its last lines on stderr that {@link EncoderProgram.readLine} did not take, oldest first. */
  readonly logTail: readonly string[];
}

/** A program to run for one encode, and what is made of its words. */
export interface EncoderProgram {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Told every line on stderr; true says that the line was a message and is not part of the log. */
  readonly readLine: (line: string) => boolean;
  /** What the program did, once it has ended by itself; throws what went wrong. */
  readonly conclude: (end: ProcessEnd) => EncodeFacts;
}

export interface EncodeInProcessOptions {
  /** Holds the process id while the process lives. */
  readonly pids: Set<number>;
  readonly signal?: AbortSignal | undefined;
}

const LOG_TAIL_LINES = 20;
/** In UTF-16 units; the rest of a line on stderr is dropped. */
export const MAX_LINE_LENGTH = 2_000;

/**
 * Starts the program and connects it. It is killed once `signal` aborts, the source fails or the shard is
 * cancelled, and has exited before any of these is told.
 */
export function encodeInProcess(
  program: EncoderProgram,
  source: Bytes,
  { pids, signal }: EncodeInProcessOptions,
): Encoding {
  if (signal?.aborted) return failedEncoding(source, signal.reason);
  const reader = source.getReader(); // throws where another reads it, and then no process must be there
  const child = startProgram(program);
  if (child instanceof EncoderUnavailableError) {
    reader.releaseLock();
    return failedEncoding(source, child);
  }

  const facts = Promise.withResolvers<EncodeFacts>();
  facts.promise.catch(() => {}); // whoever reads the shard sees it as well
  const run = superviseProgram(program, child, { reader, pids });
  const stdout = child.stdout.getReader();
  let shardController: ReadableStreamDefaultController<Uint8Array> | undefined;

  const fail = (error: unknown): void => {
    signal?.removeEventListener("abort", onAbort);
    stdout.cancel().catch(() => {}); // gone with its process
    shardController?.error(error);
    facts.reject(error);
  };
  const stop = async (reason: unknown): Promise<void> => {
    await run.kill(reason);
    fail(reason);
  };
  const onAbort = (): void => void stop(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  run.outcome.catch(fail);

  const shard = new ReadableStream<Uint8Array>({
    start: (controller) => void (shardController = controller),
    async pull(controller) {
      const part = await stdout.read();
      if (!part.done) return controller.enqueue(part.value);
      const outcome = await run.outcome;
      signal?.removeEventListener("abort", onAbort);
      controller.close();
      facts.resolve(outcome);
    },
    cancel: (reason = new DOMException("The shard is no longer wanted", "AbortError")) => stop(reason),
  }, { highWaterMark: 0 });
  return { shard, facts: facts.promise };
}

function startProgram({ command, args, env }: EncoderProgram): Deno.ChildProcess | EncoderUnavailableError {
  try {
    return new Deno.Command(command, {
      args: [...args],
      env: { ...env, OTEL_DENO: "false" }, // one of Deno's would wait for its export at its end
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      detached: true, // Ctrl-C at the terminal is for us, who may let it finish
    }).spawn();
  } catch (cause) {
    return new EncoderUnavailableError(`Cannot start "${command}": ${errorMessage(cause)}`, { cause });
  }
}

interface Supervised {
  /** What the program made of it, or why it was killed, once it has exited. */
  readonly outcome: Promise<EncodeFacts>;
  /** Ends the program, `outcome` with `reason`; resolves once it has exited. Without effect after that. */
  readonly kill: (reason: unknown) => Promise<void>;
}

function superviseProgram(
  program: EncoderProgram,
  child: Deno.ChildProcess,
  { reader, pids }: { readonly reader: ReadableStreamDefaultReader<Uint8Array>; readonly pids: Set<number> },
): Supervised {
  let killed: { readonly reason: unknown } | undefined;
  let exited = false;
  pids.add(child.pid);
  const killAtOurEnd = (): void => killIfAlive(child);
  addEventListener("unload", killAtOurEnd); // an exit that waits for nothing
  const kill = async (reason: unknown): Promise<void> => {
    killed ??= { reason };
    reader.cancel(reason).catch(() => {}); // a source that cannot be cancelled is none of this encode's
    if (!exited) killIfAlive(child);
    await child.status;
  };

  async function supervise(span: OpenSpan): Promise<EncodeFacts> {
    const log = collectLog(child.stderr, program.readLine);
    log.catch(kill); // a reader of lines that throws must not go unseen until the end
    const feeding = feed(reader, child.stdin).catch((error) => kill(error));
    const status = await child.status;
    exited = true;
    removeEventListener("unload", killAtOurEnd);
    pids.delete(child.pid);
    span.note({ "process.exit.code": status.code });
    // Or the feeding would go on; after a success it does, since the source's other readers may want its end.
    if (!status.success) reader.cancel().catch(() => {});
    await feeding;
    const logTail = await log;
    if (killed) throw killed.reason;
    return program.conclude({ status, logTail });
  }
  const facts = { "process.executable.name": basename(program.command), "process.pid": child.pid };
  return { outcome: withSpan({ name: "encoder process", facts }, supervise), kill };
}

function killIfAlive(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it has just exited by itself
  }
}

/**
 * Writes all of the source to the program, or reads it to its end where the program takes no more: that is
 * no error of its own, since the program says why.
 *
 * @throws What the source fails with.
 */
async function feed(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  stdin: WritableStream<Uint8Array>,
): Promise<void> {
  const writer = stdin.getWriter();
  let writable = true;
  try {
    for (;;) {
      const part = await reader.read();
      if (part.done) break;
      if (writable) writable = await writer.write(part.value).then(() => true, () => false);
    }
  } finally {
    await writer.close().catch(() => {});
  }
}

async function collectLog(
  stderr: ReadableStream<Uint8Array>,
  readLine: EncoderProgram["readLine"],
): Promise<string[]> {
  const tail: string[] = [];
  for await (const line of boundedLines(stderr, { maxLength: MAX_LINE_LENGTH })) {
    if (readLine(line)) continue;
    tail.push(line);
    if (tail.length > LOG_TAIL_LINES) tail.shift();
  }
  return tail;
}

function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
