import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { encodePlan } from "../../lib/chunk/converted_plan.ts";
import type { VideoPlan } from "../../lib/chunk/keyframe_segments.ts";
import { type PacketRow, PacketTable } from "../../lib/chunk/packet_table.ts";
import { planSegments } from "../../lib/chunk/plan_segments.ts";
import { SourceError } from "../../lib/chunk/source_error.ts";
import type { FrameRate } from "../../lib/frame_grid.ts";
import { randomVideo } from "./chunk_random_gops.ts";

/** Of packets, cut at every keyframe, the last frame shown for `lastTicks`. */
function planOf(rows: readonly PacketRow[], timescale: number, lastTicks = 1, hiddenFirst = 0): VideoPlan {
  const plan = planSegments(PacketTable.from(rows), { kind: "bytes", bytes: 1 }, timescale);
  const endTicks = plan.shownTicks.at(-1)! + lastTicks;
  return { ...plan, endTicks, hiddenFirst, hiddenLast: 0, parametersChangeAt: undefined };
}

/** Frames a tick apart; a keyframe every so many. */
function evenVideo(frames: number, keyframeInterval: number, startTicks = 0): PacketRow[] {
  return Array.from({ length: frames }, (_, frame) => ({
    ticks: startTicks + frame,
    key: frame % keyframeInterval === 0,
    sizeBytes: 10,
  }));
}

const counts = (plan: VideoPlan) => plan.segments.map(({ frameCount }) => frameCount);

Deno.test("encodePlan() leaves the source's frames as they are where no rate is asked for", () => {
  const plan = planOf(evenVideo(50, 10), 25);
  assertEquals(encodePlan(plan, "source"), { chunks: plan, frames: plan, grid: undefined });
});

Deno.test("encodePlan() has the frames of the new rate, each in the segment that is shown at its time", () => {
  const { chunks, frames } = encodePlan(planOf(evenVideo(25, 10), 25), { num: 30, den: 1 });
  assertEquals(counts(chunks), [10, 10, 5]);
  assertEquals(counts(frames), [12, 12, 6]);
  assertEquals(
    [...frames.shownTicks].map((ticks) => ticks / frames.timescale),
    [...Array(30).keys()].map((k) => k / 30),
  );
  assertEquals(frames.endTicks / frames.timescale, 1);
});

Deno.test("encodePlan() gives a segment without any frame of the new rate to its neighbour", () => {
  // A frame a second, and keyframes every 0.4 s: the segments at 0.4, 0.8 and 1.6 s have one, or none.
  const { chunks, frames } = encodePlan(planOf(evenVideo(50, 10), 25), { num: 1, den: 1 });
  assertEquals(counts(frames), [1, 1]);
  assertEquals(counts(chunks), [20, 30]);
  assertEquals(
    chunks.segments.map((
      { index, firstPacket, endPacket, endTicks },
    ) => [index, firstPacket, endPacket, endTicks]),
    [
      [0, 0, 20, 20],
      [1, 20, 50, undefined],
    ],
  );
});

Deno.test("encodePlan() joins segments of open groups with what the last of them needs", () => {
  const text = "K0 f1 f2 K5 f3 f4 f6 K9 f7 f8 f10";
  const rows = text.split(" ").map((word) => ({
    ticks: Number(word.slice(1)),
    key: word[0] === "K",
    sizeBytes: 10,
  }));
  const { chunks } = encodePlan(planOf(rows, 10), { num: 10, den: 6 }); // at 0 and 6
  const [first, second, ...others] = chunks.segments;
  assertEquals([first!.frameCount, first!.hasLeadOut, first!.endPacket], [5, true, 6]);
  assertEquals([second!.frameCount, second!.hasLeadOut, second!.firstPacket, second!.endPacket], [
    6,
    false,
    3,
    11,
  ]);
  assertEquals(others, []);
});

Deno.test("encodePlan() has one frame of a video that is over at once", () => {
  const { frames } = encodePlan(planOf(evenVideo(1, 1), 25, 0), { num: 24, den: 1 });
  assertEquals([frames.shownTicks.length, frames.segments.length], [1, 1]);
});

