import { assert, assertEquals } from "@std/assert";
import { evenFrameSeconds } from "../../lib/assemble/even_frames.ts";

/** The times of frames on a clock. */
function times(frameSeconds: number, timescale: number, count = 100): Float64Array {
  return Float64Array.from({ length: count }, (_, frame) => Math.round(frame * frameSeconds * timescale));
}

for (
  const [num, den] of [[30, 1], [24, 1], [120, 1], [24_000, 1001], [30_000, 1001], [60_000, 1001]] as const
) {
  for (const timescale of [1_000, 15_360, 90_000, 10_000_000]) {
    Deno.test(`evenFrameSeconds() finds ${num}/${den} frames a second on a clock of ${timescale} Hz`, () => {
      assertEquals(evenFrameSeconds(times(den / num, timescale), timescale), den / num);
    });
  }
}

Deno.test("evenFrameSeconds() takes other rates as they are", () => {
  assertEquals(evenFrameSeconds(times(0.08, 1_000), 1_000), 0.08);
  assertEquals(evenFrameSeconds(times(10, 1_000), 1_000), 10);
  assert(Math.abs(evenFrameSeconds(times(1 / 7.5, 1_000), 1_000)! - 1 / 7.5) < 1e-5);
});

Deno.test("evenFrameSeconds() takes off by less than a millisecond for even", () => {
  const rounded = times(1 / 30, 1_000).map((milliseconds) => 16 * milliseconds);
  assertEquals(evenFrameSeconds(rounded, 16_000), 1 / 30);
});

Deno.test("evenFrameSeconds() finds nothing where a frame is missing, late, or at the time of another", () => {
  const even = times(1 / 30, 15_360);
  assertEquals(evenFrameSeconds(even.filter((_, frame) => frame !== 50), 15_360), undefined);
  assertEquals(
    evenFrameSeconds(even.map((ticks, frame) => frame < 50 ? ticks : ticks + 31), 15_360),
    undefined,
  );
  assertEquals(
    evenFrameSeconds(even.map((ticks, frame) => frame === 50 ? even[49]! : ticks), 15_360),
    undefined,
  );
  assertEquals(evenFrameSeconds(even.map((ticks) => ticks - 300), 15_360), undefined);
});

Deno.test("evenFrameSeconds() finds nothing in a single frame, or where all have one time", () => {
  assertEquals(evenFrameSeconds(Float64Array.of(0), 1_000), undefined);
  assertEquals(evenFrameSeconds(Float64Array.of(7, 7, 7), 1_000), undefined);
});
