/** Our side of the wire as clients of a worker on grpcio's C core. */
import { credentials, type ServiceError, status } from "@grpc/grpc-js";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { createHash, randomBytes } from "node:crypto";
import { WorkerService } from "../../lib/rpc/proto.ts";
import { RpcError } from "../../lib/rpc/rpc_error.ts";
import { connectWorker } from "../../lib/rpc/worker_client.ts";
import { startPeerWorker } from "../peers/python.ts";
import { pythonTest } from "../peers/python_test_case.ts";

/** For a machine that has other things to do, too. */
const RPC = { timeoutMs: 60_000 };

pythonTest(
  "a Python worker stores a chunk, lists it, describes it and gives it back to grpc-js",
  async (python) => {
    await using worker = await startWorker(python);
    using client = new RawClient(worker.address);
    const chunk = randomBytes(100_001);
    const location = `${worker.shardsDir}/ünï 🎬/chunk_3.shard`;

    const stored = await client.call("processChunk", { videoId: "ünï 🎬", chunkIndex: 3, chunkData: chunk });
    assertMatch(String(stored.workerId), /^python-worker-\d+$/);
    const { workerId } = stored;
    assertEquals(stored, {
      success: true,
      workerId,
      shardLocation: location,
      originalSize: "100001",
      encodedSize: "50001",
      message: "Chunk 3 processed successfully",
      shardSha256: Buffer.alloc(0),
      frameCount: 0,
      encoder: "",
      encodeSeconds: 0,
      notes: [],
    });

    const shard = await client.call("getShard", { shardLocation: location });
    assertEquals(sha256(shard.shardData), sha256(chunk.subarray(0, 50_001)));
    assertEquals(shard.success, true);
    assertEquals(sha256(await Deno.readFile(location)), sha256(chunk.subarray(0, 50_001)));

    const list = await client.call("listShards", { videoId: "" });
    assertEquals(list, {
      success: true,
      workerId,
      message: "Found 1 videos",
      videos: [{
        videoId: "ünï 🎬",
        chunks: [{ chunkIndex: 3, shardLocation: location, sizeBytes: "50001" }],
      }],
    });

    const metadata = await client.call("getVideoMetadata", { videoId: "ünï 🎬" });
    const [described] = metadata.chunksMetadata as Record<string, unknown>[];
    assertMatch(String(described!.timestamp), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+$/); // no time zone
    assertEquals(described, {
      chunkIndex: 3,
      originalSize: "100001",
      encodedSize: "50001",
      compressionRatio: Math.fround(50_001 / 100_001),
      shardLocation: location,
      timestamp: described!.timestamp,
      sha256: Buffer.alloc(0),
      encoder: "",
      frameCount: 0,
    });

    const health = await client.call("checkHealth", { masterId: "master-1" });
    assertEquals({ healthy: health.isHealthy, tasks: health.activeTasks, by: health.workerId }, {
      healthy: true,
      tasks: 0,
      by: workerId,
    });
    assert(Number(health.memoryUsageBytes) > 1_000_000 && Number(health.cpuUtilization) <= 100);
  },
);

pythonTest(
  "a Python worker writes the original store, metadata without a checksum included",
  async (python) => {
    await using worker = await startWorker(python);
    using client = new RawClient(worker.address);
    await client.call("processChunk", { videoId: "v", chunkIndex: 0, chunkData: randomBytes(10) });
    const path = `${worker.shardsDir}/metadata/v_chunk_0_metadata.json`;
    const written = JSON.parse(await Deno.readTextFile(path));
    assertEquals(Object.keys(written), [
      "video_id",
      "chunk_index",
      "original_size",
      "encoded_size",
      "compression_ratio",
      "worker_id",
      "shard_location",
      "timestamp",
    ]);
    assertEquals(written.shard_location, `${worker.shardsDir}/v/chunk_0.shard`);
  },
);

pythonTest("a Python worker answers wrong requests with the statuses of the original", async (python) => {
  await using worker = await startWorker(python);
  using client = new RawClient(worker.address);
  const absent = `${worker.shardsDir}/v/chunk_0.shard`;
  assertEquals(await client.fails("getShard", { shardLocation: absent }), [
    status.NOT_FOUND,
    `Shard not found: ${absent}`,
  ]);
  for (
    const shardLocation of ["/etc/passwd", `${worker.shardsDir}/../x.shard`, `${worker.shardsDir}x/a.shard`]
  ) {
    assertEquals((await client.fails("getShard", { shardLocation }))[0], status.PERMISSION_DENIED);
  }
  for (const method of ["listShards", "getVideoMetadata"] as const) {
    const { success, message } = await client.call(method, { videoId: "nobody" });
    assertEquals({ success, message }, { success: false, message: "No shards found for video 'nobody'" });
  }
  const { success } = await client.call("processChunk", {
    videoId: "../x",
    chunkIndex: 0,
    chunkData: "AA==",
  });
  assertEquals(success, false);
});

pythonTest("a Python worker answers UNIMPLEMENTED to each of our own calls", async (python) => {
  await using worker = await startWorker(python);
  using client = new RawClient(worker.address);
  const unimplemented: [number, string] = [status.UNIMPLEMENTED, "Method not found!"];
  assertEquals(await client.fails("deleteVideo", { videoId: "v" }), unimplemented);
  assertEquals(await client.failsToSend(), unimplemented);
  assertEquals(await client.failsToReceive(), unimplemented);
});

