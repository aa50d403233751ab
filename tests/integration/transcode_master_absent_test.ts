/** transcode.ts with --master, whose master is gone for a while, or for good. */
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { untilAborted } from "../../lib/abort_signals.ts";
import { connectMaster } from "../../lib/rpc/master_client.ts";
import { startOurMaster } from "../peers/our_master.ts";
import { byNumber } from "./by_number.ts";
import { RPC, startInProcessMaster } from "./in_process_master.ts";
import { sourceIn } from "./job_fixture.ts";
import { startScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { lastEvent, untilEvent } from "./transcode_events.ts";
import { until } from "./until.ts";

// a client whose server is stopped amid a call leaves timers of grpc-js behind
Deno.test.sanitizer({ ops: false, resources: false });

/** What the client is told that a master may be gone. */
const GIVE_UP_SECONDS = 3;
const commandFor = (master: string) => {
  const flags = ["--chunk_seconds", "1", "--json", "--quiet", "--give_up_after", `${GIVE_UP_SECONDS}`];
  return ["source.mp4", "-o", "out.mp4", "--master", master, ...flags];
};

Deno.test({
  name: "transcode --master gives up a master that answers no more, without having said goodbye",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await temporaryFolder();
    const cwd = folder.path;
    await sourceIn(cwd);
    await using master = await startOurMaster({ dataDir: join(cwd, "data") }); // its job waits for a worker
    using client = connectMaster(byNumber(master.address));
    await using run = startScript("transcode.ts", commandFor(byNumber(master.address)), { cwd });
    await until(async () => (await client.jobs(RPC)).some(({ state }) => state === "segmenting"));
    master.child.kill("SIGSTOP");
    try {
      const stoppedMs = performance.now();
      const { code, stderr } = await run.result;
      assertEquals(code, 1);
      assertMatch(stderr, /^error: Cannot reach master .*is it running/);
      // a second of silence, five for an answer, and what it may be gone
      assertLess((performance.now() - stoppedMs) / 1000, 20);
    } finally {
      master.child.kill("SIGCONT");
    }
  },
});

Deno.test("transcode --master goes on with a master that is back at once, however long nothing had happened", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  const dataDir = join(cwd, "data");
  await sourceIn(cwd);
  const encode = (_task: unknown, _chunk: unknown, signal: AbortSignal) =>
    untilAborted(new Promise<Uint8Array>(() => {}), signal);
  const first = await startInProcessMaster({ dataDir, workers: { encode } });
  const { address } = first.running;
  await using run = startScript("transcode.ts", commandFor(address), { cwd });
  try {
    await untilEvent(run, "started");
    await setTimeout((GIVE_UP_SECONDS + 1) * 1000); // in which nothing happens
  } finally {
    await first[Symbol.asyncDispose]();
  }
  const port = Number(address.split(":").at(-1));
  await using again = await startInProcessMaster({ dataDir, port });
  assert(again.running.address === address);
  lastEvent(await run.result);
});
