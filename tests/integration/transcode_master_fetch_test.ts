/** transcode.ts with --master, as it fetches what the master has made. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseProof } from "../../lib/job/proof.ts";
import { verifyOutput } from "../../lib/job/verify_output.ts";
import type { Master, StoredVideo } from "../../lib/master/master.ts";
import { DrainingError, JobNotFoundError } from "../../lib/master/master_errors.ts";
import { fileNames } from "./assemble_fixture.ts";
import { startInProcessMaster } from "./in_process_master.ts";
import { sourceIn } from "./job_fixture.ts";
import { type RunningScript, startScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { eventsIn, lastEvent } from "./transcode_events.ts";
import { until } from "./until.ts";

// a client whose server is stopped amid a call leaves timers of grpc-js behind
Deno.test.sanitizer({ ops: false, resources: false });

async function fixture() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const data = stack.use(await temporaryFolder());
  await sourceIn(folder.path);
  const m = stack.use(await startInProcessMaster({ dataDir: data.path }));
  const done = stack.move();
  return {
    m,
    cwd: folder.path,
    start: (output: string, ...flags: string[]) => {
      const args = ["source.mp4", "-o", output, "--master", m.running.address, "--chunk_seconds", "1"];
      return startScript("transcode.ts", [...args, "--json", "--quiet", ...flags], { cwd: folder.path });
    },
    [Symbol.asyncDispose]: () => done.disposeAsync(),
  };
}

type Bytes = ReadableStream<Uint8Array<ArrayBuffer>>;

/** From now on its results are read through this, or not at all; called with how often they have been asked for. */
function readResults(master: Master, change: (bytes: Bytes, time: number) => Bytes): void {
  const { result } = master;
  let times = 0;
  master.result = async (id) => {
    const stored = await result(id);
    const time = ++times;
    const open: StoredVideo["open"] = async (options) => change(await stored.open(options), time);
    return { ...stored, open };
  };
}

/** Passes a beginning on, and no more. */
function held() {
  const isBegun = Promise.withResolvers<void>();
  async function* parts(bytes: Bytes) {
    for await (const part of bytes) {
      yield part.subarray(0, 1_000);
      isBegun.resolve();
      await new Promise<void>(() => {});
    }
  }
  const hold = (bytes: Bytes): Bytes => ReadableStream.from(parts(bytes));
  return { hold, isBegun: isBegun.promise };
}

/** @throws {Error} If the command ends first. */
async function whileRunning(run: RunningScript, promise: Promise<void>): Promise<void> {
  const ended = run.result.then(({ stderr }) => {
    throw new Error(`it ended: ${stderr}`);
  });
  await Promise.race([promise, ended]);
}

async function assertWhole(output: string): Promise<void> {
  const proof = parseProof(await Deno.readTextFile(`${output}.proof.json`));
  assertEquals(await verifyOutput(proof, output), []);
}

Deno.test("transcode --master succeeds though the master, about to stop, no longer deletes what was fetched", async () => {
  await using t = await fixture();
  t.m.master.remove = () => Promise.reject(new DrainingError());
  const { code, stdout, stderr } = await t.start("out.mp4").result;
  assertEquals(code, 0, stderr);
  assertMatch(
    stderr,
    /^warning: The video stays at the master, .*UNAVAILABLE.* DeleteVideo with video_id transcode-[0-9a-f]{32}\n$/,
  );
  const { event, notes } = eventsIn(stdout).at(-1)!;
  assertEquals([event, notes], ["done", [stderr.trim().replace("warning: ", "")]]);
  await assertWhole(join(t.cwd, "out.mp4"));
});

Deno.test("transcode --master that is interrupted as it has the video deleted is interrupted", async () => {
  await using t = await fixture();
  const isDeleting = Promise.withResolvers<void>();
  const { remove } = t.m.master;
  t.m.master.remove = () => {
    isDeleting.resolve();
    return new Promise(() => {});
  };
  await using run = t.start("out.mp4");
  await whileRunning(run, isDeleting.promise);
  run.child.kill("SIGINT");
  const { code, stdout } = await run.result;
  assertEquals([code, eventsIn(stdout).at(-1)], [130, { event: "interrupted" }]);
  t.m.master.remove = remove;
});

Deno.test("transcode --master has nothing to say of a video that somebody else has deleted by then", async () => {
  await using t = await fixture();
  const { remove } = t.m.master;
  t.m.master.remove = async (id) => {
    await remove(id);
    throw new JobNotFoundError("There is no such video");
  };
  const { code, stdout, stderr } = await t.start("out.mp4").result;
  assertEquals([code, stderr, eventsIn(stdout).at(-1)!["notes"]], [0, "", []]);
});

