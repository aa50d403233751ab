import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { encoderBuild, FORM } from "../../lib/encode/encoder_build.ts";
import type { SegmentSpan } from "../../lib/encode/encoder.ts";
import { ffmpegArgs, lookArgs } from "../../lib/encode/ffmpeg_args.ts";
import type { PictureFacts } from "../../lib/encode/picture_facts.ts";
import { CODECS, DEFAULT_CRF, DEFAULT_SETTINGS, type EncodeSettings } from "../../lib/encode/settings.ts";
import { codecsOfBuild } from "../../lib/fleet/choose_build.ts";

Deno.test("encoderBuild() names the library's version and the form, by which workers of another form are another build", () => {
  assertEquals(encoderBuild("libav", "h264", "8.1"), `libav/libx264 8.1 form ${FORM}`);
  for (const codec of CODECS) {
    assertEquals(codecsOfBuild(encoderBuild("ffmpeg", codec, "5.1.9-0+deb12u1")), [codec]);
  }
});

const SEGMENT: SegmentSpan = {
  timescale: 90_000,
  startTicks: 900_000,
  endTicks: 1_800_000,
  frameCount: 300,
  frameRate: { num: 30_000, den: 1_001 },
};
const CONVERTED = { ...SEGMENT, converted: { originTicks: 0, sourceFrameCount: 300 } };
const PICTURES: readonly Pick<PictureFacts, "fields" | "hdr">[] = [
  { fields: "whole", hdr: {} },
  { fields: "top first", hdr: { contentLight: { max: 1_000, maxAverage: 400 } } },
];
const CHANGES: readonly Partial<EncodeSettings>[] = [
  {},
  { threads: 4 },
  { rate: { kind: "bitrate", bitsPerSecond: 800_000 }, preset: "veryslow", keyframeInterval: 48 },
  { width: 640, pixelFormat: "yuv420p10", deinterlace: true },
  { frameRate: { num: 24, den: 1 } },
];

Deno.test("what encoders are told of some tasks is what FORM stands for", () => {
  const told = CODECS.flatMap((codec) =>
    CHANGES.flatMap((change) => {
      const crf = { kind: "crf", crf: DEFAULT_CRF[codec] } as const;
      const settings: EncodeSettings = { ...DEFAULT_SETTINGS, codec, rate: crf, ...change };
      const segment = settings.frameRate === "source" ? SEGMENT : CONVERTED;
      return [
        lookArgs(settings, segment),
        ...PICTURES.map((picture) => ffmpegArgs(settings, segment, picture)),
      ];
    })
  );
  // Another hash without another FORM is right only where the shards stay the same, byte for byte.
  assertEquals([FORM, createHash("sha256").update(JSON.stringify(told)).digest("hex")], [
    2,
    "6c02b22c6c41c9d7fca8cdbe68d35f7339337d9412577e9805f0a254f159e7f8",
  ]);
});
