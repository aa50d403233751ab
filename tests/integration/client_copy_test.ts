/** `--codec copy`: the client splits a video and puts it together again, with no worker in sight. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { makeVideo } from "../../lib/encode/make_video.ts";
import { CONTAINER_CASES } from "../media/container_cases.ts";
import { GOP_CASES } from "../media/gop_cases.ts";
import { mediaFile } from "../media/make_media.ts";
import { complaints, probePackets, type Seconds } from "../media/probe.ts";
import { TIME_CASES } from "../media/time_cases.ts";
import { filesUnder } from "./files_under.ts";
import { runScript } from "./run_script.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** Where nothing listens: whoever asks a worker fails. */
const NO_WORKER = ["--worker", "localhost:1"];

const copy = (cwd: string, ...flags: string[]) =>
  runScript("test_worker_client.ts", [...NO_WORKER, "--codec", "copy", ...flags], { cwd });

/** Source, and the containers whose clocks hold its times. */
const COPIES: [file: string, extensions: readonly string[]][] = [
  ["open_h264.mp4", ["mp4", "mov"]],
  ["open_h264.mkv", ["mkv", "mp4"]],
  ["open_hevc.mp4", ["mp4", "mkv"]],
  ["vp9.webm", ["webm", "mkv"]],
  ["vfr.mp4", ["mp4"]],
];
const CASES = [...GOP_CASES, ...CONTAINER_CASES, ...TIME_CASES];

for (const [file, extensions] of COPIES) {
  Deno.test({
    name: `--codec copy of ${file} gives back the same packets at the same times ${
      HAS_FFMPEG ? "" : WITHOUT_FFMPEG
    }`,
    ignore: !HAS_FFMPEG,
    async fn() {
      await using folder = await temporaryFolder();
      const source = await mediaFile(CASES.find((media) => media.file === file)!);
      for (const extension of extensions) {
        const output = `out.${extension}`;
        const flags = ["--video_path", source, "--chunk_size", "1", "--reconstruct", output, "--json"];
        const { code, stdout, stderr } = await copy(folder.path, ...flags);
        assertEquals(code, 0, stderr);
        const { total_chunks, reconstruction } = JSON.parse(stdout);
        assertEquals([total_chunks > 4, reconstruction.frames_in], [true, reconstruction.frames_out]);
        const path = join(folder.path, output);
        assertEquals(await packetsHash(path), await packetsHash(source), output);
        assertEquals(await complaints(path), "");
      }
    },
  });
}

/** SHA-256 over the payloads and times of all video packets, in their order. */
async function packetsHash(path: string): Promise<string> {
  const hash = createHash("sha256");
  for (const { shown, sha256 } of await probePackets(path, "v:0")) {
    hash.update(`${milliseconds(shown!)} ${sha256}\n`);
  }
  return hash.digest("hex");
}

/** On the coarsest clock of all: Matroska's. */
const milliseconds = ({ num, den }: Seconds) => (2_000n * num + den) / (2n * den);

Deno.test("--codec copy needs no worker, keeps no chunk, and says that nothing was encoded", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await makeVideo(join(cwd, "in.mp4"));
  const { code, stdout, stderr } = await copy(
    cwd,
    "--video_path",
    "in.mp4",
    "--chunk_size",
    "20000",
    "--reconstruct",
    "out.mkv",
  );
  assertEquals(code, 0, stderr);
  assertMatch(stdout, /^Split into 5 chunks and copied: nothing was encoded, no worker was asked$/m);
  assertMatch(stdout, /^Reconstructed out\.mkv \(.*\): 75 frames in, 75 out, largest time difference/m);
  assertEquals(await filesUnder(cwd), ["in.mp4", "out.mkv"]);
});

Deno.test("--codec copy refuses what it could not do, before anything is made", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await makeVideo(join(cwd, "in.mp4"));
  const onto = ["--video_path", "in.mp4", "--reconstruct"];
  const wrong: [code: number, flags: readonly string[], says: readonly string[]][] = [
    [2, [], ["--codec copy needs --reconstruct"]],
    [2, [...onto, "out.mp4", "--crf", "20"], ["--crf has no effect with --codec copy"]],
    [2, [...onto, "out.mp4", "--deinterlace"], ["--deinterlace has no effect with --codec copy"]],
    [2, [...onto, "out.mp4", "--fps", "24"], ["--fps has no effect with --codec copy"]],
    [2, [...onto, "out.mp4", "--concurrency", "2"], ["--concurrency has no effect with --codec copy"]],
    [2, ["--video_path", "in.mp4", "--split", "bytes"], ["--codec has no effect with --split bytes"]],
    [2, [...onto, "out.avi"], ["out.avi", ".mp4"]],
    [1, [...onto, "out.webm"], ["Cannot put avc video into .webm: use .mp4, .mov, .mkv"]],
    [1, [...onto, "in.mp4"], ["in.mp4", "source itself"]],
    [1, ["--video_path", "missing.mp4", "--reconstruct", "out.mp4"], ["missing.mp4", "no such file"]],
  ];
  for (const [expected, flags, says] of wrong) {
    const { code, stdout, stderr } = await copy(cwd, ...flags);
    assertEquals([code, stdout], [expected, ""], stderr);
    assertMatch(stderr, /^error: [^\n]*\n$/);
    for (const words of says) assertStringIncludes(stderr, words);
  }
  assertEquals(await filesUnder(cwd), ["in.mp4"]);
});
