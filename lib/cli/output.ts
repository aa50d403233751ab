/** Standard output and standard error, whole or with an error. */

/** Standard output or error did not take the text: a full disk, or a reader that has gone. */
export class OutputError extends Error {
  override readonly name = "OutputError";
  /** Of the text, before the failure. */
  readonly writtenBytes: number;

  constructor(
    message: string,
    { writtenBytes, ...options }: ErrorOptions & { readonly writtenBytes: number },
  ) {
    super(message, options);
    this.writtenBytes = writtenBytes;
  }
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
  const bytes = new TextEncoder().encode(text);
  let writtenBytes = 0;
  try {
    while (writtenBytes < bytes.length) writtenBytes += stream.writeSync(bytes.subarray(writtenBytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutputError(`Cannot write to ${name}: ${reason}`, { cause, writtenBytes });
  }
}