const gone = () => new ReadableStream({ start: (controller) => controller.error(new DrainingError()) });

/** Breaks off after some bytes, and so long. */
function broken(bytes: number, seconds: number) {
  return ReadableStream.from(async function* () {
    yield new Uint8Array(bytes);
    await setTimeout(seconds * 1000);
    throw new DrainingError();
  }());
}

Deno.test("transcode --master waits for a master that is gone a second time as long as it did the first time", async () => {
  await using t = await fixture();
  const giveUpSeconds = 5;
  // each absence is far shorter than that, both together and what is between them are not
  readResults(t.m.master, (bytes, time) => {
    if (time > 3) return bytes;
    void bytes.cancel();
    return time === 2 ? broken(9, giveUpSeconds + 0.5) : gone();
  });
  lastEvent(await t.start("out.mp4", "--give_up_after", `${giveUpSeconds}`).result);
  await assertWhole(join(t.cwd, "out.mp4"));
});

Deno.test("transcode --master gives a master up that breaks every download off before there is more than before", async () => {
  await using t = await fixture();
  readResults(t.m.master, (bytes) => {
    void bytes.cancel();
    return broken(9, 0);
  });
  const { code, stderr } = await t.start("out.mp4", "--give_up_after", "2").result;
  assertEquals(code, 1);
  assertMatch(stderr, /^error: Cannot reach master .*UNAVAILABLE/);
});

Deno.test("transcode --master, killed while fetching, leaves an older output, and what the next command removes", async () => {
  await using t = await fixture();
  const older = ["out.mp4", "out.mp4.proof.json"].map((name) => join(t.cwd, name));
  for (const path of older) await Deno.writeTextFile(path, `older ${path}`);
  const before = await fileNames(t.cwd);
  const { hold, isBegun } = held();
  readResults(t.m.master, (bytes, time) => time === 1 ? hold(bytes) : bytes);
  {
    await using killed = t.start("out.mp4");
    await whileRunning(killed, isBegun);
    await until(async () => (await fileNames(t.cwd)).length > before.length);
    killed.child.kill("SIGKILL");
    await killed.result;
  }
  const left = (await fileNames(t.cwd)).filter((name) => !before.includes(name));
  assertEquals(left.map((name) => name.replace(/-[0-9a-f-]{36}$/, "-<uuid>")), [
    ".out.mp4.transcode",
    ".transcode-<uuid>",
  ]);
  for (const path of older) assertEquals(await Deno.readTextFile(path), `older ${path}`);
  lastEvent(await t.start("out.mp4").result);
  assertEquals(await fileNames(t.cwd), ["out.mp4", "out.mp4.proof.json", "source.mp4"]);
});

Deno.test({
  name: "transcode --master leaves a link as it was, and private what was private",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using t = await fixture();
    await Deno.mkdir(join(t.cwd, "films"));
    await Deno.writeTextFile(join(t.cwd, "films", "film.mp4"), "an older file");
    await Deno.chmod(join(t.cwd, "films", "film.mp4"), 0o600);
    await Deno.symlink(join("films", "film.mp4"), join(t.cwd, "out.mp4"));
    lastEvent(await t.start("out.mp4").result);
    assert((await Deno.lstat(join(t.cwd, "out.mp4"))).isSymlink);
    assertEquals((await Deno.stat(join(t.cwd, "out.mp4"))).mode! & 0o777, 0o600);
    assertEquals(await fileNames(join(t.cwd, "films")), ["film.mp4"]);
    await assertWhole(join(t.cwd, "out.mp4"));
  },
});

Deno.test({
  name: "transcode --master writes to a named pipe",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using t = await fixture();
    const pipe = join(t.cwd, "out.mp4");
    await new Deno.Command("mkfifo", { args: [pipe] }).output();
    await using run = t.start("out.mp4");
    const whole = join(t.cwd, "whole.mp4");
    const copy = { args: ["-c", 'exec cat "$0" > "$1"', pipe, whole] };
    await using copied = new Deno.Command("sh", copy).spawn(); // ends with the pipe, or with the test
    lastEvent(await run.result);
    assertEquals((await copied.status).code, 0);
    await Deno.rename(`${pipe}.proof.json`, `${whole}.proof.json`);
    await assertWhole(whole);
  },
});
