import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { join } from "node:path";
import { fileNames } from "./assemble_fixture.ts";
import { childrenOf, isAlive } from "./child_processes.ts";
import { beginningOf, sourceIn } from "./job_fixture.ts";
import { startScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { eventsIn, FAST, lastEvent, LIMIT_MS, untilEvent, workersOf } from "./transcode_events.ts";

Deno.test("transcode, interrupted, ends within 2 s, leaves nothing running, and goes on where it was; then a grown source costs its new part", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await sourceIn(cwd, "long.mp4");
  await beginningOf(join(cwd, "long.mp4"), join(cwd, "short.mp4"), 4);
  const start = (input: string, output: string) =>
    startScript("transcode.ts", [input, "-o", output, "--local_workers", "1", ...FAST], {
      cwd,
      limitMs: LIMIT_MS,
    });

  await using first = start("short.mp4", "short-out.mp4");
  await untilEvent(first, "encoded");
  const workers = await workersOf(first);
  const encoders = (await Promise.all(workers.map(childrenOf))).flat();
  assertEquals(workers.length, 1);
  const startMs = performance.now();
  first.child.kill("SIGINT");
  const { code, stdout } = await first.result;
  const seconds = (performance.now() - startMs) / 1000;
  assertEquals(code, 130);
  assertLess(seconds, 2);
  assertEquals(eventsIn(stdout).at(-1), { event: "interrupted" });
  for (const pid of [...workers, ...encoders]) assertEquals(await isAlive(pid), false);
  assertEquals(await fileNames(cwd), [".transcode", "long.mp4", "short.mp4"]);
  assertEquals(await fileNames(join(cwd, ".transcode", "running")), []);

  const encoded = eventsIn(stdout).filter(({ event }) => event === "encoded").length;
  const resumed = lastEvent(await start("short.mp4", "short-out.mp4").result);
  assertGreater(encoded, 0);
  assertEquals([resumed.reused_chunks, resumed.encoded_chunks], [encoded, 4 - encoded]);

  const grown = lastEvent(await start("long.mp4", "long-out.mp4").result);
  assertEquals([grown.reused_chunks, grown.encoded_chunks], [4, 1]);
});