pythonTest("a Python worker ends when its stdin closes, so that none outlives its test", async (python) => {
  await using worker = await startWorker(python);
  await worker.child.stdin.close();
  assertEquals((await worker.child.status).code, 0);
});

pythonTest("connectWorker() stores, lists and reads through a Python worker", async (python) => {
  await using worker = await startWorker(python);
  using client = connectWorker(worker.address);
  const chunk = randomBytes(1_048_576);
  const stored = await client.processChunk({ videoId: "v", chunkIndex: 0 }, chunk, RPC);
  assertEquals({ bytes: stored.encodedBytes, sha256: stored.sha256, encoder: stored.encoder }, {
    bytes: 524_288,
    sha256: "",
    encoder: "",
  });
  const shard = await client.getShard(stored.shardLocation, RPC);
  assertEquals(
    sha256(new Uint8Array(await new Response(shard).arrayBuffer())),
    sha256(chunk.subarray(0, 524_288)),
  );
  assertEquals((await client.listShards("", RPC)).entries, [{
    videoId: "v",
    chunks: [{ chunkIndex: 0, shardLocation: stored.shardLocation, sizeBytes: 524_288 }],
  }]);
  const [described] = (await client.getVideoMetadata("v", RPC)).entries;
  assertEquals([described!.originalBytes, described!.compressionRatio, described!.sha256], [
    1_048_576,
    0.5,
    "",
  ]);
  assertEquals((await client.getVideoMetadata("w", RPC)).found, false);
  assertEquals((await client.checkHealth("m", RPC)).isHealthy, true);
  const error = await assertRejects(() => client.getShard(`${worker.shardsDir}/x.shard`, RPC), RpcError);
  assertEquals(error.code, "NOT_FOUND");
});

pythonTest("connectWorker() fails with the words of a Python worker that stored nothing", async (python) => {
  await using worker = await startWorker(python);
  using client = connectWorker(worker.address);
  const sent = client.processChunk({ videoId: "a/b", chunkIndex: 0 }, randomBytes(9), RPC); // OK, success=false
  await assertRejects(() => sent, Error, "cannot store this chunk");
});

pythonTest(
  "connectWorker() sends a media segment in one message to a worker without streams",
  async (python) => {
    await using worker = await startWorker(python);
    using client = connectWorker(worker.address);
    const header = {
      videoId: "v",
      chunkIndex: 0,
      kind: "CHUNK_KIND_MEDIA_SEGMENT",
      segment: { timescale: 1, frameCount: 1 },
    } as const;
    const stored = await client.processChunk(header, randomBytes(3_000_000), RPC);
    assertEquals(stored.originalBytes, 3_000_000);
  },
);

/** A Python worker with a store of its own, which goes when it does. */
async function startWorker(python: string) {
  const shardsDir = await Deno.realPath(await Deno.makeTempDir());
  const worker = await startPeerWorker(python, { shardsDir });
  return {
    ...worker,
    shardsDir,
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await Deno.remove(shardsDir, { recursive: true });
    },
  };
}

type UnaryName =
  | "processChunk"
  | "getShard"
  | "checkHealth"
  | "listShards"
  | "getVideoMetadata"
  | "deleteVideo";

/** Nothing but grpc-js and our .proto. */
class RawClient {
  readonly #client: InstanceType<typeof WorkerService>;

  constructor(address: string) {
    this.#client = new WorkerService(address, credentials.createInsecure());
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  call(method: UnaryName, request: Record<string, unknown>): Promise<Record<string, unknown>> {
    return answered((done) => {
      const call = this.#client[method] as unknown as LooseCall;
      call.call(this.#client, request, { deadline: Date.now() + RPC.timeoutMs }, done);
    });
  }

  fails(method: UnaryName, request: Record<string, unknown>): Promise<[number, string]> {
    return statusOf(this.call(method, request));
  }

  failsToSend(): Promise<[number, string]> {
    return statusOf(answered((done) => {
      const call = this.#client.processChunkStream({ deadline: Date.now() + RPC.timeoutMs }, done as never);
      call.write({ header: { videoId: "v" } });
      call.end();
    }));
  }

  failsToReceive(): Promise<[number, string]> {
    const call = this.#client.getShardStream({ shardLocation: "x" }, {
      deadline: Date.now() + RPC.timeoutMs,
    });
    return statusOf(Array.fromAsync(call));
  }
}

type Done = (error: ServiceError | null, response?: Record<string, unknown>) => void;
type LooseCall = (request: unknown, options: { deadline: number }, done: Done) => void;

function answered(start: (done: Done) => void): Promise<Record<string, unknown>> {
  const { promise, resolve, reject } = Promise.withResolvers<Record<string, unknown>>();
  start((error, response) => error ? reject(error) : resolve(response!));
  return promise;
}

async function statusOf(call: Promise<unknown>): Promise<[number, string]> {
  const error = await assertRejects(() => call, Error) as ServiceError;
  return [error.code, error.details];
}

function sha256(bytes: unknown): string {
  return createHash("sha256").update(bytes as Uint8Array).digest("hex");
}
