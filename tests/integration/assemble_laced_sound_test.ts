/** Sound that Matroska has as several frames in a block: in the output each is at its time. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { assemble } from "../../lib/assemble/assemble.ts";
import { mediaFile } from "../media/make_media.ts";
import { MEDIA_CASES } from "../media/media_cases.ts";
import { complaints, probePackets, spanOf, toNumber } from "../media/probe.ts";
import { copies, planned } from "./assemble_fixture.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** Matroska's clock on the way in and out; Vorbis has frames of several lengths in a block. */
const CASES = [
  ["laced_ac3.mkv", 0.0015],
  ["laced_aac.mkv", 0.0015],
  ["laced_mp3.mkv", 0.0015],
  ["laced_opus.mkv", 0.0015],
  ["laced_vorbis.mkv", 0.022],
] as const;

for (const [file, toleranceSeconds] of CASES) {
  for (const extension of ["mkv", "mp4"]) {
    Deno.test({
      name: `${file} in .${extension} has each frame of its sound at its time ${
        HAS_FFMPEG ? "" : WITHOUT_FFMPEG
      }`,
      ignore: !HAS_FFMPEG,
      async fn() {
        await using folder = await temporaryFolder();
        const path = await mediaFile(MEDIA_CASES.find((media) => media.file === file)!);
        const outPath = join(folder.path, `out.${extension}`);
        using video = await planned(path, { kind: "seconds", seconds: 0.5 });
        const { source, plan } = video;
        await assemble({ plan, source, path: outPath, shards: copies(source, plan), copied: true });
        // FFmpeg counts on from the time of a block by what is in each frame.
        const [before, after] = await Promise.all([probePackets(path, "a:0"), probePackets(outPath, "a:0")]);
        assertEquals(after.length, before.length);
        for (const [index, { shown }] of after.entries()) {
          const apart = Math.abs(toNumber(shown!) - toNumber(before[index]!.shown!));
          assert(apart <= toleranceSeconds, `frame ${index} of the sound is off by ${apart} s`);
        }
        const [end, endBefore] = [after, before].map((packets) => toNumber(spanOf(packets)!.end));
        assert(Math.abs(end! - endBefore!) <= 0.022, `ends at ${end} s instead of ${endBefore} s`);
        assertEquals(await complaints(outPath), "");
      },
    });
  }
}
