import { assertEquals } from "@std/assert";
import { describeSettings } from "../../lib/encode/describe_settings.ts";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";

Deno.test("describeSettings() says what is always asked for, and nothing that is left to the source", () => {
  assertEquals(describeSettings(DEFAULT_SETTINGS), "crf 23, preset medium");
});

Deno.test("describeSettings() says all that is asked for", () => {
  assertEquals(
    describeSettings({
      ...DEFAULT_SETTINGS,
      rate: { kind: "bitrate", bitsPerSecond: 800_000 },
      preset: "fast",
      width: 640,
      height: 360,
      pixelFormat: "yuv420p",
      keyframeInterval: 48,
      deinterlace: true,
      frameRate: { num: 30_000, den: 1_001 },
    }),
    "bitrate 800000, preset fast, width 640, height 360, pixel format yuv420p, keyframe interval 48, deinterlaced, " +
      "30000/1001 frames a second",
  );
});
