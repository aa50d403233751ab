/** transcode.ts with --master, whose upload is cut off. */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import type { Master } from "../../lib/master/master.ts";
import { DrainingError, QuotaError } from "../../lib/master/master_errors.ts";
import { StalledError } from "../../lib/stalled.ts";
import { startOurMaster } from "../peers/our_master.ts";
import { fileNames } from "./assemble_fixture.ts";
import { startHoldingProxy } from "./holding_proxy.ts";
import { startInProcessMaster } from "./in_process_master.ts";
import { CHUNKS, sourceIn } from "./job_fixture.ts";
import { startScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { lastEvent } from "./transcode_events.ts";
import { until } from "./until.ts";
import { portOf } from "./worker_on_port.ts";

// a client whose server is stopped amid a call leaves timers of grpc-js behind
Deno.test.sanitizer({ ops: false, resources: false });

/** What a master gets of an upload that is held up. */
const HELD_BYTES = 1024 * 1024;

const commandFor = (master: string, giveUpSeconds: number) => {
  const flags = ["--chunk_seconds", "1", "--json", "--quiet", "--give_up_after", `${giveUpSeconds}`];
  return ["source.mp4", "-o", "out.mp4", "--master", master, ...flags];
};

/** Makes an MP4 longer by bytes that mean nothing. @see ISO/IEC 14496-12, 8.1.2, the free space box. */
async function lengthen(path: string, bytes: number): Promise<void> {
  const head = new Uint8Array(8);
  new DataView(head.buffer).setUint32(0, bytes);
  head.set(new TextEncoder().encode("free"), 4);
  await Deno.writeFile(path, head, { append: true });
  await Deno.truncate(path, (await Deno.stat(path)).size + bytes - head.length);
}

async function fixture() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const source = await sourceIn(folder.path);
  const dataDir = join(folder.path, "data");
  const done = stack.move();
  return { cwd: folder.path, source, dataDir, [Symbol.asyncDispose]: () => done.disposeAsync() };
}

/** Starts the command, and kills its master when some of the video has come; the rest is held up. */
async function killedAmidUpload(
  { cwd, source, dataDir }: Awaited<ReturnType<typeof fixture>>,
  giveUpSeconds: number,
) {
  await lengthen(source, 4 * HELD_BYTES);
  await using stack = new AsyncDisposableStack();
  await using master = await startOurMaster({ dataDir });
  const proxy = stack.use(await startHoldingProxy(portOf(master.address), HELD_BYTES));
  const run = stack.use(startScript("transcode.ts", commandFor(proxy.address, giveUpSeconds), { cwd }));
  await until(async () => (await fileNames(join(dataDir, "uploads"))).length > 0);
  master.child.kill("SIGKILL");
  await master.child.status;
  const done = stack.move();
  return { run, proxy, [Symbol.asyncDispose]: () => done.disposeAsync() };
}

Deno.test("transcode --master sends the video again to a master that was killed amid the upload and is back", async () => {
  await using t = await fixture();
  await using killed = await killedAmidUpload(t, 20);
  await using again = await startInProcessMaster({ dataDir: t.dataDir });
  killed.proxy.leadTo(portOf(again.running.address));
  assertEquals(lastEvent(await killed.run.result)["encoded_chunks"], CHUNKS);
});

Deno.test("transcode --master gives up a master that was killed amid the upload and does not come back", async () => {
  await using t = await fixture();
  await using killed = await killedAmidUpload(t, 1);
  await killed.proxy.close();
  const { code, stderr } = await killed.run.result;
  assertEquals(code, 1);
  assertMatch(stderr, /^error: Cannot reach master .*is it running/);
});

/** What a command does whose uploads the master deals with like this, and how many they were. */
async function uploading(upload: (master: Pick<Master, "upload">) => Master["upload"]) {
  await using t = await fixture();
  await using m = await startInProcessMaster({ dataDir: t.dataDir });
  const answer = upload({ upload: m.master.upload });
  let uploads = 0;
  m.master.upload = (...args) => {
    uploads++;
    return answer(...args);
  };
  const run = startScript("transcode.ts", commandFor(m.running.address, 20), { cwd: t.cwd });
  return { ...await run.result, uploads };
}

Deno.test("transcode --master does not send a video twice that has come, though the answer was lost", async () => {
  const result = await uploading(({ upload }) => async (...args) => {
    await upload(...args);
    throw new DrainingError();
  });
  assertEquals(lastEvent(result)["encoded_chunks"], CHUNKS);
  assertEquals(result.uploads, 1);
});

const REFUSALS = [new QuotaError("all videos together may have 1 byte"), new StalledError("nothing came")];

for (const refusal of REFUSALS) {
  Deno.test(`transcode --master takes a master's ${refusal.name} for an answer`, async () => {
    const { code, stderr, uploads } = await uploading(() => () => Promise.reject(refusal));
    assertEquals([code, uploads], [1, 1]);
    assertMatch(stderr, new RegExp(`^error: .*${refusal.message}`));
  });
}
