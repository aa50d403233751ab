import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileNames } from "./assemble_fixture.ts";
import { sourceIn } from "./job_fixture.ts";
import { mediaFacts } from "./media_facts.ts";
import { runScript, startScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { FAST, lastEvent, LIMIT_MS, untilEvent, workersOf } from "./transcode_events.ts";

async function sha256Of(path: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", await Deno.readFile(path))).toHex();
}

Deno.test("transcode gives the same bytes with one worker, and with three of which one is killed half way, and proofs that hold", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  const name = `it's [1] "ä" 影.mp4`;
  const source = await sourceIn(cwd, name);
  const run = (output: string, workers: number) =>
    startScript(
      "transcode.ts",
      [name, "-o", output, "--local_workers", `${workers}`, "--no-resume", ...FAST],
      {
        cwd,
        limitMs: LIMIT_MS,
      },
    );

  const output = `out 'of' [one] "ü" 片.mkv`;
  assertEquals(lastEvent(await run(output, 1).result).encoded_chunks, 5);
  await using three = run("three.mkv", 3);
  await untilEvent(three, "encoded");
  const [worker] = await workersOf(three);
  Deno.kill(worker!, "SIGKILL");
  const done = lastEvent(await three.result);

  assertEquals(done.sha256, await sha256Of(join(cwd, output)));
  assertEquals(await sha256Of(join(cwd, "three.mkv")), await sha256Of(join(cwd, output)));
  const [before, after] = [await mediaFacts(source), await mediaFacts(join(cwd, output))];
  assertEquals(after.frameSeconds.length, before.frameSeconds.length);
  assertEquals(after.audio.map(({ sha256 }) => sha256), before.audio.map(({ sha256 }) => sha256));
  const head = new TextDecoder("latin1").decode((await Deno.readFile(join(cwd, output))).subarray(0, 64));
  assert(head.includes("matroska"));
  for (const file of [output, "three.mkv"]) {
    const { code, stdout, stderr } = await runScript("lib/cli/verify.ts", [file, "--source", name], { cwd });
    assertEquals(code, 0, stderr);
    assert(stdout.includes("is what its proof says"), stdout);
  }
  const proofs = [`${output}.proof.json`, "three.mkv.proof.json"];
  assertEquals(await fileNames(cwd), [name, output, "three.mkv", ...proofs].sort());
});
