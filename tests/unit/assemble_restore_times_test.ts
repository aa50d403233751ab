import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import * as fc from "fast-check";
import { restoreTimes } from "../../lib/assemble/restore_times.ts";

function ranks(seconds: readonly number[], shownTicks: readonly number[], timescale = 1000): number[] {
  const restored = restoreTimes(seconds, Float64Array.from(shownTicks), timescale);
  assert(typeof restored !== "string", String(restored));
  return [...restored.ranks];
}

function fault(seconds: readonly number[], shownTicks: readonly number[], timescale = 1000): string {
  const restored = restoreTimes(seconds, Float64Array.from(shownTicks), timescale);
  assert(typeof restored === "string", "the times were taken");
  return restored;
}

Deno.test("restoreTimes() pairs the n-th frame shown with the n-th time of the plan", () => {
  assertEquals(ranks([0, 0.12, 0.04, 0.08], [500, 540, 580, 620]), [0, 3, 1, 2]);
});

Deno.test("restoreTimes() counts from the first frame shown, wherever the shard's clock starts", () => {
  assertEquals(ranks([7.08, 7.2, 7.12, 7.16], [0, 40, 80, 120]), [0, 3, 1, 2]);
  assertEquals(ranks([-0.08, 0.04, -0.04, 0], [90, 130, 170, 210]), [0, 3, 1, 2]);
});

Deno.test("restoreTimes() takes times that another clock has rounded", () => {
  const shownTicks = Array.from({ length: 300 }, (_, frame) => 12_012 + frame * 1001);
  const milliseconds = shownTicks.map((ticks) => Math.round((ticks - 12_012) / 30) / 1000);
  assertEquals(ranks(milliseconds, shownTicks, 30_000), shownTicks.map((_, frame) => frame));
  const fast = Array.from({ length: 100 }, (_, frame) => frame);
  assertEquals(ranks(fast.map((frame) => Math.round(frame / 1.2) / 1000), fast, 1200).length, 100);
});

Deno.test("restoreTimes() refuses another number of frames", () => {
  assertStringIncludes(fault([0, 0.04], [0, 40, 80]), "2 frames instead of 3");
  assertStringIncludes(fault([0, 0.04, 0.08, 0.12], [0, 40, 80]), "4 frames instead of 3");
  assertStringIncludes(fault([], [0]), "0 frames instead of 1");
});

Deno.test("restoreTimes() refuses a frame that is off by more than half the way to its nearer neighbour", () => {
  assertEquals(ranks([0, 0.059, 0.08], [0, 40, 80]).length, 3);
  assertStringIncludes(fault([0, 0.061, 0.08], [0, 40, 80]), "frame 1 is shown 0.0610 s");
  // A frame was dropped here, and another doubled there.
  assertStringIncludes(fault([0, 0.08, 0.12, 0.16, 0.2], [0, 40, 80, 120, 160]), "frame 1");
});

Deno.test("restoreTimes() takes frames of one time as they come", () => {
  assertEquals(ranks([0, 0.04, 0.04, 0.08], [0, 40, 40, 80]), [0, 1, 2, 3]);
});

Deno.test("restoreTimes() pairs any shuffled frames, shifted and off by less than half a frame", () => {
  const frames = fc.array(
    fc.record({ gap: fc.integer({ min: 4, max: 50 }), noise: fc.double({ min: -1, max: 1, noNaN: true }) }),
    {
      minLength: 1,
      maxLength: 40,
    },
  );
  fc.assert(fc.property(frames, fc.integer({ min: -1000, max: 1000 }), fc.gen(), (frames, shift, gen) => {
    let ticks = 0;
    const shown = frames.map(({ gap }) => ticks += gap);
    const order = gen(fc.shuffledSubarray, shown.map((_, frame) => frame), { minLength: shown.length });
    // Less than half of the least gap, the first frame's own noise included.
    const seconds = order.map((frame) => (shown[frame]! + shift + 0.9 * frames[frame]!.noise) / 1000);
    assertEquals(ranks(seconds, shown), order);
  }));
});
