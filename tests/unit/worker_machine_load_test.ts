import { assertEquals } from "@std/assert";
import { type CpuTimes, createCpuMeter, residentBytes } from "../../lib/worker/machine_load.ts";

/** A meter of a machine whose counters the test turns. */
function meterFrom(times: CpuTimes) {
  let now = times;
  const meter = createCpuMeter(() => now);
  return {
    /** The figure after so much more time, in all and busy. */
    after(totalMs: number, busyMs: number): number {
      now = { totalMs: now.totalMs + totalMs, busyMs: now.busyMs + busyMs };
      return meter();
    },
  };
}

Deno.test("the CPU meter gives the utilization since the last sample, not since the start", () => {
  const meter = meterFrom({ busyMs: 1_000_000, totalMs: 1_000_000 });
  assertEquals(meter.after(1_000, 250), 25);
  assertEquals(meter.after(1_000, 1_000), 100);
  assertEquals(meter.after(4_000, 0), 0);
});

Deno.test("the CPU meter gives the last figure to one who asks again at once, and loses no time over it", () => {
  const meter = meterFrom({ busyMs: 0, totalMs: 0 });
  assertEquals(meter.after(1_000, 500), 50);
  assertEquals(meter.after(100, 100), 50);
  assertEquals(meter.after(0, 0), 50);
  assertEquals(meter.after(100, 100), 100);
});

Deno.test("the CPU meter stays within 0 and 100 when counters jump, as on a machine that slept", () => {
  const meter = meterFrom({ busyMs: 1_000, totalMs: 2_000 });
  assertEquals(meter.after(1_000, 2_000), 100);
  assertEquals(meter.after(1_000, -5_000), 0);
  assertEquals(meter.after(-1_000_000, -1_000_000), 0);
});

Deno.test("the CPU meter of a machine that tells nothing gives 0", () => {
  assertEquals(createCpuMeter(() => ({ busyMs: 0, totalMs: 0 }))(), 0);
});

Deno.test("residentBytes() of no process is 0, and asks nobody", async () => {
  assertEquals(await residentBytes([]), 0);
});
