/** master.ts with workers as a user runs them. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { connectMaster, type MasterClient } from "../../lib/rpc/master_client.ts";
import { withTrace } from "../../lib/trace.ts";
import { newTrace } from "../../lib/traceparent.ts";
import { startOurMaster } from "../peers/our_master.ts";
import { startOurWorker } from "../peers/our_worker.ts";
import { videoFile } from "./assemble_fixture.ts";
import { byNumber } from "./by_number.ts";
import { bytesOf, RPC, streamOf } from "./in_process_master.ts";
import { mediaFacts } from "./media_facts.ts";
import { runScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";

Deno.test.sanitizer({ ops: true, resources: true });

const LONG = { timeoutMs: 60_000 };

async function untilOver(client: MasterClient, videoId: string): Promise<void> {
  for await (const update of client.watch(videoId, LONG)) {
    if (update.kind === "job") assert(update.job.state !== "failed", update.job.failureMessage);
  }
}

Deno.test("a worker that registers encodes what is uploaded, in one trace, and the master ends when told", async () => {
  await using folder = await temporaryFolder();
  const path = await videoFile(folder.path, "source.mp4", { seconds: 3 });
  await using master = await startOurMaster({
    dataDir: join(folder.path, "data"),
    flags: ["--log_format", "json"],
  });
  await using worker = await startOurWorker({
    shardsDir: join(folder.path, "shards"),
    flags: ["--master", master.address, "--log_format", "json"],
  });
  using client = connectMaster(byNumber(master.address));
  const trace = newTrace();
  await withTrace(trace, async () => {
    const facts = { videoId: "film", chunkSeconds: 1, outputFormat: "mkv" };
    await client.upload(facts, streamOf(await bytesOf(path)), RPC);
  });
  await untilOver(client, "film");
  const out = join(folder.path, "out.mkv");
  await Deno.writeFile(out, client.retrieve("film", RPC));
  const [before, after] = [await mediaFacts(path), await mediaFacts(out)];
  assertEquals(after.frameSeconds.length, before.frameSeconds.length);
  assertEquals(after.audio.map(({ sha256 }) => sha256), before.audio.map(({ sha256 }) => sha256));

  master.child.kill("SIGTERM");
  assertEquals((await master.child.status).code, 0);
  for (const server of [master, worker]) await server[Symbol.asyncDispose](); // with which all is read that they wrote
  for (const [who, output] of [["master", master.output()], ["worker", worker.output()]] as const) {
    const lines = output.split("\n").filter((line) => line.includes("chunk_index"));
    assert(lines.length >= 3, `the ${who} logs each chunk`);
    for (const line of lines) assertEquals(JSON.parse(line).trace_id, trace.traceId, line);
  }
  const jobLines = master.output().split("\n").filter((line) => line.includes('"chunk_index"'));
  assert(jobLines.every((line) => JSON.parse(line).video_id === "film"));
});

const USAGE: readonly [flags: readonly string[], told: string][] = [
  [["--quota_byte", "5"], "--quota_bytes"],
  [["--port", "x"], "--port"],
  [["--workers", "nowhere"], "address without a port"],
  [["--max_jobs", "0"], "--max_jobs"],
  [["--no-dashboard", "--http_port", "8080"], "--http_port has no effect with --no-dashboard"],
  [["--no-dashboard", "--http_hosts", "a"], "--http_hosts has no effect with --no-dashboard"],
];

for (const [flags, told] of USAGE) {
  Deno.test(`master ${flags.join(" ")} is one line about the flag, and exit code 2`, async () => {
    await using folder = await temporaryFolder();
    const { code, stderr } = await runScript("master.ts", flags, { cwd: folder.path });
    assertEquals([code, stderr.trim().split("\n").length, stderr.includes(told)], [2, 1, true], stderr);
  });
}

Deno.test("a second master on a folder says that another has it", async () => {
  await using folder = await temporaryFolder();
  await using _first = await startOurMaster({ dataDir: folder.path });
  const flags = ["--port", "0", "--data_dir", folder.path];
  const { code, stderr } = await runScript("master.ts", flags, { cwd: folder.path });
  assertEquals([code, stderr.includes("another master has it")], [1, true], stderr);
});
