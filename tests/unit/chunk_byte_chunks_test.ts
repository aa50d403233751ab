import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { byteChunks } from "../../lib/chunk/byte_chunks.ts";

function ramp(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i % 251);
}

function concatenated(blocks: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(blocks.flatMap((block) => [...block]));
}

Deno.test("byteChunks() gives blocks of exactly its size for any split of the input, the last one shorter", async () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 30 });
  await fc.assert(fc.asyncProperty(pieces, fc.integer({ min: 1, max: 50 }), async (pieces, size) => {
    const blocks = await Array.fromAsync(ReadableStream.from(pieces).pipeThrough(byteChunks(size)));
    assertEquals(concatenated(blocks), concatenated(pieces));
    assert(blocks.slice(0, -1).every((block) => block.length === size));
    if (blocks.length > 0) assert(blocks.at(-1)!.length >= 1 && blocks.at(-1)!.length <= size);
  }));
});

for (
  const [pieceBytes, size] of [[1, 100_000], [65_536, 65_536], [200_000, 7], [300_000, 250_000]] as const
) {
  Deno.test(`byteChunks(${size}) loses nothing of pieces of ${pieceBytes} bytes`, async () => {
    const input = ramp(300_000);
    const pieces = function* () {
      for (let start = 0; start < input.length; start += pieceBytes) {
        yield input.subarray(start, start + pieceBytes);
      }
    };
    let position = 0;
    for await (const block of ReadableStream.from(pieces()).pipeThrough(byteChunks(size))) {
      assertEquals(block, input.slice(position, position + size));
      position += block.length;
    }
    assertEquals(position, input.length);
  });
}

Deno.test("byteChunks() costs no more than its input when the size is far larger", async () => {
  const blocks = await Array.fromAsync(ReadableStream.from([ramp(10)]).pipeThrough(byteChunks(2 ** 50)));
  assertEquals(blocks, [new Uint8Array(ramp(10))]);
  assertEquals(blocks[0]!.buffer.byteLength, 10);
});

Deno.test("byteChunks() gives blocks that stay as they are when the source uses its buffer again", async () => {
  const buffer = new Uint8Array(4);
  const source = function* () {
    for (const value of [1, 2, 3]) yield buffer.fill(value);
  };
  const blocks = await Array.fromAsync(ReadableStream.from(source()).pipeThrough(byteChunks(4)));
  assertEquals(blocks.map((block) => [...block]), [[1, 1, 1, 1], [2, 2, 2, 2], [3, 3, 3, 3]]);
});

Deno.test("byteChunks() gives nothing for nothing", async () => {
  assertEquals(await Array.fromAsync(ReadableStream.from<Uint8Array>([]).pipeThrough(byteChunks(5))), []);
});

Deno.test("byteChunks() lets a slow reader stop the source", async () => {
  let pulls = 0;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulls++;
      controller.enqueue(ramp(10));
    },
  }, { highWaterMark: 0 });
  const reader = source.pipeThrough(byteChunks(10)).getReader();
  await reader.read();
  await reader.read();
  // One piece may wait on either side of the cut.
  assert(pulls <= 4, `${pulls} pieces for two blocks`);
  await reader.cancel();
});

for (const size of [0, -1, 1.5, NaN, Infinity, 2 ** 53]) {
  Deno.test(`byteChunks(${size}) is refused`, () => {
    assertThrows(() => byteChunks(size), RangeError, String(size));
  });
}
