import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { startLocalWorker, startLocalWorkers, WorkerStartError } from "../../lib/fleet/local_worker.ts";
import { RpcError } from "../../lib/rpc/rpc_error.ts";
import { connectWorker } from "../../lib/rpc/worker_client.ts";
import { childrenOf } from "./child_processes.ts";
import { temporaryFolder } from "./temporary_folder.ts";

Deno.test.sanitizer({ ops: true, resources: true });

const RPC = { timeoutMs: 60_000 };

Deno.test("startLocalWorkers() starts several, each on its port and as it is told, and ends them all", async () => {
  await using folder = await temporaryFolder();
  const tokenFile = join(folder.path, "token");
  await Deno.writeTextFile(tokenFile, "a-token-for-this-run");
  const before = await childrenOf("self");
  {
    await using local = await startLocalWorkers(2, {
      shardsDir: join(folder.path, "shards"),
      encoder: "simulated",
      maxTasks: 3,
      threads: 2,
      drainSeconds: 0,
      tokenFile,
    });
    const { workers } = local;
    assertEquals(new Set(workers.map(({ address }) => address)).size, 2);
    for (const { address, workerId } of workers) {
      using client = connectWorker(address, { token: "a-token-for-this-run" });
      const { maxTasks, threads, ...known } = await client.getCapabilities([], RPC);
      assertEquals([maxTasks, threads, known.workerId], [3, 2, workerId]);
      using stranger = connectWorker(address);
      const refusal = await assertRejects(() => stranger.checkHealth("test", RPC), RpcError);
      assertEquals(refusal.code, "UNAUTHENTICATED");
    }
  }
  assertEquals(await childrenOf("self"), before);
});

Deno.test("startLocalWorkers() leaves none where one does not start, and says why", async () => {
  await using folder = await temporaryFolder();
  const before = await childrenOf("self");
  const error = await assertRejects(
    () => startLocalWorkers(2, { shardsDir: join(folder.path, "shards"), encoder: "simulated", threads: 65 }),
    WorkerStartError,
  );
  assert(error.message.includes("--threads"), error.message);
  assertEquals(await childrenOf("self"), before);
});

Deno.test("startLocalWorker() ends what it has begun once it is told to", async () => {
  await using folder = await temporaryFolder();
  const before = await childrenOf("self");
  const abort = new AbortController();
  const starting = startLocalWorker({ shardsDir: folder.path, encoder: "simulated", signal: abort.signal });
  abort.abort(new Error("never mind"));
  await assertRejects(() => starting, Error, "never mind");
  assertEquals(await childrenOf("self"), before);
});
