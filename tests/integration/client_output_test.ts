/** What the client's finished video says of itself, at the frame rate and in the containers that are asked for. */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { FORM } from "../../lib/encode/encoder_build.ts";
import { makeVideo } from "../../lib/encode/make_video.ts";
import { probeFile, probeFrames } from "../media/probe.ts";
import { startOurWorker } from "../peers/our_worker.ts";
import { startFakeWorker } from "./fake_worker.ts";
import { runScript } from "./run_script.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";

// the fake worker runs in here, and grpc-js leaves a timer or two behind where a client is killed amid a call
Deno.test.sanitizer({ ops: false, resources: false });

Deno.test({
  name: `the finished video names its encoder and settings, and has the frame rate asked for ${
    HAS_FFMPEG ? "" : WITHOUT_FFMPEG
  }`,
  ignore: !HAS_FFMPEG,
  async fn() {
    await using folder = await temporaryFolder();
    const cwd = folder.path;
    await makeVideo(join(cwd, "in.mp4"), { seconds: 2 });
    await using worker = await startOurWorker({ shardsDir: join(cwd, "shards") });
    const outputs = [["mp4", "h264", "libx264"], ["mov", "hevc", "libx265"], ["mkv", "h264", "libx264"], [
      "webm",
      "vp9",
      "libvpx-vp9",
    ]] as const;
    for (const [extension, codec, encoder] of outputs) {
      const flags = [
        "--codec",
        codec,
        "--crf",
        "40",
        "--preset",
        "ultrafast",
        "--fps",
        "29.97",
        "--chunk_size",
        "1",
      ];
      const path = `out.${extension}`;
      const { code, stdout, stderr } = await runScript("test_worker_client.ts", [
        ...["--worker", worker.address, "--video_path", "in.mp4", ...flags, "--reconstruct", path],
      ], { cwd });
      assertEquals(code, 0, stderr);
      assertMatch(stdout, /: 30 frames in, converted to 60, 60 out, largest time difference/);
      const { tags } = await probeFile(join(cwd, path));
      const tag = tags.ENCODER ?? tags.encoder ?? ""; // as ffprobe calls it in Matroska, else
      assertMatch(
        tag,
        new RegExp(
          `^libav/${encoder} \\S+ form ${FORM}, crf 40, preset ultrafast, 30000/1001 frames a second$`,
        ),
      );
      assertEquals((await probeFrames(join(cwd, path))).length, 60);
    }
  },
});

Deno.test("a container that cannot show the video as its source does is refused before anything is sent", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  using worker = await startFakeWorker();
  await makeVideo(join(cwd, "in.mp4"), { seconds: 1 });
  const flags = ["--worker", worker.address, "--video_path", "in.mp4"];
  for (
    const [given, says] of [
      [
        ["--codec", "h264", "--reconstruct", "out.webm"],
        /^error: --reconstruct: Cannot put avc video into \.webm: use \.mp4/,
      ],
      [
        ["--codec", "av1", "--pixel_format", "yuv444p"],
        /^error: --pixel_format yuv444p: av1 is encoded as yuv420p or yuv420p10/,
      ],
      [["--codec", "vp9", "--crf", "30.5"], /^error: --crf: .*vp9 takes whole numbers/],
      [["--fps", "0"], /^error: --fps must be frames a second/],
    ] as const
  ) {
    const { code, stderr } = await runScript("test_worker_client.ts", [...flags, ...given], { cwd });
    assertEquals(code, 2, stderr);
    assertMatch(stderr, says);
  }
  assertEquals(worker.chunks.length, 0);
});
