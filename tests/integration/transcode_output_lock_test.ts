/** Two commands that are told to make one output. */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { fileNames } from "./assemble_fixture.ts";
import { sourceIn } from "./job_fixture.ts";
import { runScript, startScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { eventsIn, FAST, lastEvent, LIMIT_MS } from "./transcode_events.ts";
import { until } from "./until.ts";

const BUSY = /^error: Cannot write "out\.mp4": another command is writing it\n$/;

Deno.test("transcode to an output that another command is making is refused at once, and the other one's is whole", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await sourceIn(cwd);
  const to = ["source.mp4", "-o", "out.mp4"];
  await Deno.mkdir(join(cwd, ".transcode"));
  using memory = await Deno.open(join(cwd, ".transcode", "lock"), { create: true, write: true });
  await memory.lock(true); // so that the first one waits for it
  await using first = startScript("transcode.ts", [...to, "--local_workers", "1", ...FAST], {
    cwd,
    limitMs: LIMIT_MS,
  });
  await until(async () => (await fileNames(cwd)).includes(".out.mp4.transcode"));
  const others = [
    ["--crf", "30", "--json"],
    ["--no-resume"],
    ["--memory_dir", "elsewhere"],
    ["--codec", "copy"],
    ["--master", "localhost:1"],
  ];
  await Promise.all(others.map(async (flags) => {
    const { code, stdout, stderr } = await runScript("transcode.ts", [...to, ...flags], { cwd });
    assertEquals(code, 1);
    assertMatch(stderr, BUSY);
    const told = flags.includes("--json") ? eventsIn(stdout).map(({ event }) => event) : stdout;
    assertEquals(told, flags.includes("--json") ? ["error"] : "");
  }));
  assertEquals(first.stdout(), "");
  await memory.unlock();
  lastEvent(await first.result);
  const verified = await runScript("lib/cli/verify.ts", ["out.mp4"], { cwd });
  assertEquals(verified.code, 0, verified.stderr);
  assertEquals(await fileNames(cwd), [".transcode", "out.mp4", "out.mp4.proof.json", "source.mp4"]);
});
