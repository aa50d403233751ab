/** Standard output and standard error, whole or with an error. */

/** Standard output or error did not take the text: a full disk, or a reader that has gone. */
export class OutputError extends Error {
  override readonly name = "OutputError";
}

/**
 * @param text With its line feeds.
 * @throws {OutputError} If not all of it could be written.
 */
export function writeOut(text: string): void {
  writeAll(Deno.stdout, "standard output", text);
}

/**
 * @param text With its line feeds.
 * @throws {OutputError} If not all of it could be written.
 */
export function writeError(text: string): void {
  writeAll(Deno.stderr, "standard error", text);
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, name: string, text: string): void {
  let bytes = new TextEncoder().encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutputError(`Cannot write to ${name}: ${reason}`, { cause });
  }
}
