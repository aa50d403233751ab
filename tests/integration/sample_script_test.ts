/** `deno task sample` as a user runs it. */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { fileNames } from "./assemble_fixture.ts";
import { mediaFacts } from "./media_facts.ts";
import { runScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const sample = (cwd: string, output: string) => runScript("lib/cli/sample.ts", ["-o", output], { cwd });

Deno.test("sample makes a video where it is told to", async () => {
  await using folder = await temporaryFolder();
  const { code, stdout, stderr } = await sample(folder.path, "s.mkv");
  assertEquals(code, 0, stderr);
  assertMatch(stdout, /^Made s\.mkv \(/);
  assertEquals((await mediaFacts(join(folder.path, "s.mkv"))).frameSeconds.length, 75);
});

for (const name of ["s.txt", "s.webm", "s.constructor", "sample"]) {
  Deno.test(`sample refuses the name ${name} in one line that has those it takes, and exits 2`, async () => {
    await using folder = await temporaryFolder();
    const { code, stdout, stderr } = await sample(folder.path, name);
    assertEquals([code, stdout], [2, ""]);
    assertMatch(
      stderr,
      new RegExp(`^error: --output: [^\\n]*"${name}"[^\\n]* \\.mp4, \\.mov, \\.mkv [^\\n]*\\n$`),
    );
    assertEquals(await fileNames(folder.path), []);
  });
}

Deno.test("sample says in one line that it cannot write there, and exits 1", async () => {
  await using folder = await temporaryFolder();
  const { code, stderr } = await sample(folder.path, "missing/s.mp4");
  assertEquals([code, stderr], [1, 'error: Cannot make files in folder "missing": no such file or folder\n']);
});
