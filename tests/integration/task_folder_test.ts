/** The commands of deno.json, run from elsewhere than the project's folder. */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileNames } from "./assemble_fixture.ts";
import { PROJECT, startCommand } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";

Deno.test({
  name: "a task takes paths as they are where it is called, whatever configuration of Deno lies there",
  ignore: Deno.build.os === "windows", // which has no `env`
  async fn() {
    await using folder = await temporaryFolder();
    const cwd = join(folder.path, "films of mine");
    await Deno.mkdir(cwd);
    await Deno.writeTextFile(join(cwd, "deno.json"), "{ not JSON");
    // without what the task that runs these tests has set
    const task = ["env", "-u", "INIT_CWD", Deno.execPath(), "task", `--config=${PROJECT}deno.json`];
    for (const args of [["sample", "-o", "a film.mp4"], ["verify", "a film.mp4"]]) {
      await using run = startCommand([...task, ...args], { cwd });
      const { code, stderr } = await run.result;
      const expected = args[0] === "sample" ? 0 : 1; // there is no proof of a sample
      assertEquals([code, stderr.includes("Cannot find the proof")], [expected, expected === 1], stderr);
    }
    assertEquals(await fileNames(cwd), ["a film.mp4", "deno.json"]);
  },
});
