/** transcode.ts with --master: what comes back is what a master made, and the master is left as it was. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { parseProof } from "../../lib/job/proof.ts";
import { verifyOutput, verifySource } from "../../lib/job/verify_output.ts";
import { startInProcessMaster, untilState } from "./in_process_master.ts";
import { CHUNKS, sourceIn } from "./job_fixture.ts";
import { mediaFacts } from "./media_facts.ts";
import { runScript, startScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { until } from "./until.ts";

Deno.test.sanitizer({ ops: true, resources: true });

const NAME = `it's [1] "ä" 影.mp4`;

async function fixture(encode?: (chunk: Uint8Array) => Promise<Uint8Array>) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const source = await sourceIn(folder.path, NAME);
  const m = stack.use(
    await startInProcessMaster({
      dataDir: join(folder.path, "data"),
      workers: encode && { encode: (_, chunk) => encode(chunk) },
    }),
  );
  const done = stack.move();
  const args = ["--master", m.running.address, "--chunk_seconds", "1", "--json"];
  return { m, args, source, cwd: folder.path, [Symbol.asyncDispose]: () => done.disposeAsync() };
}

const eventsIn = (stdout: string): Record<string, unknown>[] =>
  stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line));

Deno.test("transcode --master gives the source's frames and sound, and a proof that holds", async () => {
  await using t = await fixture();
  const { code, stdout, stderr } = await runScript("transcode.ts", [NAME, "-o", "out [1].mkv", ...t.args], t);
  assertEquals(code, 0, stderr);
  const events = eventsIn(stdout);
  const kinds = events.map(({ event }) => event);
  assertEquals([kinds[0], kinds.at(-1)], ["planned", "done"]);
  assertEquals(kinds.filter((kind) => kind === "encoded").length, CHUNKS);
  assertEquals(kinds.filter((kind) => kind === "started").length, CHUNKS);

  const output = join(t.cwd, "out [1].mkv");
  const [before, after] = [await mediaFacts(t.source), await mediaFacts(output)];
  assertEquals(after.frameSeconds.length, before.frameSeconds.length);
  assertEquals(after.audio.map(({ sha256 }) => sha256), before.audio.map(({ sha256 }) => sha256));
  const proof = parseProof(await Deno.readTextFile(`${output}.proof.json`));
  assertEquals([await verifyOutput(proof, output), await verifySource(proof, t.source)], [[], []]);
  assertEquals(events.at(-1)!["sha256"], proof.output.sha256);
  assertMatch(stderr, /Uploading/);
  assertEquals([t.m.master.jobs(), await t.m.videos()], [[], []]);
});

Deno.test("transcode --master that is interrupted finds its job again, without another upload", async () => {
  const held = Promise.withResolvers<void>();
  await using t = await fixture((chunk) => held.promise.then(() => chunk.slice()));
  const command = [NAME, "-o", "out.mp4", ...t.args];
  {
    await using first = startScript("transcode.ts", command, t);
    await first.until(() => eventsIn(first.stdout()).some(({ event }) => event === "started") || undefined);
    first.child.kill("SIGINT");
    const { code, stderr } = await first.result;
    assertEquals(code, 130);
    assertMatch(stderr, /the same command again/);
  }
  const [job, ...more] = t.m.master.jobs();
  assertEquals(more, []);
  held.resolve();
  await untilState(t.m.master, job!.id, "completed");
  const { code, stdout, stderr } = await runScript("transcode.ts", command, t);
  assertEquals(code, 0, stderr);
  assert(!stderr.includes("Uploading"));
  assertEquals(eventsIn(stdout).at(-1)!["encoded_chunks"], CHUNKS);
  await until(() => Promise.resolve(t.m.master.jobs().length === 0));
});

Deno.test("transcode --master says why a job failed, and leaves the output as it was", async () => {
  await using t = await fixture(() => Promise.reject(new Error("libx264 fell over")));
  await Deno.writeTextFile(join(t.cwd, "out.mp4"), "an older file");
  const { code, stdout, stderr } = await runScript("transcode.ts", [NAME, "-o", "out.mp4", ...t.args], t);
  assertEquals(code, 1);
  assertMatch(stderr, /Cannot encode chunk 0: .*libx264 fell over/);
  assertEquals(eventsIn(stdout).at(-1)!["event"], "error");
  assertEquals(await Deno.readTextFile(join(t.cwd, "out.mp4")), "an older file");
});
