import { assertEquals } from "@std/assert";
import { boundedLines } from "../../lib/encode/bounded_lines.ts";

function inPieces(text: string, pieceBytes: number): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  const pieces = Array.from(
    { length: Math.ceil(bytes.length / pieceBytes) },
    (_, index) => bytes.slice(index * pieceBytes, (index + 1) * pieceBytes),
  );
  return ReadableStream.from(pieces);
}

for (const pieceBytes of [1, 2, 3, 7, 100]) {
  Deno.test(`boundedLines() gives the same lines for pieces of ${pieceBytes} bytes`, async () => {
    const lines = boundedLines(inPieces("one\r\n\ntwö\rthree\nlast", pieceBytes), { maxLength: 100 });
    assertEquals(await Array.fromAsync(lines), ["one", "twö", "three", "last"]);
  });

  Deno.test(`boundedLines() cuts a long line in pieces of ${pieceBytes} bytes, and it alone`, async () => {
    const lines = boundedLines(inPieces(`${"x".repeat(50)}\nshort\n`, pieceBytes), { maxLength: 8 });
    assertEquals(await Array.fromAsync(lines), ["xxxxxxxx", "short"]);
  });
}
