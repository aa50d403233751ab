import { assertEquals, assertLess } from "@std/assert";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileNames } from "./assemble_fixture.ts";
import { childrenOf, isAlive } from "./child_processes.ts";
import { beginningOf, sourceIn, UNENDING, unendingVideo } from "./job_fixture.ts";
import { startScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { eventsIn, FAST, lastEvent, LIMIT_MS, untilEvent, workersOf } from "./transcode_events.ts";
import { until } from "./until.ts";

const SLOW = [...UNENDING, "--json", "--quiet"] as const;

Deno.test("transcode, interrupted, ends within 2 s, leaves nothing running, and goes on where it was; then a grown source costs its new part", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  const [long, short] = ["long.mp4", "short.mp4"].map((name) => join(cwd, name)) as [string, string];
  await sourceIn(cwd, "long.mp4");
  await unendingVideo(long, short, 2);
  const start = (input: string, output: string) =>
    startScript("transcode.ts", [input, "-o", output, "--local_workers", "1", ...SLOW], {
      cwd,
      limitMs: LIMIT_MS,
    });

  await using first = start("short.mp4", "short-out.mp4");
  await untilEvent(first, "encoded", 2);
  await untilEvent(first, "started", 3); // the one that does not end
  const workers = await workersOf(first);
  const encodersNow = async () => (await Promise.all(workers.map(childrenOf))).flat();
  await until(async () => (await encodersNow()).length > 0);
  const encoders = await encodersNow();
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

  assertEquals(eventsIn(stdout).filter(({ event }) => event === "encoded").length, 2);
  await Deno.remove(short);
  await beginningOf(long, short, 4); // so that there is an end to it
  const resumed = lastEvent(await start("short.mp4", "short-out.mp4").result);
  assertEquals([resumed.reused_chunks, resumed.encoded_chunks], [2, 2]);

  const grown = lastEvent(await start("long.mp4", "long-out.mp4").result);
  assertEquals([grown.reused_chunks, grown.encoded_chunks], [4, 1]);
});

Deno.test("transcode is interrupted within 2 s also while another process holds its memory", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await sourceIn(cwd);
  await Deno.mkdir(join(cwd, ".transcode"));
  using lock = await Deno.open(join(cwd, ".transcode", "lock"), { create: true, write: true });
  await lock.lock(true);
  await using run = startScript("transcode.ts", ["source.mp4", "-o", "out.mp4", ...FAST], { cwd });
  // it makes these before it waits
  await until(async () => (await fileNames(join(cwd, ".transcode"))).includes("running"));
  await setTimeout(300);
  const startMs = performance.now();
  run.child.kill("SIGINT");
  const { code, stdout } = await run.result;
  assertLess((performance.now() - startMs) / 1000, 2);
  assertEquals(code, 130);
  assertEquals(eventsIn(stdout).at(-1), { event: "interrupted" });
});

async function namesIn(folder: string): Promise<string[]> {
  return (await fileNames(folder)).map((name) => name.replace(/-[0-9a-f-]{36}$/, "-<uuid>"));
}

Deno.test("transcode --no-resume that was killed leaves shards that the next command removes", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await unendingVideo(await sourceIn(cwd), join(cwd, "unending.mp4"), 1);
  const start = (input: string, flags: readonly string[]) => {
    const args = [input, "-o", "out.mp4", "--no-resume", "--local_workers", "1", ...flags];
    return startScript("transcode.ts", args, { cwd, limitMs: LIMIT_MS });
  };
  await using killed = start("unending.mp4", SLOW);
  await untilEvent(killed, "encoded");
  const workers = await workersOf(killed);
  killed.child.kill("SIGKILL");
  await until(async () => !(await Promise.all(workers.map(isAlive))).includes(true));
  assertEquals(await namesIn(cwd), [
    ".out.mp4.transcode",
    ".transcode-<uuid>",
    "source.mp4",
    "unending.mp4",
  ]);
  lastEvent(await start("source.mp4", FAST).result);
  assertEquals(await fileNames(cwd), ["out.mp4", "out.mp4.proof.json", "source.mp4", "unending.mp4"]);
});
