import { assertEquals, assertRejects } from "@std/assert";
import { forEachConcurrently } from "../../lib/fleet/for_each_concurrently.ts";
import { settled } from "./fake_clock.ts";

/** Numbers from 0, made when they are asked for. */
function numbers(count: number) {
  let pulled = 0;
  let isCancelled = false;
  const stream = new ReadableStream<number>({
    pull(controller) {
      if (pulled === count) controller.close();
      else controller.enqueue(pulled++);
    },
    cancel: () => void (isCancelled = true),
  }, { highWaterMark: 0 });
  return { stream, pulled: () => pulled, isCancelled: () => isCancelled };
}

/** Tasks that run until the test says otherwise. */
function heldTasks() {
  const held = new Map<number, PromiseWithResolvers<void>>();
  const ended: number[] = [];
  return {
    running: () => [...held.keys()],
    ended,
    task: async (item: number) => {
      const end = Promise.withResolvers<void>();
      held.set(item, end);
      await end.promise.finally(() => held.delete(item));
      ended.push(item);
    },
    async end(item: number) {
      held.get(item)!.resolve();
      await settled();
    },
    async fail(item: number, error: unknown) {
      held.get(item)!.reject(error);
      await settled();
    },
  };
}

Deno.test("forEachConcurrently() runs so many tasks at once, and pulls no item before there is a place for it", async () => {
  const { stream, pulled } = numbers(5);
  const { task, running, end } = heldTasks();
  const all = forEachConcurrently(stream, task, { concurrency: 2 });
  await settled();
  assertEquals([running(), pulled()], [[0, 1], 2]);
  await end(1);
  assertEquals([running(), pulled()], [[0, 2], 3]);
  for (const item of [0, 2, 3, 4]) await end(item);
  await all;
  assertEquals(running(), []);
});

Deno.test("forEachConcurrently() resolves only when the last task has ended", async () => {
  const { task, end, ended } = heldTasks();
  let isOver = false;
  const all = forEachConcurrently(numbers(3).stream, task, { concurrency: 10 }).then(() => isOver = true);
  await settled();
  for (const item of [2, 0]) await end(item);
  assertEquals([isOver, ended], [false, [2, 0]]);
  await end(1);
  await all;
});

Deno.test("forEachConcurrently() does nothing for an empty stream", async () => {
  const task = () => Promise.reject(new Error("there is no item"));
  await forEachConcurrently(numbers(0).stream, task, { concurrency: 1 });
});

Deno.test("forEachConcurrently() throws the first task's error, cancels the stream, and waits for the other tasks", async () => {
  const { stream, isCancelled, pulled } = numbers(100);
  const { task, fail, end, ended } = heldTasks();
  let error: unknown;
  const all = forEachConcurrently(stream, task, { concurrency: 3 }).catch((thrown) => error = thrown);
  await settled();
  await fail(1, new Error("broken"));
  assertEquals([isCancelled(), pulled(), error], [true, 3, undefined]);
  await fail(0, new Error("broken later"));
  await end(2);
  await all;
  assertEquals([(error as Error).message, ended], ["broken", [2]]);
});

Deno.test("forEachConcurrently() tells the other tasks when one has failed", async () => {
  const told: unknown[] = [];
  const task = async (item: number, signal: AbortSignal): Promise<void> => {
    if (item === 2) throw new Error("broken");
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    told.push([item, (signal.reason as Error).message]);
    throw signal.reason;
  };
  await assertRejects(
    () => forEachConcurrently(numbers(9).stream, task, { concurrency: 3 }),
    Error,
    "broken",
  );
  assertEquals(told, [[0, "broken"], [1, "broken"]]);
});

Deno.test("forEachConcurrently() throws the stream's error once the tasks, which are told, have ended", async () => {
  let told: unknown;
  const stream = ReadableStream.from((async function* () {
    yield 0;
    await settled();
    throw new Error("no more items");
  })());
  const task = async (_: number, signal: AbortSignal): Promise<void> => {
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    told = signal.reason;
  };
  const error = await assertRejects(() => forEachConcurrently(stream, task, { concurrency: 2 }));
  assertEquals([(error as Error).message, told], ["no more items", error]);
});

Deno.test("forEachConcurrently() ends with its signal's reason and starts nothing more", async () => {
  const stop = new AbortController();
  const { stream, isCancelled, pulled } = numbers(100);
  const task = async (_: number, signal: AbortSignal): Promise<void> => {
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    signal.throwIfAborted();
  };
  const all = forEachConcurrently(stream, task, { concurrency: 2, signal: stop.signal });
  await settled();
  stop.abort(new DOMException("stop", "AbortError"));
  await assertRejects(() => all, DOMException, "stop");
  assertEquals([isCancelled(), pulled()], [true, 2]);
});

for (const concurrency of [0, -1, 1.5, NaN]) {
  Deno.test(`forEachConcurrently() refuses a concurrency of ${concurrency}`, async () => {
    const task = () => Promise.resolve();
    await assertRejects(() => forEachConcurrently(numbers(1).stream, task, { concurrency }), RangeError);
  });
}
