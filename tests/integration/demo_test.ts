/** The demo as a stranger runs it: `deno task demo` in a clean copy of the project. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { mediaFacts } from "./media_facts.ts";
import { PROJECT, runScript, startCommand, startScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { until } from "./until.ts";
import { within } from "./within.ts";

const LINES = [
  /^ok {2}Make a sample video +5 s, 320x240/m,
  /^ok {2}Start two workers +localhost:\d+ and localhost:\d+/m,
  /^ok {2}Split at keyframes +75 frames in 5 chunks/m,
  /^ok {2}Encode and fetch +libav\/libx264/m,
  /^ok {2}Put the shards together .*1 audio track/m,
  /^ok {2}Check every frame +75 frames in, 75 out/m,
  /^ok {2}Stop the workers +nothing left running/m,
  /^CHUNK +WORKER +FRAMES +ORIGINAL +ENCODED +SECONDS$/m,
  /^ +4 +localhost:\d+ +15 /m,
  /^Every frame is there: 75 frames in, 75 out, largest time difference 0 ms, duration 5\.0 s\.$/m,
];

/** A copy of what a clone has, and a folder that is its temporary one. */
async function setUp() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const [copy, temporary] = [join(folder.path, "copy"), join(folder.path, "tmp")];
  await Deno.mkdir(temporary);
  for (const part of ["deno.json", "deno.lock", "lib", "proto", "std", "worker.ts"]) {
    await copyTree(join(PROJECT, part), join(copy, part));
  }
  const done = stack.move();
  return { copy, temporary, [Symbol.asyncDispose]: () => done.disposeAsync() };
}

async function copyTree(from: string, to: string): Promise<void> {
  await Deno.mkdir(join(to, ".."), { recursive: true });
  if (!(await Deno.stat(from)).isDirectory) return await Deno.copyFile(from, to);
  for await (const { name } of Deno.readDir(from)) await copyTree(join(from, name), join(to, name));
}

/** The command lines that mention a text. @see proc(5), /proc/[pid]/cmdline. */
async function processesWith(text: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const line = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => ""); // it has ended meanwhile
    if (line.includes(text)) found.push(line.replaceAll("\0", " "));
  }
  return found;
}

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
}

Deno.test("deno task demo in a clean copy ends with the check's figures and one video, and leaves nothing else", async () => {
  await using t = await setUp();
  const before = await namesIn(t.copy);
  await using demo = startCommand([Deno.execPath(), "task", "demo"], {
    cwd: t.copy,
    env: { TMPDIR: t.temporary },
    limitMs: 180_000,
  });
  const { code, stdout, stderr } = await demo.result;
  assertEquals(code, 0, stderr);
  for (const line of LINES) assertMatch(stdout, line);
  assert(stdout.endsWith(`The video: ${join(t.copy, "demo.mp4")}\n`), stdout);
  const { width, height, frameSeconds, audio } = await mediaFacts(join(t.copy, "demo.mp4"));
  assertEquals([width, height, frameSeconds.length], [160, 120, 75]);
  assert(audio.length > 0);
  assertEquals(await namesIn(t.copy), [...before, "demo.mp4"].sort());
  assertEquals(await namesIn(t.temporary), []);
  assertEquals(await processesWith(t.copy), []);
});

Deno.test("the demo names the step that failed, exits 1, and leaves nothing", async () => {
  await using folder = await temporaryFolder();
  const missing = join(folder.path, "missing");
  await Deno.mkdir(missing);
  await using demo = startScript("lib/cli/demo.ts", ["-o", "missing/x.mp4"], {
    cwd: folder.path,
    env: { TMPDIR: folder.path },
  });
  // its own folder, which it makes once it has seen that the output's is there
  await until(async () => (await namesIn(folder.path)).length > 1);
  await Deno.remove(missing);
  const { code, stdout, stderr } = await demo.result;
  assertEquals(code, 1);
  assertMatch(
    stderr,
    /^error: The demo failed at "Put the shards together": .*"missing".*no such file or folder\n$/,
  );
  assert(!stdout.includes("Check every frame"));
  assertEquals(await namesIn(folder.path), []);
  assertEquals(await processesWith(folder.path), []);
});

Deno.test("the demo refuses a folder that is not there before it begins", async () => {
  await using folder = await temporaryFolder();
  const { code, stdout, stderr } = await runScript("lib/cli/demo.ts", ["-o", "missing/x.mp4"], {
    cwd: folder.path,
  });
  assertEquals([code, stdout], [1, ""]);
  assertEquals(stderr, 'error: Cannot make files in folder "missing": no such file or folder\n');
});

Deno.test("the demo refuses a name without a known extension before it begins", async () => {
  await using folder = await temporaryFolder();
  const { code, stdout, stderr } = await runScript("lib/cli/demo.ts", ["-o", "x.avi"], { cwd: folder.path });
  assertEquals([code, stdout], [2, ""]);
  assertMatch(stderr, /--output.*"x\.avi".*\.mp4/);
});

Deno.test("SIGINT ends the demo with 130 and leaves no worker, folder or video", async () => {
  await using folder = await temporaryFolder();
  await using demo = startCommand(
    [Deno.execPath(), "run", "-A", "--no-prompt", `${PROJECT}lib/cli/demo.ts`],
    { cwd: folder.path, env: { TMPDIR: folder.path } },
  );
  await demo.untilWritten(/^ok {2}Start two workers/m);
  demo.child.kill("SIGINT");
  const { code, stderr } = await within(12_000, demo.result);
  assertEquals(code, 130, stderr);
  assertEquals(await namesIn(folder.path), []);
  assertEquals(await processesWith(folder.path), []);
});
