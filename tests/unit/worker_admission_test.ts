import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { BusyError, createAdmission, DrainingError } from "../../lib/worker/admission.ts";
import { settled } from "./fake_clock.ts";

const { signal: NEVER } = new AbortController();

/** A task that ends when it is told to. */
function openTask() {
  const end = Promise.withResolvers<void>();
  const task = { started: false, end: end.resolve, fail: end.reject };
  return Object.assign(task, {
    async run() {
      task.started = true;
      await end.promise;
    },
  });
}

/** Has so many tasks run or wait. */
function fill(admission: ReturnType<typeof createAdmission>, count: number) {
  return Array.from({ length: count }, () => {
    const task = openTask();
    return Object.assign(task, { ended: admission.run(() => task.run(), { signal: NEVER }) });
  });
}

Deno.test("run() runs maxTasks at once, then lets the first who waits in", async () => {
  const admission = createAdmission({ maxTasks: 2, maxQueued: 2 });
  const tasks = fill(admission, 4);
  await settled();
  assertEquals(tasks.map(({ started }) => started), [true, true, false, false]);
  assertEquals([admission.running, admission.queued], [2, 2]);
  tasks[1]!.end();
  await settled();
  assertEquals(tasks.map(({ started }) => started), [true, true, true, false]);
  assertEquals([admission.running, admission.queued], [2, 1]);
  for (const task of tasks) task.end();
  await Promise.all(tasks.map(({ ended }) => ended));
  assertEquals([admission.running, admission.queued], [0, 0]);
});

Deno.test("run() sends away whoever finds the queue full, and says when to come back", async () => {
  const admission = createAdmission({ maxTasks: 1, maxQueued: 1 });
  const tasks = fill(admission, 2);
  const error = await assertRejects(
    () => admission.run(() => Promise.resolve(), { signal: NEVER }),
    BusyError,
  );
  assertEquals(
    error.message,
    "Cannot take the chunk: 1 running and 1 waiting are all that this worker takes",
  );
  assert(error.retryAfterMs >= 250 && error.retryAfterMs <= 30_000, `${error.retryAfterMs}`);
  for (const task of tasks) task.end();
  await Promise.all(tasks.map(({ ended }) => ended));
});

Deno.test("run() gives what the task gives or throws, and its place back either way", async () => {
  const admission = createAdmission({ maxTasks: 1, maxQueued: 0 });
  assertEquals(await admission.run(() => Promise.resolve(7), { signal: NEVER }), 7);
  const failure = new Error("broken");
  await assertRejects(() => admission.run(() => Promise.reject(failure), { signal: NEVER }), Error, "broken");
  const throwing = () => {
    throw failure;
  };
  await assertRejects(() => admission.run(throwing, { signal: NEVER }), Error, "broken");
  assertEquals(admission.running, 0);
});

Deno.test("run() leaves the queue when its signal aborts, and its task never starts", async () => {
  const admission = createAdmission({ maxTasks: 1, maxQueued: 2 });
  const [running, behind] = fill(admission, 1);
  assertEquals(behind, undefined);
  const stop = new AbortController();
  const task = openTask();
  const waiting = admission.run(() => task.run(), { signal: stop.signal });
  await settled();
  assertEquals(admission.queued, 1);
  stop.abort(new Error("caller is gone"));
  await assertRejects(() => waiting, Error, "caller is gone");
  assertEquals([admission.queued, task.started], [0, false]);
  running!.end();
  await running!.ended;
  assertEquals([admission.running, task.started], [0, false]);
});

Deno.test("run() takes no place for a signal that has aborted before", async () => {
  const admission = createAdmission({ maxTasks: 1, maxQueued: 0 });
  const signal = AbortSignal.abort(new Error("too late"));
  await assertRejects(() => admission.run(() => Promise.resolve(), { signal }), Error, "too late");
  assertEquals(admission.running, 0);
});

Deno.test("close() sends away those that wait and all that come, and resolves when the last has ended", async () => {
  const admission = createAdmission({ maxTasks: 1, maxQueued: 1 });
  const [running, waiting] = fill(admission, 2);
  let isClosed = false;
  const closed = admission.close().then(() => isClosed = true);
  await assertRejects(() => waiting!.ended, DrainingError);
  await assertRejects(() => admission.run(() => Promise.resolve(), { signal: NEVER }), DrainingError);
  await settled();
  assertEquals([isClosed, admission.running], [false, 1]);
  running!.end();
  await closed;
  assertEquals([waiting!.started, admission.running], [false, 0]);
});

Deno.test("close() resolves at once when nothing runs", async () => {
  await createAdmission({ maxTasks: 1, maxQueued: 1 }).close();
});

Deno.test("refusal() says what would become of a task that comes after others", async () => {
  const admission = createAdmission({ maxTasks: 1, maxQueued: 2 });
  const [task] = fill(admission, 1);
  assertEquals([0, 1].map((others) => admission.refusal(others)), [undefined, undefined]);
  assert(admission.refusal(2) instanceof BusyError);
  const closed = admission.close();
  assert(admission.refusal(0) instanceof DrainingError);
  task!.end();
  await closed;
});

Deno.test("never more than maxTasks run, whatever comes, ends and gives up in which order", async () => {
  const step = fc.oneof(
    fc.constant("come" as const),
    fc.record({ end: fc.nat() }),
    fc.record({ giveUp: fc.nat() }),
  );
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.nat(4), fc.array(step), async (
    maxTasks,
    maxQueued,
    steps,
  ) => {
    const admission = createAdmission({ maxTasks, maxQueued });
    const tasks: { isRunning: boolean; end: () => void; stop: AbortController; ended: Promise<unknown> }[] =
      [];
    for (const each of steps) {
      if (each === "come") {
        const { promise, resolve: end } = Promise.withResolvers<void>();
        const task = {
          isRunning: false,
          end,
          stop: new AbortController(),
          ended: Promise.resolve<unknown>(0),
        };
        const run = async () => {
          task.isRunning = true;
          await promise;
          task.isRunning = false;
        };
        task.ended = admission.run(run, { signal: task.stop.signal }).catch(() => {});
        tasks.push(task);
      } else if ("end" in each) tasks[each.end % Math.max(1, tasks.length)]?.end();
      else tasks[each.giveUp % Math.max(1, tasks.length)]?.stop.abort();
      await settled();
      const running = tasks.filter(({ isRunning }) => isRunning).length;
      assertEquals(admission.running, running);
      assert(running <= maxTasks && admission.queued <= maxQueued);
      assert(admission.queued === 0 || running === maxTasks, "nobody waits while there is a place");
    }
    for (const { end } of tasks) end();
    await Promise.all(tasks.map(({ ended }) => ended));
    assertEquals([admission.running, admission.queued], [0, 0]);
  }));
});
