import { assertEquals, assertRejects } from "@std/assert";
import { EncodeError } from "../../lib/encode/encoder.ts";
import { HeadTooLongError, MAX_HEAD_BYTES, readTwice } from "../../lib/encode/read_twice.ts";

function parts(count: number): { source: ReadableStream<Uint8Array>; taken: () => number } {
  let taken = 0;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (taken === count) controller.close();
      else controller.enqueue(Uint8Array.of(taken++));
    },
  }, { highWaterMark: 0 });
  return { source, taken: () => taken };
}

async function numbers(stream: ReadableStream<Uint8Array>): Promise<number[]> {
  return [...await new Response(stream).bytes()];
}

Deno.test("readTwice() gives all of a stream after a part of it", async () => {
  const { source, taken } = parts(5);
  const twice = readTwice(source);
  const head = twice.head.getReader();
  assertEquals((await head.read()).value, Uint8Array.of(0));
  assertEquals((await head.read()).value, Uint8Array.of(1));
  assertEquals(taken(), 2);
  const next = head.read();
  twice.endHead(); // with a part on its way
  assertEquals((await next).done, true);
  assertEquals(await numbers(twice.whole()), [0, 1, 2, 3, 4]);
});

Deno.test("readTwice() gives all of a stream that was read to its end", async () => {
  const twice = readTwice(parts(3).source);
  assertEquals(await numbers(twice.head), [0, 1, 2]);
  twice.endHead();
  assertEquals(await numbers(twice.whole()), [0, 1, 2]);
});

Deno.test("readTwice() leaves the source alone when the head is cancelled, not when the whole is", async () => {
  const reasons: unknown[] = [];
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(Uint8Array.of(7)),
    cancel: (reason) => void reasons.push(reason),
  });
  const twice = readTwice(source);
  await twice.head.cancel("enough");
  assertEquals(reasons, []);
  const whole = twice.whole().getReader();
  assertEquals((await whole.read()).value, Uint8Array.of(7));
  await whole.cancel("no more");
  assertEquals(reasons, ["no more"]);
});

Deno.test("readTwice() fails both times as the source does", async () => {
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => controller.error(new Error("lost")),
  });
  const twice = readTwice(source);
  await assertRejects(() => numbers(twice.head), Error, "lost");
  await assertRejects(() => numbers(twice.whole()), Error, "lost");
});

const PART = new Uint8Array(2 ** 20);

/** The same part again and again; how often it was taken, and what ended it. */
function partsOf(part: Uint8Array, count: number) {
  const source = { taken: 0, cancelledWith: undefined as unknown, stream: new ReadableStream<Uint8Array>() };
  source.stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (source.taken === count) return controller.close();
      source.taken++;
      controller.enqueue(part);
    },
    cancel: (reason) => void (source.cancelledWith = reason),
  }, { highWaterMark: 0 });
  return source;
}

async function sizeOf(stream: ReadableStream<Uint8Array>): Promise<number> {
  let sizeBytes = 0;
  for await (const { length } of stream) sizeBytes += length;
  return sizeBytes;
}

Deno.test("readTwice() fails with its source where the head goes on for longer than it may be kept", async () => {
  const source = partsOf(PART, Infinity);
  const twice = readTwice(source.stream);
  const error = await assertRejects(
    () => sizeOf(twice.head),
    HeadTooLongError,
    "no picture in its first 64 MiB",
  );
  assertEquals(error instanceof EncodeError, true);
  assertEquals(source.taken, MAX_HEAD_BYTES / PART.length + 1);
  assertEquals(source.cancelledWith, error);
  await assertRejects(() => sizeOf(twice.whole()), HeadTooLongError);
});

Deno.test("readTwice() keeps a head of the longest kind, and any single part; what follows the head is not counted", async () => {
  const longest = readTwice(partsOf(PART, MAX_HEAD_BYTES / PART.length).stream);
  assertEquals(await sizeOf(longest.head), MAX_HEAD_BYTES);
  assertEquals(await sizeOf(longest.whole()), MAX_HEAD_BYTES);

  const single = readTwice(partsOf(new Uint8Array(MAX_HEAD_BYTES + 1), 1).stream);
  assertEquals(await sizeOf(single.head), MAX_HEAD_BYTES + 1);
  assertEquals(await sizeOf(single.whole()), MAX_HEAD_BYTES + 1);

  const long = readTwice(partsOf(PART, 200).stream);
  const head = long.head.getReader();
  await head.read();
  long.endHead();
  assertEquals(await sizeOf(long.whole()), 200 * PART.length);
});
