import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { firstGridFrame, type FrameGrid, gridOffset } from "../../lib/frame_grid.ts";

const NTSC: FrameGrid = { rate: { num: 30_000, den: 1_001 }, originTicks: 90, timescale: 90_000 }; // 3003 ticks a frame

Deno.test("firstGridFrame() is the first frame at a time or after it, and none before the first", () => {
  const ticks = [-5_000, 89, 90, 91, 3_092, 3_093, 3_094];
  assertEquals(ticks.map((at) => firstGridFrame(NTSC, at)), [0, 0, 0, 1, 1, 1, 2]);
});

Deno.test("gridOffset() is how far the first frame lies after a time", () => {
  assertEquals(gridOffset(NTSC, 3_093), { steps: 0, stepsAFrame: 90_090_000 });
  assertEquals(gridOffset(NTSC, 3_090).steps, 3 * 30_000);
  assertEquals(gridOffset(NTSC, 0).steps, 90 * 30_000);
});

const grid: fc.Arbitrary<FrameGrid> = fc.record({
  rate: fc.record({
    num: fc.integer({ min: 1, max: 1_000_000 }),
    den: fc.integer({ min: 1, max: 1_000_000 }),
  }),
  originTicks: fc.integer({ min: -(2 ** 50), max: 2 ** 50 }),
  timescale: fc.integer({ min: 1, max: 1_000_000 }),
});

Deno.test("firstGridFrame() and gridOffset() agree, however large the numbers", () => {
  fc.assert(fc.property(grid, fc.integer({ min: 0, max: 2 ** 45 }), (grid, after) => {
    fc.pre(after / grid.timescale * grid.rate.num / grid.rate.den < 2 ** 50); // frames are counted in plain numbers
    const ticks = grid.originTicks + after;
    const frame = BigInt(firstGridFrame(grid, ticks));
    const aFrame = BigInt(grid.rate.den) * BigInt(grid.timescale);
    const distance = BigInt(after) * BigInt(grid.rate.num);
    assert(frame * aFrame >= distance && (frame === 0n || (frame - 1n) * aFrame < distance));
    const { steps, stepsAFrame } = gridOffset(grid, ticks);
    assertEquals([BigInt(steps), BigInt(stepsAFrame)], [frame * aFrame - distance, aFrame]);
  }));
});