Deno.test("encodePlan() refuses more frames than a video has, before it makes room for them", () => {
  const rows = [...evenVideo(25, 5), { ticks: 25 * 20_000, key: true, sizeBytes: 10 }];
  const error = assertThrows(
    () => encodePlan(planOf(rows, 25), { num: 1000, den: 1 }, { path: "gap.mkv" }),
    SourceError,
    'Cannot read "gap.mkv": at 1000 frames a second it would have 20000040 frames, more than 10000000',
  );
  assertEquals(error.reason, "unsupported");
  assertThrows(() => encodePlan(planOf(rows, 25), { num: 30_000, den: 1 }), SourceError, "at 30000 frames");
  const far = [...evenVideo(25, 5), { ticks: 25 * 1e12, key: true, sizeBytes: 10 }];
  assertThrows(
    () => encodePlan(planOf(far, 25), { num: 30_000, den: 1_001 }),
    SourceError,
    "at 29.970 frames",
  );
  assertEquals(encodePlan(planOf(rows, 25), { num: 60, den: 1 }).frames.shownTicks.length, 1_200_003);
});

Deno.test("encodePlan() begins where an edit list does, and hides nothing", () => {
  const plan = planOf(evenVideo(20, 10, -5), 10, 1, 5);
  const { frames, grid } = encodePlan(plan, { num: 5, den: 1 });
  assertEquals([grid?.originTicks, frames.hiddenFirst, frames.shownTicks.length], [0, 0, 8]);
  const onScreen = { ...plan, shownTicks: plan.shownTicks.map((ticks) => ticks - 0.5), hiddenFirst: 5 };
  assertEquals(encodePlan(onScreen, { num: 5, den: 1 }).grid?.originTicks, 0);
});

const CLOCKS: [rate: FrameRate, startTicks: number, timescale: number, clock: number][] = [
  [{ num: 24, den: 1 }, 0, 25, 10_008],
  [{ num: 30_000, den: 1_001 }, 0, 90_000, 30_000],
  [{ num: 30_000, den: 1_001 }, 1, 90_000, 90_000],
  [{ num: 24, den: 1 }, 7, 90_000, 90_000],
  [{ num: 25, den: 1 }, 7, 48_000, 48_000],
  [{ num: 999_983, den: 10_000 }, 7, 90_000, 999_983],
];
for (const [{ num, den }, startTicks, timescale, clock] of CLOCKS) {
  Deno.test(`encodePlan() takes a clock of ${clock} for ${num}/${den} from tick ${startTicks} of ${timescale}`, () => {
    const { frames } = encodePlan(planOf(evenVideo(10, 5, startTicks), timescale), { num, den });
    assertEquals(frames.timescale, clock);
    assert(frames.shownTicks.every(Number.isInteger));
    assert(Math.abs(frames.shownTicks[0]! / clock - startTicks / timescale) <= 0.5 / clock);
  });
}

const rate: fc.Arbitrary<FrameRate> = fc.record({
  num: fc.integer({ min: 1, max: 60_000 }),
  den: fc.integer({ min: 1, max: 1_001 }),
}).filter(({ num, den }) => num / den >= 0.1 && num / den <= 1_000);

Deno.test("encodePlan() gives every frame of the grid to one segment, and no segment none", () => {
  fc.assert(fc.property(randomVideo, rate, fc.integer({ min: 0, max: 9 }), (rows, rate, lastTicks) => {
    const plan = planOf(rows, 10, lastTicks);
    const { chunks, frames, grid } = encodePlan(plan, rate);
    const { num, den } = grid!.rate;
    const [startTicks] = plan.shownTicks;
    const after = (ticks: number) => BigInt(ticks - startTicks!) * BigInt(num); // in grid frames, times 10 den
    assertEquals(chunks.segments.length, frames.segments.length);
    let frame = 0;
    let sourceFrame = 0;
    for (const [index, segment] of frames.segments.entries()) {
      const chunk = chunks.segments[index]!;
      assertEquals([segment.index, segment.firstFrame, chunk.index, chunk.firstFrame], [
        index,
        frame,
        index,
        sourceFrame,
      ]);
      assert(segment.frameCount > 0 && chunk.frameCount > 0);
      assertEquals(chunk.startTicks, plan.shownTicks[sourceFrame]);
      const nextTicks = chunks.segments[index + 1]?.startTicks ?? Math.max(plan.endTicks, startTicks! + 1);
      assert(BigInt(frame * 10 * den) >= after(chunk.startTicks));
      frame += segment.frameCount;
      assert(
        BigInt((frame - 1) * 10 * den) < after(nextTicks) && BigInt(frame * 10 * den) >= after(nextTicks),
      );
      sourceFrame += chunk.frameCount;
    }
    assertEquals([frame, sourceFrame], [frames.shownTicks.length, plan.shownTicks.length]);
    assertEquals(encodePlan(chunks, rate).chunks.segments, chunks.segments);
  }));
});
