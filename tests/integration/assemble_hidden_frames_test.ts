import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { assemble } from "../../lib/assemble/assemble.ts";
import { checkFrames } from "../../lib/assemble/check_frames.ts";
import type { EncodedShard } from "../../lib/assemble/shard_frames.ts";
import { planSource, segmentChunks, type VideoPlan } from "../../lib/chunk/keyframe_segments.ts";
import { openSource, type SourceFile } from "../../lib/chunk/source_file.ts";
import type { Encoder } from "../../lib/encode/encoder.ts";
import { createFfmpegEncoder } from "../../lib/encode/ffmpeg_encoder.ts";
import { createLibavEncoder } from "../../lib/encode/libav_encoder.ts";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import { mediaFile } from "../media/make_media.ts";
import { MEDIA_CASES } from "../media/media_cases.ts";
import { probeFrames, probePackets, toNumber } from "../media/probe.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const LOSSLESS = { ...DEFAULT_SETTINGS, preset: "ultrafast", rate: { kind: "crf", crf: 0 } } as const;

async function* encoded(encoder: Encoder, source: SourceFile, plan: VideoPlan): AsyncGenerator<EncodedShard> {
  for await (const { segment, bytes } of segmentChunks(source, plan)) {
    const { timescale, startTicks, endTicks, frameCount, hasLeadOut } = segment;
    const span = { timescale, startTicks, frameCount, frameRate: { num: 25, den: 1 } };
    const end = hasLeadOut && endTicks !== undefined ? { endTicks } : {};
    const task = { settings: LOSSLESS, segment: { ...span, ...end } };
    const { shard, facts } = encoder.encode(new Blob([bytes]).stream(), task);
    const [data] = await Promise.all([new Response(shard).bytes(), facts]);
    yield { segment: segment.index, worker: "worker", data };
  }
}

for (const file of ["edit_list.mp4", "edit_list.mov"]) {
  for (
    const [name, create, extension] of [
      ["libav", createLibavEncoder, "mkv"],
      ["ffmpeg", createFfmpegEncoder, "mp4"],
    ] as const
  ) {
    Deno.test({
      name: `${file} encoded by ${name} to .${extension} has the frames that are shown and no other ${
        HAS_FFMPEG ? "" : WITHOUT_FFMPEG
      }`,
      ignore: !HAS_FFMPEG,
      async fn() {
        await using folder = await temporaryFolder();
        const path = await mediaFile(MEDIA_CASES.find((media) => media.file === file)!);
        using source = await openSource(path);
        const plan = await planSource(source, { kind: "seconds", seconds: 0.5 }, { hidden: "drop" });
        const outPath = join(folder.path, `out.${extension}`);
        const shards = encoded(await create(), source, plan);
        const { notCarried } = await assemble({ plan, source, path: outPath, shards });
        assertEquals(notCarried, ["9 frames at the start that an edit list hides"]);
        assertEquals((await checkFrames(plan, outPath)).framesOut, 42);
        // FFmpeg shows neither the frames that the source hides nor others.
        const [before, after] = [await probeFrames(path), await probeFrames(outPath)];
        assertEquals(after.map(({ md5 }) => md5), before.map(({ md5 }) => md5));
      },
    });
  }
}

Deno.test({
  name: `a frame that an edit list begins within is shown from 0 on in .mkv ${
    HAS_FFMPEG ? "" : WITHOUT_FFMPEG
  }`,
  ignore: !HAS_FFMPEG,
  async fn() {
    await using folder = await temporaryFolder();
    const original = await mediaFile(MEDIA_CASES.find((media) => media.file === "edit_list.mp4")!);
    const path = join(folder.path, "cut.mp4");
    await Deno.writeFile(path, editedHalfAFrameLater(await Deno.readFile(original)));
    using source = await openSource(path);
    const plan = await planSource(source, { kind: "seconds", seconds: 0.5 }, { hidden: "drop" });
    assertEquals([plan.timescale, plan.droppedFirst, ...plan.shownTicks.subarray(0, 2)], [
      16_000,
      9,
      -320,
      320,
    ]);
    const outPath = join(folder.path, "out.mkv");
    await assemble({
      plan,
      source,
      path: outPath,
      shards: encoded(await createLibavEncoder(), source, plan),
    });
    assertEquals((await checkFrames(plan, outPath)).framesOut, 42);
    const packets = await probePackets(outPath, "v:0");
    const seconds = packets.slice(0, 3).map(({ shown }) => shown && toNumber(shown));
    assertEquals(seconds, [0, 0.02, 0.06]);
  },
});

/** Moves the start of the first track's edit list by 20 ms of a clock of 16,000. */
function editedHalfAFrameLater(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const elst = new TextDecoder("latin1").decode(bytes).indexOf("elst");
  const view = new DataView(bytes.buffer);
  view.setUint32(elst + 16, view.getUint32(elst + 16) + 320);
  return bytes;
}
