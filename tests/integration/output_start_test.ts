/** Sources that begin late, as a capture of a broadcast does, and where their outputs begin. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { verifyOutput, verifySource } from "../../lib/job/verify_output.ts";
import { GROWING_SOURCES, SECONDS } from "./growing_sources.ts";
import { startInProcessMaster } from "./in_process_master.ts";
import { runIn } from "./job_fixture.ts";
import { areTimesWithin, mediaFacts } from "./media_facts.ts";
import { runScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";

Deno.test.sanitizer({ ops: true, resources: true });

/** Its sound begins a little before the clock of MPEG-TS starts again, after 26.5 hours. */
const lateSource = (folder: string) => GROWING_SOURCES["MPEG-TS"]!(folder);
const LATE_SECONDS = 2 ** 33 / 90_000;
/** Of the video's clock. */
const TICK_SECONDS = 1 / 90_000;

const timesOf = async (path: string) => {
  const { frameSeconds, audio } = await mediaFacts(path);
  return { video: frameSeconds, audio: audio.map(({ seconds }) => seconds) };
};

for (const extension of ["mp4", "mkv"]) {
  Deno.test(`an output in .${extension} begins at 0 where that is asked for, and all its shards are the same`, async () => {
    await using folder = await temporaryFolder();
    const source = await lateSource(folder.path);
    const late = await runIn(folder.path, source, `late.${extension}`);
    assert(Math.abs(late.result.lateStartSeconds! - LATE_SECONDS) < 1, `${late.result.lateStartSeconds}`);
    assertEquals(late.proof.encoding.start, undefined);
    const zero = await runIn(folder.path, source, `zero.${extension}`, {
      spec: { start: "zero" },
      fleet: { workers: 0 },
    });
    assertEquals([zero.result.encodedChunks, zero.result.reusedChunks], [0, SECONDS]);
    assertEquals(zero.result.lateStartSeconds, undefined);
    assertEquals(zero.proof.encoding.start, "zero");
    assertEquals(await verifyOutput(zero.proof, zero.result.assembled.path), []);
    assertEquals(await verifySource(zero.proof, source), []);

    const [before, after] = [
      await timesOf(join(folder.path, `late.${extension}`)),
      await timesOf(join(folder.path, `zero.${extension}`)),
    ];
    assertEquals(before.video.length, after.video.length);
    assert(Math.abs(before.video[0]! - LATE_SECONDS) < 1, `${before.video[0]}`);
    const first = Math.min(...after.video, ...after.audio);
    assert(first >= 0 && first <= TICK_SECONDS, `${first}`);
    const offset = late.result.lateStartSeconds!;
    // Matroska's clock has milliseconds, on either side.
    const tolerance = extension === "mkv" ? 0.0011 : 1.5 * TICK_SECONDS;
    const earlier = (seconds: readonly number[]) => seconds.map((time) => time - offset);
    assert(areTimesWithin(tolerance, earlier(before.video), after.video));
    assert(areTimesWithin(tolerance, earlier(before.audio), after.audio));
  });
}

Deno.test("transcode tells that a copy begins late, and has it begin at 0 with --start zero", async () => {
  await using folder = await temporaryFolder();
  const source = await lateSource(folder.path);
  const copy = (...flags: string[]) =>
    runScript("transcode.ts", [source, "-o", "out.mp4", "--codec", "copy", ...flags], { cwd: folder.path });
  const late = await copy();
  assertEquals(late.code, 0, late.stderr);
  const hint = "Begins at 26:30:43, as its source does; --start zero makes it begin at 0";
  assertStringIncludes(late.stdout, `${hint}\n`);
  const told = JSON.parse((await copy("--start", "source", "--json")).stdout);
  assertEquals(told.notes, [hint]);
  const zero = await copy("--start", "zero");
  assertEquals([zero.code, zero.stdout.includes("Begins at")], [0, false], zero.stderr);
  const { video, audio } = await timesOf(join(folder.path, "out.mp4"));
  assert(Math.min(...video, ...audio) <= TICK_SECONDS);
});

Deno.test("transcode --master tells that an output begins late, and refuses a flag that would do nothing", async () => {
  await using folder = await temporaryFolder();
  const source = await lateSource(folder.path);
  await using master = await startInProcessMaster({ dataDir: join(folder.path, "data") });
  const remote = (...flags: string[]) =>
    runScript(
      "transcode.ts",
      [source, "-o", "out.mp4", "--master", master.running.address, "--quiet", ...flags],
      { cwd: folder.path },
    );
  const late = await remote();
  assertEquals(late.code, 0, late.stderr);
  assertStringIncludes(late.stdout, "\nBegins at 26:30:43, as its source does\n");
  const zero = await remote("--start", "zero");
  assertEquals(zero.code, 2);
  assertStringIncludes(zero.stderr, "--start has no effect with --master");
});
