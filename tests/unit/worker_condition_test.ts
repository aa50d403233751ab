import { assertEquals } from "@std/assert";
import { watchCondition } from "../../lib/worker/condition.ts";
import type { Verdict } from "../../lib/worker/health.ts";

/** A store whose disk the test fills and breaks. */
function fakeStore() {
  return {
    problem: undefined as Error | undefined,
    free: 2 ** 40,
    probes: 0,
    checkWritable() {
      this.probes++;
      return this.problem ? Promise.reject(this.problem) : Promise.resolve();
    },
    freeBytes() {
      return this.free < 0 ? Promise.reject(new Error("no such disk")) : Promise.resolve(this.free);
    },
  };
}

function setUp() {
  const store = fakeStore();
  const told: Verdict[] = [];
  const condition = watchCondition(store, { onChange: (verdict) => void told.push(verdict) });
  return { store, told, condition, [Symbol.asyncDispose]: () => condition[Symbol.asyncDispose]() };
}

Deno.test("refresh() finds out that the store is broken and that it is well again, and each is told once", async () => {
  await using t = setUp();
  await t.condition.refresh();
  assertEquals(t.told, []);
  t.store.problem = new Error("read-only");
  for (let i = 0; i < 2; i++) await t.condition.refresh();
  assertEquals(t.condition.verdict(), { isHealthy: false, message: "store is not writable: read-only" });
  t.store.problem = undefined;
  await t.condition.refresh();
  assertEquals(t.told, [
    { isHealthy: false, message: "store is not writable: read-only" },
    { isHealthy: true, message: "healthy" },
  ]);
});

Deno.test("a disk that is nearly full is no healthy one, one whose size cannot be read may be", async () => {
  await using t = setUp();
  t.store.free = 1_000;
  await t.condition.refresh();
  assertEquals(t.condition.verdict().message, "disk is nearly full: 0 MiB free");
  t.store.free = -1;
  await t.condition.refresh();
  assertEquals(t.condition.verdict().isHealthy, true);
});

Deno.test("refresh() looks once for all who ask meanwhile", async () => {
  await using t = setUp();
  await Promise.all([t.condition.refresh(), t.condition.refresh(), t.condition.refresh()]);
  assertEquals(t.store.probes, 1);
});

Deno.test("startDraining() is told at once and stays, whatever the store does", async () => {
  await using t = setUp();
  t.condition.startDraining();
  assertEquals(t.told, [{ isHealthy: false, message: "draining" }]);
  await t.condition.refresh();
  assertEquals(t.condition.verdict().message, "draining");
  assertEquals(t.told.length, 1);
});
