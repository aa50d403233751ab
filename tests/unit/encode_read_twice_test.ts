import { assertEquals, assertRejects } from "@std/assert";
import { readTwice } from "../../lib/encode/read_twice.ts";

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
