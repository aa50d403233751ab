import { assertEquals, assertRejects } from "@std/assert";
import { type SeekableFile, seekableSink, writeAt } from "../../lib/assemble/seekable_sink.ts";

/** A file in memory that takes at most `most` bytes a write. */
class SmallWrites implements SeekableFile {
  readonly bytes: number[] = [];
  #position = 0;
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  seek(offset: number): Promise<number> {
    this.#position = offset;
    return Promise.resolve(offset);
  }

  write(bytes: Uint8Array): Promise<number> {
    const taken = bytes.subarray(0, this.#most);
    for (const byte of taken) this.bytes[this.#position++] = byte;
    return Promise.resolve(taken.length);
  }
}

Deno.test("writeAt() writes every byte, however few a write takes", async () => {
  for (const most of [1, 3, 100]) {
    const file = new SmallWrites(most);
    await writeAt(file, Uint8Array.of(1, 2, 3, 4, 5, 6, 7), 0);
    await writeAt(file, Uint8Array.of(9, 9), 3);
    assertEquals(file.bytes, [1, 2, 3, 9, 9, 6, 7]);
  }
});

Deno.test("seekableSink() puts each part at its place", async () => {
  const file = new SmallWrites(2);
  const writer = seekableSink(file).getWriter();
  await writer.write({ type: "write", data: Uint8Array.of(1, 1, 1, 1, 1), position: 0 });
  await writer.write({ type: "write", data: Uint8Array.of(3, 3), position: 5 });
  await writer.write({ type: "write", data: Uint8Array.of(2, 2, 2), position: 1 });
  await writer.close();
  assertEquals(file.bytes, [1, 2, 2, 2, 1, 3, 3]);
});

Deno.test("seekableSink() fails with what the disk says", async () => {
  const full = new Error("No space left on device");
  const file = { seek: (offset: number) => Promise.resolve(offset), write: () => Promise.reject(full) };
  const writer = seekableSink(file).getWriter();
  writer.closed.catch(() => {}); // fails as the write does
  const error = await assertRejects(() =>
    writer.write({ type: "write", data: Uint8Array.of(1), position: 0 })
  );
  assertEquals(error, full);
});
