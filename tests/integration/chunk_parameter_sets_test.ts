/** Chunks of sources whose parameter sets change on the way, each decoded by itself. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { planSource, segmentChunks } from "../../lib/chunk/keyframe_segments.ts";
import { openSource } from "../../lib/chunk/source_file.ts";
import { mediaFile } from "../media/make_media.ts";
import { PICTURE_CASES } from "../media/picture_cases.ts";
import { complaints, probeFrames } from "../media/probe.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const suffix = HAS_FFMPEG ? "" : WITHOUT_FFMPEG;

for (
  const file of [
    ...["parameters_change.ts", "parameters_return.mkv", "parameters_return.mp4", "parameters_once.mkv"],
    "sequence_changes.mkv",
  ]
) {
  for (const seconds of [0.4, 3, 10]) {
    Deno.test({
      name:
        `the chunks of ${file} to be encoded, of ${seconds} s, decode to the pixels of the source ${suffix}`,
      ignore: !HAS_FFMPEG,
      async fn() {
        await using folder = await temporaryFolder();
        const path = await mediaFile(PICTURE_CASES.find((media) => media.file === file)!);
        using source = await openSource(path);
        const plan = await planSource(source, { kind: "seconds", seconds });
        const pixels: string[] = [];
        for await (const { segment, bytes } of segmentChunks(source, plan, { toEncode: true })) {
          const chunk = join(folder.path, `${segment.index}.mp4`);
          await Deno.writeFile(chunk, bytes);
          assertEquals(await complaints(chunk), "");
          pixels.push(...(await probeFrames(chunk)).slice(0, segment.frameCount).map(({ md5 }) => md5));
        }
        const wanted = (await probeFrames(path)).map(({ md5 }) => md5);
        const wrong = wanted.flatMap((md5, frame) => pixels[frame] === md5 ? [] : [frame]);
        assertEquals([pixels.length, wrong], [wanted.length, []]);
        assert(seconds > 1 || plan.segments.length > 4, `${plan.segments.length} chunks`);
      },
    });
  }
}
