/** Lines of a stream whose writer is not trusted to end them. */

/**
 * Splits text at CR, LF or both; empty lines are left out. Of a line longer than `maxLength` UTF-16 units the
 * rest is dropped, so memory is bounded whatever comes.
 */
export async function* boundedLines(
  source: ReadableStream<Uint8Array>,
  { maxLength }: { readonly maxLength: number },
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let line = "";
  for await (const part of source) {
    const pieces = decoder.decode(part, { stream: true }).split(/[\r\n]/);
    const unfinished = pieces.pop() ?? "";
    for (const piece of pieces) {
      line += piece.slice(0, maxLength - line.length);
      if (line !== "") yield line;
      line = "";
    }
    line += unfinished.slice(0, maxLength - line.length);
  }
  if (line !== "") yield line;
}
