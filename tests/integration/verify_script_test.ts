import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
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
    [["out.mp4", "--proof", "out.mp4"], /Cannot use the proof "out\.mp4": it is not JSON/],
  ];
  await Promise.all(cases.map(async ([args, said]) => {
    const { code, stderr } = await verify(...args);
    assertEquals(code, 1);
    assert(said.test(stderr), stderr);
  }));
});
