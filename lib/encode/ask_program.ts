/** One question to a program that an encoder depends on. */
import { EncoderUnavailableError } from "./encoder.ts";

/**
 * Runs the program to its end and returns what it prints.
 *
 * @throws {EncoderUnavailableError} If it does not start, or fails; with its words.
 * @throws `options.signal.reason` once aborted.
 */
export async function askProgram(
  command: string,
  args: readonly string[],
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<string> {
  signal?.throwIfAborted();
  const { success, stdout, stderr } = await runProgram(command, args, signal);
  signal?.throwIfAborted();
  if (success) return new TextDecoder().decode(stdout);
  const reason = new TextDecoder().decode(stderr).trim().slice(0, 2_000);
  throw new EncoderUnavailableError(`Cannot use "${command}": ${reason}`);
}

async function runProgram(
  command: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Deno.CommandOutput> {
  const options: Deno.CommandOptions = {
    args: [...args],
    env: { OTEL_DENO: "false" }, // one of Deno's would answer, and then wait for its export
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    detached: true, // Ctrl-C at the terminal is for us, whose signal ends it
  };
  try {
    // not Command.output(), which does not detach
    return await new Deno.Command(command, { ...options, ...(signal && { signal }) }).spawn().output();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EncoderUnavailableError(`Cannot start "${command}": ${reason}`, { cause });
  }
}
