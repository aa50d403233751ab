/** Clients on grpcio's C core, which know the original fields alone, against worker.ts. */
import { assert, assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import { createHash, randomBytes } from "node:crypto";
import { startAskedWorker } from "../peers/asked_worker.ts";
import type {
  Health,
  Listing,
  Metadata,
  PeerBytes,
  PeerError,
  StreamedShard,
} from "../peers/peer_answers.ts";
import { runPeer, startPeerWorker } from "../peers/python.ts";
import { pythonTest } from "../peers/python_test_case.ts";

pythonTest("a Python client stores chunks and gets back the shards that the store has", async (python) => {
  await using worker = await startAskedWorker(python);
  const chunk = randomBytes(1_048_577);
  const stored = await worker.store("ünï 🎬", 3, chunk);
  const location = `${worker.shardsDir}/ünï 🎬/chunk_3.shard`;
  const encodedSize = Number(stored.encoded_size);
  assert(encodedSize > 0 && encodedSize < chunk.length);
  assertEquals(stored, {
    success: true,
    worker_id: stored.worker_id,
    shard_location: location,
    original_size: "1048577",
    encoded_size: String(encodedSize),
    message: stored.message,
  });
  assertStringIncludes(stored.message, "Chunk 3 processed successfully");
  assertGreater(stored.worker_id.length, 0);

  const out = `${worker.scratchDir}/out.shard`;
  const shard = await worker.ask<{ shard_data: PeerBytes }>("get_shard", location, "--out", out);
  const prefix = chunk.subarray(0, encodedSize);
  assertEquals(shard.shard_data, { length: encodedSize, sha256: sha256(prefix) });
  assertEquals(sha256(await Deno.readFile(out)), sha256(prefix));
  assertEquals(sha256(await Deno.readFile(location)), sha256(prefix));
});

pythonTest("a Python client lists shards in order, one video's or all", async (python) => {
  await using worker = await startAskedWorker(python);
  const stored = [
    await worker.store("b", 10, randomBytes(300)),
    await worker.store("b", 9, randomBytes(200)),
    await worker.store("a", 0, randomBytes(100)),
  ];
  const [b10, b9, a0] = stored.map((each, i) => ({
    chunk_index: [10, 9, 0][i]!,
    shard_location: each.shard_location,
    size_bytes: each.encoded_size,
  }));
  const a = { video_id: "a", chunks: [a0!] };
  const b = { video_id: "b", chunks: [b9!, b10!] };
  assertEquals((await worker.ask<Listing>("list")).videos, [a, b]);
  const one = await worker.ask<Listing>("list", "--video_id", "b");
  assertEquals({ success: one.success, videos: one.videos }, { success: true, videos: [b] });
});

pythonTest(
  "a Python client reads the metadata of a video, not of one whose name begins alike",
  async (python) => {
    await using worker = await startAskedWorker(python);
    await worker.store("a_chunk_b", 0, randomBytes(30));
    const stored = await worker.store("a", 1, randomBytes(3_000));
    const metadata = await worker.ask<Metadata>("metadata", "--video_id", "a");
    const timestamp = metadata.chunks_metadata[0]!.timestamp;
    assertEquals(metadata.chunks_metadata, [{
      chunk_index: 1,
      original_size: "3000",
      encoded_size: stored.encoded_size,
      compression_ratio: Math.fround(Number(stored.encoded_size) / 3_000),
      shard_location: stored.shard_location,
      timestamp,
    }]);
    assertMatch(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/);
    assertEquals(metadata.success, true);
  },
);

pythonTest("a Python client reads the health of a worker", async (python) => {
  await using worker = await startAskedWorker(python);
  const health = await worker.ask<Health>("health");
  assertEquals([health.is_healthy, health.active_tasks], [true, 0]);
  assert(health.cpu_utilization >= 0 && health.cpu_utilization <= 100);
  assertGreater(Number(health.memory_usage_bytes), 10_000_000);
  assertGreater(health.worker_id.length, 0);
});

pythonTest("a Python client sees success=false for a video that the worker lacks", async (python) => {
  await using worker = await startAskedWorker(python);
  for (const call of ["list", "metadata"]) {
    const answer = await worker.ask<Listing>(call, "--video_id", "nobody");
    assertEquals(answer.success, false);
    assertStringIncludes(answer.message, "nobody");
  }
  const all = await worker.ask<Listing>("list");
  assertEquals([all.success, all.videos], [true, []]);
});

pythonTest("a Python client gets INVALID_ARGUMENT that names the field", async (python) => {
  await using worker = await startAskedWorker(python);
  const bad: [string, string, number, Uint8Array][] = [
    ...["", "..", "../x", "a/b", "a\\b", ".hidden", "Metadata", "a\nb", "x".repeat(201)].map(
      (id) => ["video_id", id, 0, randomBytes(9)] as [string, string, number, Uint8Array],
    ),
    ["chunk_index", "v", -1, randomBytes(9)],
    ["chunk_data", "v", 0, new Uint8Array()],
  ];
  for (const [field, videoId, index, chunk] of bad) {
    const error = await worker.store<PeerError>(videoId, index, chunk);
    assertEquals(error.code, "INVALID_ARGUMENT", `${field} ${JSON.stringify(videoId)} ${index}`);
    assertStringIncludes(error.details, field);
  }
  assertEquals((await worker.ask<Listing>("list")).videos, []);
});

pythonTest("a Python client gets PERMISSION_DENIED for what is outside the store", async (python) => {
  await using worker = await startAskedWorker(python);
  const { shardsDir, scratchDir } = worker;
  await worker.store("v", 0, randomBytes(9));
  await worker.store("v", 1, randomBytes(9));
  await Deno.writeTextFile(`${scratchDir}/secret.shard`, "secret");
  await Deno.remove(`${shardsDir}/v/chunk_1.shard`);
  await Deno.symlink(`${scratchDir}/secret.shard`, `${shardsDir}/v/chunk_1.shard`);
  await Deno.mkdir(`${shardsDir}-sibling`);
  await Deno.writeTextFile(`${shardsDir}-sibling/chunk_0.shard`, "secret");
  const denied = [
    `${scratchDir}/secret.shard`,
    `${shardsDir}/v/../../secret.shard`,
    `${shardsDir}/v/chunk_1.shard`,
    `${shardsDir}-sibling/chunk_0.shard`,
    `${shardsDir}/metadata/v_chunk_0_metadata.json`,
    "/etc/passwd",
    "",
  ];
  for (const location of denied) {
    const error = await worker.ask<PeerError>("get_shard", location);
    assertEquals(error.code, "PERMISSION_DENIED", location);
  }
});

pythonTest("a Python client gets NOT_FOUND for a shard that the store lacks", async (python) => {
  await using worker = await startAskedWorker(python);
  const error = await worker.ask<PeerError>("get_shard", `${worker.shardsDir}/v/chunk_0.shard`);
  assertEquals(error.code, "NOT_FOUND");
  assertStringIncludes(error.details, "no such shard");
});

pythonTest(
  "a Python client gets DATA_LOSS, never the bytes, of a shard that changed on disk",
  async (python) => {
    await using worker = await startAskedWorker(python);
    const { shard_location: flipped } = await worker.store("v", 0, randomBytes(2_000));
    const { shard_location: cut } = await worker.store("v", 1, randomBytes(2_000));
    const bytes = await Deno.readFile(flipped);
    bytes[100]! ^= 1;
    await Deno.writeFile(flipped, bytes);
    await Deno.truncate(cut, 10);
    for (const location of [flipped, cut]) {
      assertEquals((await worker.ask<PeerError>("get_shard", location)).code, "DATA_LOSS");
      assertEquals((await worker.askOurs<PeerError>("get_shard_stream", location)).code, "DATA_LOSS");
    }
  },
);

pythonTest(
  "a Python client whose chunk is past the limit is told the limit and what to call",
  async (python) => {
    await using worker = await startAskedWorker(python, { flags: ["--max_chunk_bytes", "100000"] });
    const error = await worker.store<PeerError>("v", 0, randomBytes(200_000));
    assertEquals(error.code, "RESOURCE_EXHAUSTED");
    assertMatch(error.details, /100000|100,000/);
    assertStringIncludes(error.details, "ProcessChunkStream");
    assertEquals((await worker.store("v", 0, randomBytes(100_000))).success, true);
  },
);

pythonTest("a store that a Python worker wrote is read, checksums or not", async (python) => {
  const shardsDir = await Deno.realPath(await Deno.makeTempDir());
  const chunks = [randomBytes(999), randomBytes(500)];
  {
    await using theirs = await startPeerWorker(python, { shardsDir });
    for (const [index, chunk] of chunks.entries()) {
      const file = `${shardsDir}/data`;
      await Deno.writeFile(file, chunk);
      const flags = ["--video_id", "v", "--chunk_index", index, "--data_file", file];
      await runPeer(python, "peer_client.py", [theirs.address, "process", ...flags]);
      await Deno.remove(file);
    }
  }
  await using worker = await startAskedWorker(python, { shardsDir });
  const metadata = await worker.ask<Metadata>("metadata", "--video_id", "v");
  assertEquals(metadata.chunks_metadata.map((each) => [each.chunk_index, each.original_size]), [
    [0, "999"],
    [1, "500"],
  ]);
  for (const [index, { shard_location }] of metadata.chunks_metadata.entries()) {
    const prefix = chunks[index]!.subarray(0, Math.ceil(chunks[index]!.length / 2));
    const inOne = await worker.ask<{ shard_data: PeerBytes }>("get_shard", shard_location);
    assertEquals(inOne.shard_data, digest(prefix));
    const { header, data } = await worker.askOurs<StreamedShard>("get_shard_stream", shard_location);
    assertEquals([header, data], [{ size_bytes: prefix.length, sha256: "" }, digest(prefix)]);
  }
});

pythonTest("a Python worker that shares the folder sees our shards, and we see its own", async (python) => {
  await using worker = await startAskedWorker(python);
  await using theirs = await startPeerWorker(python, { shardsDir: worker.shardsDir });
  const ours = await worker.store("v", 0, randomBytes(800));
  const file = await worker.file(randomBytes(600));
  const flags = ["--video_id", "v", "--chunk_index", 1, "--data_file", file];
  await runPeer(python, "peer_client.py", [theirs.address, "process", ...flags]);
  const askThem = <T>(...args: string[]) => runPeer<T>(python, "peer_client.py", [theirs.address, ...args]);
  const shard = await askThem<{ shard_data: PeerBytes }>("get_shard", ours.shard_location);
  assertEquals(shard.shard_data, digest(await Deno.readFile(ours.shard_location)));
  assertEquals((await askThem<Listing>("list")).videos, (await worker.ask<Listing>("list")).videos);
  const theirView = await askThem<Metadata>("metadata", "--video_id", "v");
  const ourView = await worker.ask<Metadata>("metadata", "--video_id", "v");
  assertEquals(theirView.chunks_metadata, ourView.chunks_metadata);
});

function digest(bytes: Uint8Array): PeerBytes {
  return { length: bytes.length, sha256: sha256(bytes) };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
