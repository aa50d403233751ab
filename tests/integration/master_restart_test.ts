/** A master that takes up what another left. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { CatalogError } from "../../lib/master/master_errors.ts";
import { bytesOf, RPC, startInProcessMaster, streamOf, untilState } from "./in_process_master.ts";
import { CHUNKS, sourceIn } from "./job_fixture.ts";
import { assertRpcFails } from "./rpc_asserts.ts";
import { temporaryFolder } from "./temporary_folder.ts";

// grpc-js lets timers of calls that a master has cut off run on
Deno.test.sanitizer({ ops: false, resources: false });

const FACTS = { videoId: "film", chunkSeconds: 1 };

Deno.test("a job goes on where it was put down, and makes the file that it would have made", async () => {
  await using folder = await temporaryFolder();
  const source = await bytesOf(await sourceIn(folder.path));
  const [dataDir, otherDir] = ["data", "other"].map((name) => join(folder.path, name));
  const done = Promise.withResolvers<void>();
  {
    let encoded = 0;
    await using m = await startInProcessMaster({
      dataDir: dataDir!,
      workers: {
        workers: 1,
        async encode(_, chunk, signal) {
          if (++encoded <= 2) return chunk.slice();
          done.resolve();
          await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
          return chunk;
        },
      },
    });
    await m.client.upload(FACTS, streamOf(source), RPC);
    await done.promise;
    const watching = assertRpcFails("UNAVAILABLE", Array.fromAsync(m.client.watch("film", RPC)));
    await m.running.drain(0);
    await watching;
  }
  await Deno.writeTextFile(join(dataDir!, "uploads", "a leftover"), "x");
  await Deno.mkdir(join(dataDir!, "results", "another"));

  await using again = await startInProcessMaster({ dataDir: dataDir! });
  const { id } = again.master.find("film")!;
  const job = await untilState(again.master, id, "completed");
  assertEquals([job.chunksDone, again.fleet.attempts.length], [CHUNKS, CHUNKS - 2]);
  const { chunks } = again.master.job(id);
  // one whose shard was kept just as the master stopped counts as reused
  assert(chunks.every(({ state }) => state === "done" || state === "reused"));
  assertEquals(chunks[2]!.attempts.at(-1)?.outcome, "encoded");
  assertEquals(await again.videos(), [
    `results/${id}/2.mp4`,
    `results/${id}/2.mp4.proof.json`,
    `uploads/${id}`,
  ]);

  await using undisturbed = await startInProcessMaster({ dataDir: otherDir! });
  await undisturbed.client.upload(FACTS, streamOf(source), RPC);
  await untilState(undisturbed.master, undisturbed.master.find("film")!.id, "completed");
  const resultOf = async (m: typeof again) => await new Response(m.client.retrieve("film", RPC)).bytes();
  assertEquals(await resultOf(again), await resultOf(undisturbed));
});

Deno.test("what is completed, failed or cancelled is there again, and stays so", async () => {
  await using folder = await temporaryFolder();
  const source = await bytesOf(await sourceIn(folder.path));
  const dataDir = join(folder.path, "data");
  let before;
  {
    await using m = await startInProcessMaster({ dataDir, maxJobs: 1 });
    await m.client.upload({ ...FACTS, videoId: "done" }, streamOf(source), RPC);
    await untilState(m.master, m.master.find("done")!.id, "completed");
    await m.client.upload({ videoId: "bad" }, streamOf(new Uint8Array(9)), RPC);
    await untilState(m.master, m.master.find("bad")!.id, "failed");
    await m.client.upload({ ...FACTS, videoId: "gone" }, streamOf(source), RPC);
    await m.client.cancel("gone", RPC).catch(() => {}); // it may have been completed by then
    before = m.master.jobs().map(({ id }) => m.master.job(id));
  }
  await using m = await startInProcessMaster({ dataDir });
  assertEquals(m.master.jobs().map(({ id }) => m.master.job(id)), before);
  assert((await new Response(m.client.retrieve("done", RPC)).bytes()).length > 100_000);
  await assertRpcFails("FAILED_PRECONDITION", new Response(m.client.retrieve("bad", RPC)).bytes());
});

Deno.test("two masters cannot have one folder", async () => {
  await using folder = await temporaryFolder();
  const dataDir = join(folder.path, "data");
  await using _first = await startInProcessMaster({ dataDir });
  const error = await assertRejects(() => startInProcessMaster({ dataDir }), CatalogError);
  assertMatch(error.message, /another master has it/);
});
