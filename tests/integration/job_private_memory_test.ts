import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { openPrivateMemory, sweepPrivateMemories } from "../../lib/job/private_memory.ts";
import { fileNames } from "./assemble_fixture.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const OLD = new Date(Date.now() - 2 * 86_400_000);

/** As a command leaves it that is killed. */
async function leaveDead(parent: string): Promise<string> {
  const folder = join(parent, `.transcode-${crypto.randomUUID()}`);
  const area = join(folder, "running", `1-${crypto.randomUUID()}`);
  await Deno.mkdir(area, { recursive: true });
  for (const lock of [folder, area]) await Deno.writeTextFile(join(lock, "lock"), "");
  return folder;
}

Deno.test("openPrivateMemory() leaves nothing behind", async () => {
  await using folder = await temporaryFolder();
  {
    await using memory = await openPrivateMemory(folder.path);
    await Deno.writeTextFile(join(memory.scratchDir, "file"), "");
    assertEquals((await fileNames(folder.path)).length, 1);
  }
  assertEquals(await fileNames(folder.path), []);
});

Deno.test("openPrivateMemory() makes the folder that it is to be in, and those above it", async () => {
  await using folder = await temporaryFolder();
  const parent = join(folder.path, "new", "dir");
  {
    await using memory = await openPrivateMemory(parent);
    assert(memory.scratchDir.startsWith(parent), memory.scratchDir);
  }
  assertEquals(await fileNames(parent), []);
});

Deno.test("sweepPrivateMemories() removes those of the dead, with what they were making, and nothing else", async () => {
  await using folder = await temporaryFolder();
  const { path } = folder;
  await using memory = await openPrivateMemory(path);
  const [living] = await fileNames(path);
  const dead = await leaveDead(path);
  const [area] = await fileNames(join(dead, "running"));
  const id = crypto.randomUUID();
  const making = join(path, `.transcode-${id}.mp4`);
  await Deno.writeTextFile(making, "half a video");
  await Deno.writeTextFile(join(dead, "running", area!, `${id}.elsewhere`), making);
  const begun = join(path, `.transcode-${crypto.randomUUID()}`);
  const left = join(path, `.transcode-${crypto.randomUUID()}`);
  for (const nobodys of [begun, left]) await Deno.mkdir(nobodys);
  await Deno.utime(left, OLD, OLD);
  const others = [".transcode", ".transcode-mine", ".transcode-12345678"];
  for (const name of others) {
    await Deno.rename(await leaveDead(path), join(path, name));
    await Deno.utime(join(path, name), OLD, OLD);
  }

  await sweepPrivateMemories(path);
  const expected = [...others, living!, begun.slice(path.length + 1)].sort();
  assertEquals(await fileNames(path), expected);
  assert(await Deno.stat(memory.scratchDir));
});

Deno.test("sweepPrivateMemories() does not mind a folder that it cannot look into", async () => {
  await using folder = await temporaryFolder();
  await sweepPrivateMemories(join(folder.path, "absent"));
});
