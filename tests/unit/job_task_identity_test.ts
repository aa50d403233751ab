import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { FORM } from "../../lib/encode/encoder_build.ts";
import type { SegmentSpan } from "../../lib/encode/encoder.ts";
import { DEFAULT_SETTINGS, type EncodeSettings } from "../../lib/encode/settings.ts";
import { canonicalJson } from "../../lib/job/canonical_json.ts";
import { levelFrameRate } from "../../lib/job/level_frame_rate.ts";
import { PROOF_VERSION } from "../../lib/job/proof.ts";
import { taskSha256 } from "../../lib/job/task_identity.ts";

Deno.test("canonicalJson() gives the same text whatever the order of the members, and JSON that reads as the same", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    assertEquals(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
  }));
  assertEquals(
    canonicalJson({ b: [1, { d: null, c: "ü\n" }], a: undefined, A: -0.5 }),
    '{"A":-0.5,"b":[1,{"c":"ü\\n","d":null}]}',
  );
  assertEquals(canonicalJson({ x: 1, y: 2 }), canonicalJson({ y: 2, x: 1 }));
});

Deno.test("canonicalJson() refuses what JSON has no form for", () => {
  for (const value of [NaN, Infinity, 1n, () => {}, Symbol("s"), [undefined]]) {
    assertThrows(() => canonicalJson({ value }), TypeError);
  }
});

/** Frames at an even distance, but for rounding to the clock. */
function evenly(fps: number, timescale: number, frames: number) {
  return {
    shownTicks: Float64Array.from({ length: frames }, (_, i) => Math.round(i * timescale / fps)),
    timescale,
  };
}

for (
  const [fps, num, den] of [
    [24, 24, 1],
    [24_000 / 1_001, 24_000, 1_001],
    [25, 25, 1],
    [30_000 / 1_001, 30_000, 1_001],
    [30, 30, 1],
    [60_000 / 1_001, 60_000, 1_001],
    [15, 15, 1],
    [12.5, 25, 2],
    [28, 30_000, 1_001],
    [5_000, 960, 1],
    [0.01, 1, 1],
  ] as const
) {
  Deno.test(`levelFrameRate() of ${fps.toFixed(3)} frames a second is ${num}/${den}, on a clock of milliseconds too`, () => {
    for (const timescale of [1_000, 90_000]) {
      if (fps > timescale) continue;
      assertEquals(levelFrameRate(evenly(fps, timescale, 240)), { num, den });
    }
  });
}

Deno.test("levelFrameRate() stays the same when a video of an even rate grows, from its second second on", () => {
  for (const fps of [24_000 / 1_001, 24, 29.97, 30, 50]) {
    const long = evenly(fps, 1_000, 5_000);
    const rates = [60, 250, 1_000, 5_000].map((frames) =>
      levelFrameRate({ ...long, shownTicks: long.shownTicks.subarray(0, frames) })
    );
    assertEquals(new Set(rates.map((rate) => JSON.stringify(rate))).size, 1);
  }
});

Deno.test("levelFrameRate() says nothing of a single frame", () => {
  assertEquals(levelFrameRate({ shownTicks: Float64Array.of(7), timescale: 1_000 }), undefined);
});

const SEGMENT: SegmentSpan = {
  timescale: 90_000,
  startTicks: 900_000,
  endTicks: 1_800_000,
  frameCount: 300,
  frameRate: { num: 30, den: 1 },
};

Deno.test("taskSha256() does not depend on where in its source a segment lies", () => {
  const moved = { ...SEGMENT, startTicks: 90_000_000, endTicks: 90_900_000 };
  assertEquals(taskSha256(DEFAULT_SETTINGS, moved), taskSha256(DEFAULT_SETTINGS, SEGMENT));
});

Deno.test("taskSha256() does not depend on which frame of a converted rate is the segment's first, only on where it lies", () => {
  const settings: EncodeSettings = { ...DEFAULT_SETTINGS, frameRate: { num: 24, den: 1 } };
  const at = (startTicks: number) =>
    taskSha256(settings, {
      ...SEGMENT,
      endTicks: undefined,
      startTicks,
      converted: { originTicks: 0, sourceFrameCount: 300 },
    });
  assertEquals(at(900_000), at(9_000_000)); // both at a whole second
  assertNotEquals(at(900_000), at(900_003));
});

Deno.test("taskSha256() differs with every setting and every figure of the segment", () => {
  const changes: Partial<EncodeSettings>[] = [
    { codec: "hevc" },
    { rate: { kind: "crf", crf: 24 } },
    { rate: { kind: "bitrate", bitsPerSecond: 23 } },
    { preset: "slow" },
    { width: 640 },
    { height: 640 },
    { pixelFormat: "yuv420p" },
    { keyframeInterval: 48 },
    { deinterlace: true },
    { frameRate: { num: 30, den: 1 } },
    { threads: 2 },
  ];
  assertEquals(new Set(changes.flatMap(Object.keys)), new Set(Object.keys(DEFAULT_SETTINGS)));
  const segments: Partial<SegmentSpan>[] = [
    { timescale: 1_000 },
    { endTicks: undefined },
    { endTicks: 1_800_001 },
    { frameCount: 299 },
    { frameRate: undefined },
    { frameRate: { num: 25, den: 1 } },
  ];
  const hashes = [
    taskSha256(DEFAULT_SETTINGS, SEGMENT),
    ...changes.map((change) => taskSha256({ ...DEFAULT_SETTINGS, ...change }, SEGMENT)),
    ...segments.map((change) => taskSha256(DEFAULT_SETTINGS, { ...SEGMENT, ...change })),
  ];
  assertEquals(new Set(hashes).size, hashes.length);
  assert(hashes.every((hash) => /^[0-9a-f]{64}$/.test(hash)));
});

Deno.test("taskSha256() of a task stays what it is, or nothing that was remembered would be found again", () => {
  // A change of this is a change of FORM, and with it of PROOF_VERSION.
  assertEquals([FORM, PROOF_VERSION], [2, 2]);
  assertEquals(
    taskSha256(DEFAULT_SETTINGS, SEGMENT),
    "c50df9bc869effd5326cc8ad5babb3d1cd284d1b607bc7fb4f1f1f284104fe11",
  );
});
