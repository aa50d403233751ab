/**
 * A worker that runs out of room. The kernel's limit on the size of a file stands in for a full disk: a write past
 * it fails as one to a full disk does, it needs no privileges, and it can be lifted again while the worker runs.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { connectWorker, type WorkerClient } from "../../lib/rpc/worker_client.ts";
import { startServer } from "../peers/server_process.ts";
import { byNumber } from "./by_number.ts";
import { filesUnder } from "./files_under.ts";
import { rawClient } from "./raw_client.ts";
import { assertRpcFails } from "./rpc_asserts.ts";
import { PROJECT } from "./run_script.ts";
import { assertSameBytes } from "./same_bytes.ts";
import { temporaryFolder } from "./temporary_folder.ts";

Deno.test.sanitizer({ ops: true, resources: true });

const RPC = { timeoutMs: 30_000 };
const KIB = 1024;
const isSupported = Deno.build.os === "linux"; // prlimit(1), of util-linux

/** A worker on a folder of its own, whose files can be given a limit. */
async function setUp() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const shardsDir = join(folder.path, "shards");
  const flags = ["--port", "0", "--encoder", "simulated", "--shards_dir", shardsDir];
  const worker = stack.use(
    await startServer({
      command: "sh",
      // the signal would end it otherwise
      args: [
        "-c",
        `trap "" XFSZ; exec "$@"`,
        "sh",
        Deno.execPath(),
        "run",
        "-A",
        `${PROJECT}worker.ts`,
        ...flags,
      ],
      ready: /\blocalhost:\d+\b(?=.*\n)/,
    }),
  );
  const client = stack.use(connectWorker(byNumber(worker.ready[0])));
  const raw = stack.use(rawClient(byNumber(worker.ready[0])));
  const done = stack.move();
  return {
    shardsDir,
    client,
    raw,
    /** From now on no file may be longer; undefined: as long as it likes. */
    limitFiles: (bytes?: number) => limitFiles(worker.child.pid, bytes),
    [Symbol.asyncDispose]: () => done.disposeAsync(),
  };
}

async function limitFiles(pid: number, bytes: number | undefined): Promise<void> {
  const limit = `--fsize=${bytes ?? "unlimited"}:unlimited`;
  const { success, stderr } = await new Deno.Command("prlimit", { args: ["--pid", `${pid}`, limit] })
    .output();
  assert(success, new TextDecoder().decode(stderr));
}

async function put(client: WorkerClient, chunkIndex: number, sizeBytes: number) {
  return await client.processChunk(
    { videoId: "v", chunkIndex },
    new Uint8Array(sizeBytes).fill(chunkIndex),
    RPC,
  );
}

const filesOf = (chunkIndex: number) => [
  `v/chunk_${chunkIndex}.shard`,
  `metadata/v_chunk_${chunkIndex}_metadata.json`,
];

/** All files but locks, and those with which a worker tries every few seconds whether there is room. */
async function storedFiles(shardsDir: string): Promise<string[]> {
  return (await filesUnder(shardsDir)).filter((path) => !/(lock|\.probe)$/.test(path));
}

Deno.test({
  name:
    "a worker without room for a shard answers RESOURCE_EXHAUSTED for good, leaves nothing of it, and goes on",
  ignore: !isSupported,
  async fn() {
    await using t = await setUp();
    const before = await put(t.client, 0, 40 * KIB);
    await t.limitFiles(100 * KIB);
    // one that goes by ProcessChunk, one that goes by ProcessChunkStream, one in place of another
    for (const [chunkIndex, sizeBytes] of [[1, 400 * KIB], [2, 3_000 * KIB], [0, 400 * KIB]] as const) {
      const error = await assertRpcFails("RESOURCE_EXHAUSTED", put(t.client, chunkIndex, sizeBytes));
      assertEquals([error.pushbackMs, error.retryable], [undefined, false]);
      assertMatch(error.details, /chunk \d of video "v"/);
    }
    await put(t.client, 3, 40 * KIB);
    assertEquals(await storedFiles(t.shardsDir), [...filesOf(0), ...filesOf(3)].sort());
    const shard = await new Response(await t.client.getShard(before.shardLocation, RPC)).bytes();
    assertSameBytes(shard, new Uint8Array(20 * KIB), "what was to be replaced has changed");
  },
});

Deno.test({
  name: "a worker whose disk is full says so in its health, and is well again once there is room",
  ignore: !isSupported,
  async fn() {
    await using t = await setUp();
    assertEquals((await t.client.checkHealth("test", RPC)).isHealthy, true);
    await t.limitFiles(0);
    await assertRpcFails("RESOURCE_EXHAUSTED", put(t.client, 0, 1));
    const { message } = await t.raw.until(({ isHealthy }) => !isHealthy);
    assertMatch(message, /^store is not writable: /);
    assertEquals(await storedFiles(t.shardsDir), []);
    assertEquals((await t.client.listShards("", RPC)).entries, [], "it still answers what it can");

    await t.limitFiles();
    await put(t.client, 0, 40 * KIB);
    await t.raw.until(({ isHealthy }) => isHealthy);
    assertEquals(await storedFiles(t.shardsDir), filesOf(0).sort());
  },
});

Deno.test("a worker whose store is taken away answers INTERNAL, says so in its health, and is well when it is back", async () => {
  await using t = await setUp();
  await Deno.rename(t.shardsDir, `${t.shardsDir}-away`);
  await assertRpcFails("INTERNAL", put(t.client, 0, 1));
  const { message } = await t.raw.until(({ isHealthy }) => !isHealthy);
  assertMatch(message, /^store is not writable: /);
  await Deno.rename(`${t.shardsDir}-away`, t.shardsDir);
  await put(t.client, 0, 1);
  await t.raw.until(({ isHealthy }) => isHealthy);
});
