import { assertEquals } from "@std/assert";
import { averageFrameRate } from "../../lib/fleet/frame_rate.ts";

Deno.test("averageFrameRate() is exact for constant rates, 1001-based ones included", () => {
  assertEquals(averageFrameRate({ frameCount: 75, durationTicks: 76_800, timescale: 15_360 }), {
    num: 15,
    den: 1,
  });
  assertEquals(averageFrameRate({ frameCount: 1_800, durationTicks: 1_801_800, timescale: 30_000 }), {
    num: 30_000,
    den: 1_001,
  });
});

Deno.test("averageFrameRate() rounds a fraction that does not fit 32 bits to a thousandth", () => {
  const rate = averageFrameRate({
    frameCount: 431_999,
    durationTicks: 7_200_000_000_001,
    timescale: 1_000_000_000,
  });
  assertEquals(rate, { num: 60_000, den: 1_000 });
});

Deno.test("averageFrameRate() knows no rate of a video without a duration", () => {
  assertEquals(averageFrameRate({ frameCount: 1, durationTicks: 0, timescale: 25 }), undefined);
});
