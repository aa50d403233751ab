import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { distinctTicks } from "../../lib/chunk/distinct_ticks.ts";

function distinct(shownTicks: readonly number[], endTicks?: number): number[] | undefined {
  const ticks = distinctTicks(Float64Array.from(shownTicks), endTicks);
  return ticks && [...ticks];
}

Deno.test("distinctTicks() leaves times that differ as they are", () => {
  assertEquals(distinct([7, 8, 20], 21), [7, 8, 20]);
  assertEquals(distinct([]), []);
});

Deno.test("distinctTicks() gives frames at one time a tick more each", () => {
  assertEquals(distinct([0, 40, 40, 40, 80]), [0, 40, 41, 42, 80]);
  assertEquals(distinct([0, 40, 40, 41, 80]), [0, 40, 41, 42, 80]);
});

Deno.test("distinctTicks() keeps frames before the end, moving those before them forward", () => {
  assertEquals(distinct([0, 5, 9, 9, 9], 10), [0, 5, 7, 8, 9]);
  assertEquals(distinct([3, 3, 4], 6), [3, 4, 5]);
});

Deno.test("distinctTicks() gives no times where there are more frames than ticks", () => {
  assertEquals(distinct([3, 3, 4, 5], 6), undefined);
  assertEquals(distinct([0, 0], 1), undefined);
});

Deno.test("distinctTicks() keeps any times in order, within the segment and by less than the frames at one time", () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 30 });
  fc.assert(fc.property(gaps, fc.integer({ min: 1, max: 4 }), (gaps, last) => {
    let ticks = 100;
    const shown = gaps.map((gap, frame) => ticks += frame === 0 ? 0 : gap);
    const endTicks = ticks + last;
    const times = distinct(shown, endTicks);
    if (!times) return assert(shown.length > endTicks - 100);
    assertEquals(times[0], 100);
    assert(times.at(-1)! < endTicks);
    for (const [frame, time] of times.entries()) {
      assert(frame === 0 || time > times[frame - 1]!);
      assert(Math.abs(time - shown[frame]!) < shown.length);
    }
  }));
});
