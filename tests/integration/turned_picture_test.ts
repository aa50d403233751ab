/** --width and --height of a video that a player turns, such as one of a phone held upright. */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import { encodeAhead } from "../../lib/job/encode_ahead.ts";
import { openPrivateMemory } from "../../lib/job/private_memory.ts";
import { parseProof } from "../../lib/job/proof.ts";
import { verifySource } from "../../lib/job/verify_output.ts";
import { mediaFile } from "../media/make_media.ts";
import { PICTURE_CASES } from "../media/picture_cases.ts";
import { probeFile } from "../media/probe.ts";
import { startInProcess } from "./in_process_worker.ts";
import { copyFleet, runIn } from "./job_fixture.ts";
import { runScript } from "./run_script.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { LIMIT_MS } from "./transcode_events.ts";
import { until } from "./until.ts";

function testWithFfmpeg(behaviour: string, fn: () => Promise<void>): void {
  Deno.test({ name: HAS_FFMPEG ? behaviour : `${behaviour} ${WITHOUT_FFMPEG}`, ignore: !HAS_FFMPEG, fn });
}

/** 160x120 as it is coded. */
const sourceTurnedBy = (degrees: number): Promise<string> =>
  mediaFile(PICTURE_CASES.find(({ file }) => file === `rotated_${degrees}.mp4`)!);

/** As ffprobe says it. */
async function sizeOf(path: string): Promise<{ coded: string; turnedBy: unknown }> {
  const { streams } = await probeFile(path);
  const { field, sideData } = streams.find(({ kind }) => kind === "video")!;
  return { coded: `${field["width"]}x${field["height"]}`, turnedBy: sideData[0]?.["rotation"] };
}

const QUICK = ["--preset", "ultrafast"];

for (
  const [degrees, flags, expected] of [
    [90, ["--height", "80"], { coded: "80x60", turnedBy: 90 }],
    [270, ["--width", "90"], { coded: "120x90", turnedBy: -90 }],
    [180, ["--height", "60"], { coded: "80x60", turnedBy: -180 }],
  ] as const
) {
  testWithFfmpeg(
    `transcode ${flags.join(" ")} of a video turned by ${degrees} degrees is of the picture as shown`,
    async () => {
      await using folder = await temporaryFolder();
      const source = await sourceTurnedBy(degrees);
      const args = [source, "-o", "out.mp4", "--local_workers", "1", "--quiet", ...QUICK, ...flags];
      const { code, stderr } = await runScript("transcode.ts", args, { cwd: folder.path, limitMs: LIMIT_MS });
      assertEquals(code, 0, stderr);
      assertEquals(await sizeOf(join(folder.path, "out.mp4")), expected);
    },
  );
}

testWithFfmpeg(
  "the client's --height of a video turned by 90 degrees is of the picture as shown",
  async () => {
    await using folder = await temporaryFolder();
    await using worker = await startInProcess({ encoder: "libav" });
    const args = ["--worker", worker.client.address, "--video_path", await sourceTurnedBy(90), ...QUICK];
    const { code, stderr } = await runScript(
      "test_worker_client.ts",
      [...args, "--height", "80", "--reconstruct", "out.mp4"],
      { cwd: folder.path, limitMs: LIMIT_MS },
    );
    assertEquals(code, 0, stderr);
    assertEquals(await sizeOf(join(folder.path, "out.mp4")), { coded: "80x60", turnedBy: 90 });
  },
);

testWithFfmpeg(
  "a job tells workers of the picture as coded, and its proof, which holds, of the picture as shown",
  async () => {
    await using folder = await temporaryFolder();
    const source = await sourceTurnedBy(90);
    const settings = { ...DEFAULT_SETTINGS, height: 80 };
    const { proof, fleet } = await runIn(folder.path, source, "out.mp4", { spec: { settings } });
    const told = fleet.attempts.map(({ task: { settings: { width, height } } }) => [width, height]);
    assertEquals(new Set(told.map(String)), new Set(["80,0"]));
    assertEquals([proof.encoding.settings["width"], proof.encoding.settings["height"]], [0, 80]);
    assertEquals(await verifySource(parseProof(JSON.stringify(proof)), source), []);
    const { encoding } = proof;
    const swapped = {
      ...proof,
      encoding: { ...encoding, settings: { ...encoding.settings, width: 80, height: 0 } },
    };
    assertEquals((await verifySource(swapped, source)).length, proof.segments.length);
  },
);

testWithFfmpeg("what is encoded while a video comes in is told of the picture as coded, too", async () => {
  await using folder = await temporaryFolder();
  const path = await sourceTurnedBy(90);
  await using fleet = copyFleet();
  await using ahead = encodeAhead({
    jobId: "ahead",
    outputPath: join(folder.path, "out.mp4"),
    settings: { ...DEFAULT_SETTINGS, height: 80 },
    audio: "copy",
    chunkSeconds: 0.5,
    priority: 0,
  }, {
    fleet,
    openMemory: () => openPrivateMemory(folder.path),
    onEvent: () => {},
    onFailure: (error) => {
      throw error;
    },
    now: () => 0,
  });
  ahead.grew({ path, sizeBytes: 2 ** 20 });
  await until(() => Promise.resolve(fleet.attempts.length > 0));
  const { width, height } = fleet.attempts[0]!.task.settings;
  assertEquals([width, height], [80, 0]);
});
