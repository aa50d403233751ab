/** What splitting and encoding do to the pixels: nothing where no loss is asked for, else no more than one encode. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { planSource } from "../../lib/chunk/keyframe_segments.ts";
import { openSource } from "../../lib/chunk/source_file.ts";
import type { Encoder } from "../../lib/encode/encoder.ts";
import { createFfmpegEncoder } from "../../lib/encode/ffmpeg_encoder.ts";
import { createLibavEncoder } from "../../lib/encode/libav_encoder.ts";
import { type Codec, DEFAULT_CRF, DEFAULT_SETTINGS, type EncodeSettings } from "../../lib/encode/settings.ts";
import { mediaFile } from "../media/make_media.ts";
import { MEDIA_CASES } from "../media/media_cases.ts";
import { probeFrames, structuralSimilarity } from "../media/probe.ts";
import { encodeThrough } from "../media/round_trip.ts";
import { HAS_FFMPEG, runSystem, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const LOSSLESS: EncodeSettings = { ...DEFAULT_SETTINGS, preset: "ultrafast", rate: { kind: "crf", crf: 0 } };
/** Of a structural similarity, 1 for the same pixels. */
const TOLERANCE = 0.002;

function test(behaviour: string, fn: () => Promise<void>): void {
  Deno.test({ name: HAS_FFMPEG ? behaviour : `${behaviour} ${WITHOUT_FFMPEG}`, ignore: !HAS_FFMPEG, fn });
}

interface EncodeOptions {
  readonly create: () => Promise<Encoder>;
  readonly settings: EncodeSettings;
  /** Of a segment; it is at least so long. */
  readonly seconds: number;
}

/** Splits, encodes and puts together; returns how many segments there were. */
async function encodeVideo(
  input: string,
  path: string,
  { create, settings, seconds }: EncodeOptions,
): Promise<number> {
  using source = await openSource(input);
  const plan = await planSource(source, { kind: "seconds", seconds });
  await encodeThrough({ source, plan, path }, { encoder: await create(), settings });
  return plan.segments.length;
}

// The whole matrix of generated files does the same to all of them.
const PLAIN = ["open_h264.ts", "b_pyramid_open_h264.mkv", "vfr.mp4", "duplicate_time.mkv"];
for (const file of PLAIN) {
  for (const create of [createLibavEncoder, createFfmpegEncoder]) {
    test(`${create.name}: every pixel of ${file} is the source's after a lossless encode in segments`, async () => {
      await using folder = await temporaryFolder();
      const input = await mediaFile(MEDIA_CASES.find((media) => media.file === file)!);
      const path = `${folder.path}/output.mp4`;
      const segments = await encodeVideo(input, path, { create, settings: LOSSLESS, seconds: 0.9 });
      assertGreater(segments, 1);
      const [before, after] = await Promise.all([probeFrames(input), probeFrames(path)]);
      assertEquals(after.map(({ md5 }) => md5), before.map(({ md5 }) => md5));
    });
  }
}

/** Eight seconds in which everything moves, down to the grain. */
async function detailedVideo(path: string): Promise<void> {
  const picture = "testsrc2=size=320x180:rate=25:duration=8[a];mandelbrot=size=320x180:rate=25[b];" +
    "[a][b]blend=all_opacity=0.3:shortest=1,noise=alls=4:allf=t:all_seed=7";
  const h264 = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "10", "-g", "25", "-sc_threshold", "0"];
  await runSystem(
    "ffmpeg",
    ["-filter_complex", picture, ...h264, "-pix_fmt", "yuv420p", path],
    new Uint8Array(),
  );
}

const ENCODES: [create: () => Promise<Encoder>, codec: Codec][] = [
  [createLibavEncoder, "h264"],
  [createLibavEncoder, "hevc"],
  [createFfmpegEncoder, "h264"],
];
for (const [create, codec] of ENCODES) {
  test(`${create.name}: ${codec} in segments is as like the source as ${codec} in one piece`, async () => {
    await using folder = await temporaryFolder();
    const [input, output] = [`${folder.path}/input.mp4`, `${folder.path}/output.mp4`];
    await detailedVideo(input);
    const settings: EncodeSettings = {
      ...DEFAULT_SETTINGS,
      codec,
      preset: codec === "h264" ? "veryfast" : "ultrafast",
      rate: { kind: "crf", crf: DEFAULT_CRF[codec] },
      keyframeInterval: 50,
    };
    const similarity = async (seconds: number, expectedSegments: number): Promise<number> => {
      assertEquals(await encodeVideo(input, output, { create, settings, seconds }), expectedSegments);
      return await structuralSimilarity(output, input);
    };
    const [whole, parts] = [await similarity(100, 1), await similarity(2, 4)];
    assert(whole > 0.8 && whole < 0.99, `${whole} is no encode to compare with`);
    assert(Math.abs(parts - whole) <= TOLERANCE, `${parts} in segments, ${whole} in one piece`);
  });
}
