import { assertEquals } from "@std/assert";
import { assemble } from "../../lib/assemble/assemble.ts";
import { planSource } from "../../lib/chunk/keyframe_segments.ts";
import { openSource } from "../../lib/chunk/source_file.ts";
import { EXTRA_CASES } from "../media/extra_cases.ts";
import { mediaFile } from "../media/make_media.ts";
import { PICTURE_CASES } from "../media/picture_cases.ts";
import { type ProbedFile, probeFile } from "../media/probe.ts";
import { copies } from "./assemble_fixture.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** A case copied to a container, as ffprobe reads it. */
async function copied(file: string, extension: string): Promise<ProbedFile> {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/output.${extension}`;
  using source = await openSource(await made(file));
  const plan = await planSource(source, { kind: "seconds", seconds: 1 });
  await assemble({ plan, source, path, shards: copies(source, plan), copied: true });
  return await probeFile(path);
}

async function made(file: string): Promise<string> {
  return await mediaFile([...PICTURE_CASES, ...EXTRA_CASES].find((media) => media.file === file)!);
}

const pixels = ({ streams }: ProbedFile) =>
  streams.find(({ kind }) => kind === "video")?.field.sample_aspect_ratio;

/** Matroska's own names are in capitals. */
const titleAndDate = ({ tags }: ProbedFile) => [tags.title, tags.date ?? tags.DATE];

function testMedia(behaviour: string, fn: () => Promise<void>): void {
  Deno.test({ name: HAS_FFMPEG ? behaviour : `${behaviour} ${WITHOUT_FFMPEG}`, ignore: !HAS_FFMPEG, fn });
}

for (const [file, aspect] of [["sar.mp4", "4:3"], ["sar.mkv", "16:11"], ["sar.ts", "16:11"]] as const) {
  for (const extension of ["mp4", "mov", "mkv"]) {
    testMedia(`${file} as .${extension}: its pixels stay ${aspect}`, async () => {
      assertEquals(pixels(await probeFile(await made(file))), aspect);
      assertEquals(pixels(await copied(file, extension)), aspect);
    });
  }
}

for (const extension of ["mp4", "mov", "mkv"]) {
  testMedia(`a title in Matroska's own place and a year reach .${extension} as they are`, async () => {
    const file = "chapters.mkv";
    const given = await probeFile(await made(file));
    assertEquals(titleAndDate(given), ["A film", "2020"]);
    assertEquals(titleAndDate(await copied(file, extension)), ["A film", "2020"]);
  });
}
