/** Peers that say goodbye: a connection is ended by either side, and nobody dies of it. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { connectWorker } from "../../lib/rpc/worker_client.ts";
import { startOurWorker } from "../peers/our_worker.ts";
import { byNumber } from "./by_number.ts";
import { writePlainShard } from "./plain_shard.ts";
import { startScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const SHARD_BYTES = 300_000;
const FLAGS = ["--encoder", "simulated"];

Deno.test("a worker outlives clients that hang up after many calls whose answers had to wait for them", async () => {
  await using folder = await temporaryFolder();
  const shardsDir = join(folder.path, "shards");
  const location = await writePlainShard(shardsDir, { sizeBytes: SHARD_BYTES });
  await using worker = await startOurWorker({ shardsDir, flags: FLAGS });
  // it took one or two
  for (let round = 0; round < 6; round++) {
    using client = connectWorker(byNumber(worker.address));
    let left = 50;
    await Promise.all([1, 2, 3].map(async () => {
      while (left-- > 0) {
        const shard = await client.getShard(location, { timeoutMs: 30_000 });
        assertEquals((await new Response(shard).bytes()).length, SHARD_BYTES);
      }
    }));
  }
});

Deno.test({
  name: "a client outlives a worker that drains after many of its calls",
  ignore: Deno.build.os === "windows", // which has no SIGUSR1
  async fn() {
    await using folder = await temporaryFolder();
    const shardsDir = join(folder.path, "shards");
    const location = await writePlainShard(shardsDir, { sizeBytes: SHARD_BYTES });
    for (let round = 0; round < 4; round++) {
      await using worker = await startOurWorker({ shardsDir, flags: FLAGS });
      const args = [byNumber(worker.address), location];
      await using client = startScript("tests/integration/goodbye_client.ts", args, { cwd: folder.path });
      await client.untilWritten(/fetched/);
      worker.child.kill("SIGTERM");
      assertEquals((await worker.child.status).code, 0);
      client.child.kill("SIGUSR1");
      const { code, stdout, stderr } = await client.result;
      assertStringIncludes(stdout, "UNAVAILABLE", stderr);
      assertEquals(code, 0, stderr);
    }
  },
});
