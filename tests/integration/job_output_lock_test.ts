import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { lockOutput, OutputBusyError } from "../../lib/job/output_lock.ts";
import { fileNames } from "./assemble_fixture.ts";
import { PROJECT, startCommand } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const LOCK = ".out.mp4.transcode";

/** Holds the lock of `out.mp4` until it is killed. */
function startHolder(cwd: string) {
  const script = `const { lockOutput } = await import("${PROJECT}lib/job/output_lock.ts");
  await lockOutput("out.mp4");
  console.log("held");
  await new Promise(() => setInterval(() => {}, 1e6));`;
  return startCommand([Deno.execPath(), "eval", `--config=${PROJECT}deno.json`, script], { cwd });
}

Deno.test("lockOutput() keeps others from an output until it is disposed of, and leaves nothing behind", async () => {
  await using folder = await temporaryFolder();
  const [output, other] = ["out.mp4", "other.mp4"].map((name) => join(folder.path, name));
  {
    await using _lock = await lockOutput(output!);
    await using _other = await lockOutput(other!);
    assertEquals((await fileNames(folder.path)).length, 2);
    for (const spelled of [output!, join(folder.path, "..", folder.path.split("/").at(-1)!, "out.mp4")]) {
      await assertRejects(() => lockOutput(spelled), OutputBusyError, "another command is writing it");
    }
  }
  assertEquals(await fileNames(folder.path), []);
  await (await lockOutput(output!))[Symbol.asyncDispose]();
  assertEquals(await fileNames(folder.path), []);
});

Deno.test("lockOutput() of a killed process holds nobody up, and goes with the next one of any output there", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  {
    await using holder = startHolder(cwd);
    await holder.untilWritten(/held/);
    await assertRejects(() => lockOutput(join(cwd, "out.mp4")), OutputBusyError);
    holder.child.kill("SIGKILL");
    await holder.result;
  }
  assertEquals(await fileNames(cwd), [LOCK]);
  await (await lockOutput(join(cwd, "other.mp4")))[Symbol.asyncDispose]();
  assertEquals(await fileNames(cwd), []);
  await Deno.writeTextFile(join(cwd, LOCK), "");
  await using _lock = await lockOutput(join(cwd, "out.mp4"));
  await assertRejects(() => lockOutput(join(cwd, "out.mp4")), OutputBusyError);
});

Deno.test("lockOutput() is had by one of many that come at once, and by all of them one after another", async () => {
  await using folder = await temporaryFolder();
  const output = join(folder.path, "out.mp4");
  await Deno.writeTextFile(join(folder.path, LOCK), ""); // as a killed one leaves it
  for (let round = 0; round < 20; round++) {
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockOutput(output)));
    const had = tries.filter((result) => result.status === "fulfilled");
    assertEquals(had.length, 1);
    await had[0]!.value[Symbol.asyncDispose]();
  }
  assertEquals(await fileNames(folder.path), []);
});

Deno.test({
  name: "lockOutput() of a link is that of the file which it leads to, too",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await temporaryFolder();
    const [link, file] = ["link.mp4", "film.mp4"].map((name) => join(folder.path, name)) as [string, string];
    await Deno.writeTextFile(file, "a film");
    await Deno.symlink("film.mp4", link);
    {
      await using _lock = await lockOutput(link);
      for (const path of [link, file]) await assertRejects(() => lockOutput(path), OutputBusyError);
    }
    {
      await using _lock = await lockOutput(file);
      await assertRejects(() => lockOutput(link), OutputBusyError);
    }
    assertEquals(await fileNames(folder.path), ["film.mp4", "link.mp4"]);
  },
});

Deno.test("lockOutput() does not mind a file system without locks", async () => {
  await using folder = await temporaryFolder();
  const { tryLock } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.tryLock = () => Promise.reject(new Deno.errors.NotSupported("no locks"));
  try {
    await Deno.writeTextFile(join(folder.path, ".another.mp4.transcode"), "");
    for (const name of ["out.mp4", "out.mp4", "another.mp4"]) await lockOutput(join(folder.path, name));
  } finally {
    Deno.FsFile.prototype.tryLock = tryLock;
  }
  assertEquals(await fileNames(folder.path), [".another.mp4.transcode"]);
});

Deno.test("lockOutput() does not mind that there can be no lock, nor touches what is not its own", async () => {
  await using folder = await temporaryFolder();
  const { path } = folder;
  await Deno.mkdir(join(path, LOCK));
  await Deno.writeTextFile(join(path, ".mine.transcode"), "mine");
  for (const name of ["out.mp4", `${"long".repeat(62)}.mp4`]) {
    await (await lockOutput(join(path, name)))[Symbol.asyncDispose]();
  }
  assertEquals(await fileNames(path), [".mine.transcode", LOCK].sort());
  await (await lockOutput(join(path, "absent", "out.mp4")))[Symbol.asyncDispose]();
});
