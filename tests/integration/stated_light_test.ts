/** What a container alone says of the light of a video's pictures, as ffprobe reads it in what comes out. */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { planSource } from "../../lib/chunk/keyframe_segments.ts";
import { openSource } from "../../lib/chunk/source_file.ts";
import type { Encoder } from "../../lib/encode/encoder.ts";
import { createFfmpegEncoder } from "../../lib/encode/ffmpeg_encoder.ts";
import { createLibavEncoder } from "../../lib/encode/libav_encoder.ts";
import { DEFAULT_SETTINGS, type EncodeSettings } from "../../lib/encode/settings.ts";
import { mediaFile } from "../media/make_media.ts";
import { PICTURE_CASES } from "../media/picture_cases.ts";
import { probeFile, probePicture } from "../media/probe.ts";
import { copyThrough, encodeThrough } from "../media/round_trip.ts";
import { runFfmpeg } from "../media/run_ffmpeg.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** As the generated files state it: x and y of red, luminances, light of the brightest pixel and frame. */
const STATED = [0.68, 0.32, 1000, 0.005, 1000, 400];
const FIELDS = ["red_x", "red_y", "max_luminance", "min_luminance", "max_content", "max_average"];

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: HAS_FFMPEG ? name : `${name} ${WITHOUT_FFMPEG}`, ignore: !HAS_FFMPEG, fn });
}

async function made(file: string): Promise<string> {
  return await mediaFile(PICTURE_CASES.find((media) => media.file === file)!);
}

/** By {@link FIELDS}; undefined where nothing is said. */
function light(sideData: readonly Readonly<Record<string, unknown>>[]): (number | undefined)[] {
  const all: Record<string, unknown> = Object.assign({}, ...sideData);
  return FIELDS.map((field) => {
    if (all[field] === undefined) return undefined;
    const [num, den = 1] = String(all[field]).split("/").map(Number);
    return Number((num! / den).toFixed(4));
  });
}

const inContainer = async (path: string) => light((await probeFile(path)).streams[0]!.sideData);

/** What the pictures themselves say, out of any container. */
async function inPictures(path: string): Promise<(number | undefined)[]> {
  const bare = `${path}.hevc`;
  await runFfmpeg("ffmpeg", ["-y", "-i", path, "-c", "copy", "-f", "hevc", bare]);
  return light((await probePicture(bare)).sideData);
}

async function through(
  input: string,
  path: string,
  encode?: { readonly encoder: Encoder; readonly settings: EncodeSettings },
): Promise<readonly string[]> {
  using source = await openSource(input);
  const trip = { source, plan: await planSource(source, { kind: "seconds", seconds: 1 }), path };
  const { notCarried } = encode ? await encodeThrough(trip, encode) : await copyThrough(trip);
  return notCarried;
}

for (const file of ["hdr_stated.mp4", "hdr_stated.mkv", "hdr_stated.webm"]) {
  for (const extension of ["mp4", "mov", "mkv", "webm"]) {
    if (extension === "webm" && !file.endsWith("webm")) continue;
    test(`what ${file} says of its light in the container is in that of a copy to .${extension}`, async () => {
      await using folder = await temporaryFolder();
      const [input, path] = [await made(file), join(folder.path, `out.${extension}`)];
      assertEquals(await inContainer(input), STATED);
      assertEquals(await through(input, path), []);
      assertEquals(await inContainer(path), STATED);
      const [was, is] = [await probeFile(input), await probeFile(path)].map(({ streams }) =>
        streams[0]!.field
      );
      for (const field of ["color_transfer", "color_primaries", "color_space", "color_range"]) {
        assertEquals(is![field], was![field], field);
      }
    });
  }
}

for (const create of [createLibavEncoder, createFfmpegEncoder]) {
  for (const file of ["hdr_stated.mp4", "hdr_stated.webm"]) {
    test(`${create.name}: what the container of ${file} says of its light is in the pictures of HEVC`, async () => {
      await using folder = await temporaryFolder();
      const [input, path] = [await made(file), join(folder.path, "out.mp4")];
      const settings: EncodeSettings = { ...DEFAULT_SETTINGS, codec: "hevc", preset: "ultrafast" };
      assertEquals(await through(input, path, { encoder: await create(), settings }), []);
      assertEquals([await inContainer(path), await inPictures(path)], [STATED, STATED]);
    });
  }

  test(`${create.name}: what the container of VP9 says of its light is in that of another VP9`, async () => {
    await using folder = await temporaryFolder();
    const [input, path] = [await made("hdr_stated.webm"), join(folder.path, "out.webm")];
    const settings: EncodeSettings = { ...DEFAULT_SETTINGS, codec: "vp9", preset: "ultrafast" };
    assertEquals(await through(input, path, { encoder: await create(), settings }), []);
    assertEquals(await inContainer(path), STATED);
  });
}

for (
  const [extension, named] of [["mp4", []], ["mov", []], ["mkv", ["Dolby Vision configuration"]]] as const
) {
  test(`a copy to .${extension} ${named.length ? "names" : "keeps"} the configuration of Dolby Vision`, async () => {
    await using folder = await temporaryFolder();
    const dolbyVision = async (path: string) =>
      (await probeFile(path)).streams[0]!.sideData.filter(({ dv_profile }) => dv_profile !== undefined);
    for (const file of ["dolby_vision.mp4", "dolby_vision.mkv"]) {
      const [input, path] = [await made(file), join(folder.path, `${file}.${extension}`)];
      assertEquals(await through(input, path), named);
      assertEquals(await dolbyVision(path), named.length === 0 ? await dolbyVision(input) : []);
      assertEquals((await dolbyVision(input)).map(({ dv_profile }) => dv_profile), [8]);
    }
  });
}
