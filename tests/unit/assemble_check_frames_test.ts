import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { compareFrames, FrameMismatchError, type ShownFrames } from "../../lib/assemble/check_frames.ts";
import { PacketTable } from "../../lib/chunk/packet_table.ts";
import { planSegments } from "../../lib/chunk/plan_segments.ts";

/** 30000/1001 frames a second, in segments of ten. */
const PLAN = planSegments(
  PacketTable.from(
    Array.from({ length: 40 }, (_, i) => ({ ticks: i * 1001, key: i % 10 === 0, sizeBytes: 1 })),
  ),
  { kind: "bytes", bytes: 1 },
  30_000,
);

function output(change: (ticks: number[]) => void = () => {}): ShownFrames {
  const ticks = [...PLAN.shownTicks];
  change(ticks);
  return { shownTicks: Float64Array.from(ticks), timescale: 30_000, endTicks: ticks.at(-1)! + 1001 };
}

function mismatch(change: (ticks: number[]) => void): FrameMismatchError {
  return assertThrows(() => compareFrames(PLAN, output(change)), FrameMismatchError);
}

Deno.test("compareFrames() finds no difference between the same ticks", () => {
  assertEquals(compareFrames(PLAN, output()), {
    framesIn: 40,
    framesOut: 40,
    largestDifferenceSeconds: 0,
    durationSeconds: 40 * 1001 / 30_000,
  });
});

Deno.test("compareFrames() takes the nearest tick of a coarser clock, and says how far off it is", () => {
  const milliseconds = PLAN.shownTicks.map((ticks) => Math.round(ticks / 30));
  const check = compareFrames(PLAN, { shownTicks: milliseconds, timescale: 1000, endTicks: 1335 });
  assertEquals(check.largestDifferenceSeconds > 0.0003 && check.largestDifferenceSeconds <= 0.0005, true);
  const late = milliseconds.map((ticks, frame) => frame === 25 ? ticks + 1 : ticks);
  assertThrows(
    () => compareFrames(PLAN, { shownTicks: late, timescale: 1000, endTicks: 1335 }),
    FrameMismatchError,
    "chunk 2: frame 25",
  );
});

Deno.test("compareFrames() finds no difference on a finer clock that has all the ticks", () => {
  const finer = {
    shownTicks: PLAN.shownTicks.map((ticks) => 3 * ticks),
    timescale: 90_000,
    endTicks: 120_120,
  };
  assertEquals(compareFrames(PLAN, finer).largestDifferenceSeconds, 0);
});

Deno.test("compareFrames() names the chunk of a frame that is one tick off", () => {
  const error = mismatch((ticks) => ticks[10]! += 1);
  assertEquals([error.segment, error.frame], [1, 10]);
  assertStringIncludes(error.message, "frame 10 is shown at 0.333700 s instead of 0.333667 s");
  assertEquals(mismatch((ticks) => ticks[39]! -= 1).segment, 3);
});

Deno.test("compareFrames() names the chunk where frames are missing or too many", () => {
  const missing = mismatch((ticks) => ticks.splice(17, 1));
  assertEquals([missing.segment, missing.frame, missing.framesIn, missing.framesOut], [1, 17, 40, 39]);
  const doubled = mismatch((ticks) => ticks.splice(25, 0, ticks[25]!));
  assertEquals([doubled.segment, doubled.frame, doubled.framesOut], [2, 26, 41]);
  const short = mismatch((ticks) => ticks.splice(38));
  assertEquals([short.segment, short.frame, short.framesOut], [3, 38, 38]);
  assertStringIncludes(short.message, "frame 38 is missing (40 frames in, 38 out)");
  const long = mismatch((ticks) => ticks.push(40 * 1001));
  assertEquals([long.segment, long.frame, long.framesOut], [3, 40, 41]);
  assertEquals(mismatch((ticks) => ticks.splice(0)).segment, 0);
});
