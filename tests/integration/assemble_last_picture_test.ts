/** How long the last picture is shown, where others are decoded after it. */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { assemble } from "../../lib/assemble/assemble.ts";
import { boxesAt } from "../../lib/chunk/mp4_boxes.ts";
import { mediaFile } from "../media/make_media.ts";
import { MEDIA_CASES } from "../media/media_cases.ts";
import { copies, planned } from "./assemble_fixture.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";

Deno.test({
  name: `a video of uneven times with B-frames ends when its source does, copied again and again ${
    HAS_FFMPEG ? "" : WITHOUT_FFMPEG
  }`,
  ignore: !HAS_FFMPEG,
  async fn() {
    await using folder = await temporaryFolder();
    let path = await mediaFile(MEDIA_CASES.find(({ file }) => file === "vfr_end.mp4")!);
    for (const name of ["first.mp4", "second.mov"]) {
      using video = await planned(path, { kind: "seconds", seconds: 2 });
      const { source, plan } = video;
      assertEquals([plan.shownTicks.at(-1)! / plan.timescale, plan.endTicks / plan.timescale], [119 / 30, 4]);
      path = join(folder.path, name);
      await assemble({ plan, source, path, shards: copies(source, plan), copied: true });
      assertEquals(lengthsSeconds(await Deno.readFile(path)), { movie: 4, decoding: 4 });
    }
  },
});

/** As the movie's header has it, and as the sum of the first track's decode times. */
function lengthsSeconds(
  file: Uint8Array<ArrayBuffer>,
): { readonly movie: number; readonly decoding: number } {
  const at = (...path: string[]) => boxesAt(new DataView(file.buffer), "moov", ...path).next().value!;
  const [mvhd, mdhd] = [at("mvhd"), at("trak", "mdia", "mdhd")];
  const stts = at("trak", "mdia", "minf", "stbl", "stts");
  let ticks = 0;
  for (let run = 0; run < stts.getUint32(4); run++) {
    ticks += stts.getUint32(8 + 8 * run) * stts.getUint32(12 + 8 * run);
  }
  assertEquals([mvhd.getUint8(0), mdhd.getUint8(0)], [0, 0]);
  return { movie: mvhd.getUint32(16) / mvhd.getUint32(12), decoding: ticks / mdhd.getUint32(12) };
}
