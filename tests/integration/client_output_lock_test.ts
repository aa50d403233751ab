/** A client that is told to make what another command is making. */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { lockOutput } from "../../lib/job/output_lock.ts";
import { startOurWorker } from "../peers/our_worker.ts";
import { fileNames, videoFile } from "./assemble_fixture.ts";
import { runScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const MADE = /^out\.mp4/;

Deno.test("--reconstruct of what another command is making is refused, and made once that has ended", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await videoFile(cwd, "source.mp4", { seconds: 2 });
  await using worker = await startOurWorker({ shardsDir: join(cwd, "shards") });
  const client = (...flags: string[]) =>
    runScript("test_worker_client.ts", [
      ...["--worker", worker.address, "--video_path", "source.mp4", "--reconstruct", "out.mp4"],
      ...flags,
    ], { cwd });
  const commands = [["--preset", "ultrafast"], ["--codec", "copy"]];
  {
    await using _other = await lockOutput(join(cwd, "out.mp4"));
    for (const { code, stderr } of await Promise.all(commands.map((flags) => client(...flags)))) {
      assertEquals([code, stderr], [1, 'error: Cannot write "out.mp4": another command is writing it\n']);
    }
    assertEquals((await fileNames(cwd)).filter((name) => MADE.test(name)), []);
  }
  for (const flags of commands) assertEquals((await client(...flags)).code, 0, flags.join(" "));
  assertEquals((await fileNames(cwd)).filter((name) => name.includes("out.mp4")), ["out.mp4"]);
});
