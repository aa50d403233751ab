import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { type Proof, proofText } from "../../lib/job/proof.ts";
import { runIn, sourceIn } from "./job_fixture.ts";
import { runScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";

Deno.test("verify exits with 0 for what is as it was, and with 1 naming the segment of a byte that has changed", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  const source = await sourceIn(cwd);
  await runIn(cwd, source, "out.mp4", { spec: { audio: "none" } });
  const verify = (...args: string[]) => runScript("lib/cli/verify.ts", args, { cwd });

  const sound = await verify("out.mp4", "--source", "source.mp4", "--json");
  assertEquals(sound.code, 0, sound.stderr);
  assertEquals(JSON.parse(sound.stdout), { path: "out.mp4", is_same: true, segments: 5, findings: [] });

  const bytes = await Deno.readFile(join(cwd, "out.mp4"));
  bytes[bytes.length - 100]! ^= 1; // in the last segment's last frames
  await Deno.writeFile(join(cwd, "out.mp4"), bytes);
  const [changed, asJson] = await Promise.all([verify("out.mp4"), verify("out.mp4", "--json")]);
  assertEquals([changed.code, changed.stdout], [1, ""]);
  assert(changed.stderr.includes("out.mp4: segment 4: its frames have other data\n"), changed.stderr);
  assertEquals(asJson.code, 1);
  const { is_same, findings } = JSON.parse(asJson.stdout);
  assertEquals([is_same, findings.at(-1).segment], [false, 4]);

  const elsewhere = join(cwd, "elsewhere.json");
  await Deno.rename(join(cwd, "out.mp4.proof.json"), elsewhere);
  const cases: readonly (readonly [args: readonly string[], said: RegExp])[] = [
    [["out.mp4"], /Cannot find the proof "out\.mp4\.proof\.json"/],
    [["absent.mp4", "--proof", elsewhere], /absent\.mp4/],
    [["absent.mp4"], /^error: Cannot read "absent\.mp4": there is no such file\n$/],
    [["out.mp4", "--proof", "out.mp4"], /Cannot use the proof "out\.mp4": it is not JSON/],
  ];
  await Promise.all(cases.map(async ([args, said]) => {
    const { code, stderr } = await verify(...args);
    assertEquals(code, 1);
    assert(said.test(stderr), stderr);
  }));
});

Deno.test("verify tells a proof that contradicts itself, the file or the source", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  const source = await sourceIn(cwd);
  const { proof } = await runIn(cwd, source, "out.mp4", { spec: { audio: "none" } });
  const forged: Proof = {
    ...proof,
    encoding: { ...proof.encoding, settings: { ...proof.encoding.settings, codec: "av1", crf: 60 } },
    segments: proof.segments.map((segment) => ({ ...segment, task_sha256: "0".repeat(64) })),
    output: { ...proof.output, container: "webm", frames: 999_999 },
    run: { ...proof.run, chunks: [] },
  };
  await Deno.writeTextFile(join(cwd, "out.mp4.proof.json"), proofText(forged));
  const { code, stdout, stderr } = await runScript(
    "lib/cli/verify.ts",
    ["out.mp4", "--source", "source.mp4"],
    { cwd },
  );
  assertEquals([code, stdout], [1, ""]);
  for (
    const said of [
      /the proof says 999999 frames, and its segments have 75/,
      /the proof tells of 0 chunks that ran, and has 5 segments/,
      /it is mp4 instead of webm/,
      /its video is avc instead of av1/,
      /segment 4: its task is not that of the proof's settings/,
    ]
  ) assertMatch(stderr, said);
});
