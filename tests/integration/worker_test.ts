/** A real worker process, spoken to over gRPC: what it answers, and what bad input gets. */
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { type ServiceError, status } from "@grpc/grpc-js";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { SAME_SIGNAL_MS } from "../../lib/cli/interrupt.ts";
import { makeVideo } from "../../lib/encode/make_video.ts";
import type { ProcessChunkPart } from "../../lib/rpc/generated/replication/ProcessChunkPart.ts";
import { type ChunkHeader, connectWorker } from "../../lib/rpc/worker_client.ts";
import { startOurWorker } from "../peers/our_worker.ts";
import { rawClient } from "./raw_client.ts";
import { assertRpcFails } from "./rpc_asserts.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { within } from "./within.ts";

const RPC = { timeoutMs: 30_000 };
const BYTES = new TextEncoder().encode("a chunk of any bytes at all");
const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest());
const opaque = (videoId: string, chunkIndex: number): ChunkHeader => ({ videoId, chunkIndex });

/** A streamed chunk that has begun and not ended. */
const begin = (videoId: string): ProcessChunkPart[] => [{ header: { videoId } }, { data: BYTES }];

/** A worker on a folder of its own and a client of it. */
async function setUp(flags: readonly string[] = []) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const shardsDir = join(folder.path, "shards");
  const worker = stack.use(await startOurWorker({ shardsDir, flags }));
  const client = stack.use(connectWorker(worker.address));
  const done = stack.move();
  return { folder: folder.path, shardsDir, worker, client, [Symbol.asyncDispose]: () => done.disposeAsync() };
}

/** A two-second video as one chunk, and what its header says. */
async function mediaChunk(folder: string): Promise<{ header: ChunkHeader; data: Uint8Array }> {
  const path = join(folder, "chunk.mp4");
  await makeVideo(path, { seconds: 2, tone: null, layout: "fragmented" });
  const segment = { timescale: 15, startTicks: 0, frameCount: 30 };
  const data = await Deno.readFile(path);
  return {
    data,
    header: { videoId: "v", chunkIndex: 0, kind: "CHUNK_KIND_MEDIA_SEGMENT", segment, sha256: sha256(data) },
  };
}

Deno.test("a worker stores an opaque chunk as a smaller prefix and gives back what it stored", async () => {
  await using t = await setUp();
  const stored = await t.client.processChunk(opaque("video 'a' [1]", 3), BYTES, RPC);
  assertEquals(stored.originalBytes, BYTES.length);
  assert(stored.encodedBytes < BYTES.length && stored.encodedBytes > 0);
  assertEquals(stored.encoder, "simulated");
  assertEquals(stored.message, "Chunk 3 processed successfully");
  const shard = new Uint8Array(
    await new Response(await t.client.getShard(stored.shardLocation, RPC)).arrayBuffer(),
  );
  assertEquals(shard, BYTES.slice(0, stored.encodedBytes));
  assertEquals(sha256(shard).toHex(), stored.sha256);
  assertStringIncludes(
    t.worker.output(),
    `Received chunk 3 for video 'video 'a' [1]' (Original size: ${BYTES.length} bytes)`,
  );
  assertStringIncludes(t.worker.output(), "Stored shard for chunk 3");
});

Deno.test("a worker encodes a media segment to a shard with the frames it was told of", async () => {
  await using t = await setUp();
  const { header, data } = await mediaChunk(t.folder);
  const stored = await t.client.processChunk({ ...header, settings: { width: 160 } }, data, RPC);
  assertEquals(stored.frameCount, 30);
  assertMatch(stored.encoder, /libx264/);
  const { entries } = await t.client.getVideoMetadata("v", RPC);
  assertEquals(entries.map(({ frameCount, sha256, encoder }) => ({ frameCount, sha256, encoder })), [
    { frameCount: 30, sha256: stored.sha256, encoder: stored.encoder },
  ]);
});

Deno.test("a worker lists videos and chunks in order, and answers success=false for a video it does not know", async () => {
  await using t = await setUp();
  for (const [videoId, index] of [["b", 10], ["b", 2], ["a_chunk_1", 0], ["a", 1]] as const) {
    await t.client.processChunk(opaque(videoId, index), BYTES, RPC);
  }
  await Deno.writeTextFile(join(t.shardsDir, "a", "chunk_x.shard"), "stray");
  await Deno.writeTextFile(join(t.shardsDir, "metadata", "stray.json"), "{");
  const all = await t.client.listShards("", RPC);
  assertEquals(
    all.entries.map(({ videoId, chunks }) => [videoId, chunks.map(({ chunkIndex }) => chunkIndex)]),
    [
      ["a", [1]],
      ["a_chunk_1", [0]],
      ["b", [2, 10]],
    ],
  );
  assertEquals((await t.client.getVideoMetadata("a", RPC)).entries.length, 1);
  for (const answer of [await t.client.listShards("c", RPC), await t.client.getVideoMetadata("c", RPC)]) {
    assertEquals(answer.found, false);
    assertStringIncludes(answer.message, "'c'");
  }
});

Deno.test("a worker deletes a video and says how many chunks went", async () => {
  await using t = await setUp();
  for (const index of [0, 1]) await t.client.processChunk(opaque("v", index), BYTES, RPC);
  assertEquals(await t.client.deleteVideo("v", RPC), 2);
  assertEquals((await t.client.listShards("", RPC)).entries, []);
  assertEquals(await t.client.deleteVideo("v", RPC), 0);
});

for (
  const videoId of ["../x", "..", "", "a/b", "a\\b", "a\0b", ".hidden", "Metadata", "a\nb", "x".repeat(201)]
) {
  Deno.test(`a worker refuses the video_id ${JSON.stringify(videoId).slice(0, 20)} and writes nothing`, async () => {
    await using t = await setUp();
    const error = await assertRpcFails(
      "INVALID_ARGUMENT",
      t.client.processChunk(opaque(videoId, 0), BYTES, RPC),
    );
    assertStringIncludes(error.details, "video_id");
    const found = [];
    for await (const { name } of Deno.readDir(t.folder)) found.push(name);
    assertEquals(found, ["shards"]);
    assertEquals((await t.client.listShards("", RPC)).entries, []);
  });
}

Deno.test("a worker refuses a chunk by naming the field that is wrong", async () => {
  await using t = await setUp();
  const { header, data } = await mediaChunk(t.folder);
  const segment = header.segment!;
  const wrong: [string, ChunkHeader][] = [
    ["chunk_index", { ...header, chunkIndex: -1 }],
    ["sha256", { ...header, sha256: new Uint8Array(3) }],
    ["segment", { ...header, segment: null }],
    ["timescale", { ...header, segment: { ...segment, timescale: 0 } }],
    ["frame_count", { ...header, segment: { ...segment, frameCount: 0 } }],
    ["end_ticks", { ...header, segment: { ...segment, startTicks: 5, endTicks: 5 } }],
    ["start_ticks", { ...header, segment: { ...segment, startTicks: "9007199254740993" } }],
    ["crf", { ...header, settings: { crf: 52 } }],
    ["crf", { ...header, settings: { crf: NaN } }],
    ["bitrate", { ...header, settings: { bitrate: 10 } }],
    ["width", { ...header, settings: { width: 100_000 } }],
    ["threads", { ...header, settings: { threads: 1_000 } }],
    ["codec", { ...header, settings: { codec: 99 as 1 } }],
    ["preset", { ...header, settings: { preset: 99 as 1 } }],
    ["kind", { ...header, kind: 99 as 1 }],
    ["settings", { ...opaque("v", 0), settings: {} }],
  ];
  for (const [field, bad] of wrong) {
    const error = await assertRpcFails("INVALID_ARGUMENT", t.client.processChunk(bad, data, RPC));
    assertStringIncludes(error.details, field);
  }
  assertEquals((await t.client.listShards("", RPC)).entries, []);
});

Deno.test("a worker refuses an empty chunk", async () => {
  await using t = await setUp();
  const { header } = await mediaChunk(t.folder);
  for (const empty of [opaque("v", 0), { ...header, sha256: new Uint8Array() }]) {
    const error = await assertRpcFails(
      "INVALID_ARGUMENT",
      t.client.processChunk(empty, new Uint8Array(), RPC),
    );
    assertStringIncludes(error.details, "empty");
  }
});

Deno.test("a worker refuses what it cannot decode, with the encoder's words", async () => {
  await using t = await setUp();
  const { header, data } = await mediaChunk(t.folder);
  const noise = crypto.getRandomValues(new Uint8Array(50_000));
  for (const chunk of [noise, data.subarray(0, data.length / 2)]) {
    await assertRpcFails(
      "INVALID_ARGUMENT",
      t.client.processChunk({ ...header, sha256: sha256(chunk) }, chunk, RPC),
    );
  }
  const tooMany = { ...header, segment: { ...header.segment, frameCount: 31 } };
  const error = await assertRpcFails("INVALID_ARGUMENT", t.client.processChunk(tooMany, data, RPC));
  assertMatch(error.details, /\b30\b.*\b31\b|\b31\b.*\b30\b/);
  assertEquals((await t.client.listShards("", RPC)).entries, []);
});

Deno.test("a worker answers DATA_LOSS for a chunk whose checksum differs, even one it cannot decode, and stores nothing", async () => {
  await using t = await setUp();
  const { header, data } = await mediaChunk(t.folder);
  const torn = data.slice();
  torn.fill(0, 2_000, 9_000);
  await assertRpcFails("DATA_LOSS", t.client.processChunk(header, torn, RPC));
  await assertRpcFails(
    "DATA_LOSS",
    t.client.processChunk({ ...opaque("v", 0), sha256: sha256(data) }, BYTES, RPC),
  );
  assertEquals((await t.client.listShards("", RPC)).entries, []);
});

Deno.test("a worker keeps shard locations inside its store", async () => {
  await using t = await setUp();
  const { shardLocation } = await t.client.processChunk(opaque("v", 0), BYTES, RPC);
  const sibling = `${t.shardsDir}-evil`;
  await Deno.mkdir(join(sibling, "v"), { recursive: true });
  await Deno.writeFile(join(sibling, "v", "chunk_0.shard"), BYTES);
  await Deno.symlink(join(sibling, "v", "chunk_0.shard"), join(t.shardsDir, "v", "chunk_1.shard"));
  const outside = [
    "",
    "/etc/passwd",
    join(sibling, "v", "chunk_0.shard"),
    `${t.shardsDir}/v/../../shards-evil/v/chunk_0.shard`,
    join(t.shardsDir, "metadata", "v_chunk_0_metadata.json"),
    shardLocation.replace(/\.shard$/, ".txt"),
  ];
  for (const location of outside) {
    await assertRpcFails("PERMISSION_DENIED", t.client.getShard(location, RPC));
  }
  const link = shardLocation.replace("chunk_0", "chunk_1");
  await assertRpcFails(["PERMISSION_DENIED", "NOT_FOUND"], t.client.getShard(link, RPC));
  await assertRpcFails("NOT_FOUND", t.client.getShard(shardLocation.replace("chunk_0", "chunk_7"), RPC));
});

Deno.test("a worker answers DATA_LOSS for a shard that was altered or cut on disk, by either call", async () => {
  await using t = await setUp();
  const { shardLocation } = await t.client.processChunk(opaque("v", 0), BYTES, RPC);
  const shard = await Deno.readFile(shardLocation);
  using raw = rawClient(t.worker.address);
  for (const damaged of [shard.map((byte, i) => i === 3 ? byte ^ 1 : byte), shard.subarray(0, -1)]) {
    await Deno.writeFile(shardLocation, damaged);
    await assertRpcFails("DATA_LOSS", t.client.getShard(shardLocation, RPC));
    assertEquals(
      (await raw.failure((done) => raw.client.getShard({ shardLocation }, done))).code,
      status.DATA_LOSS,
    );
  }
});

Deno.test("a worker names its limit and the streaming call for a message over the limit, and takes it in parts", async () => {
  await using t = await setUp(["--max_chunk_bytes", "1000000"]);
  using raw = rawClient(t.worker.address);
  const chunkData = crypto.getRandomValues(new Uint8Array(60_000)).subarray(0);
  const large = new Uint8Array(2_000_000);
  for (let at = 0; at < large.length; at += chunkData.length) {
    large.set(chunkData.subarray(0, large.length - at), at);
  }
  const error = await raw.failure((done) =>
    raw.client.processChunk({ videoId: "v", chunkData: large }, done)
  );
  assertEquals(error.code, status.RESOURCE_EXHAUSTED);
  assertMatch(error.details, /1000000.*ProcessChunkStream/);

  const parts: ProcessChunkPart[] = [{ header: { videoId: "v" } }];
  for (let at = 0; at < large.length; at += 100_000) parts.push({ data: large.subarray(at, at + 100_000) });
  const stored = await raw.stream(parts);
  assertEquals(Number(stored.originalSize), large.length);
  // half of it would fit a message, so this asks for one that does not
  const again = await raw.stream([{ header: { videoId: "w" } }, ...parts.slice(1), ...parts.slice(1)]);
  const tooLarge = await raw.failure((done) =>
    raw.client.getShard({ shardLocation: again.shardLocation }, done)
  );
  assertEquals(tooLarge.code, status.RESOURCE_EXHAUSTED);
  assertMatch(tooLarge.details, /1000000.*GetShardStream/);
  const shard = await new Response(await t.client.getShard(again.shardLocation, RPC)).arrayBuffer();
  assertEquals(shard.byteLength, Number(again.encodedSize));
});

Deno.test("a worker refuses a stream that does not begin with its header", async () => {
  await using t = await setUp();
  using raw = rawClient(t.worker.address);
  for (const parts of [[{ data: BYTES }], [{ header: { videoId: "v", chunkData: BYTES } }], []]) {
    const error = await assertRejects(() => raw.stream(parts)) as ServiceError;
    assertEquals(error.code, status.INVALID_ARGUMENT);
    assertStringIncludes(error.details, "header");
  }
  const twice = [{ header: { videoId: "v" } }, { data: BYTES }, { header: { videoId: "w" } }];
  assertEquals((await assertRejects(() => raw.stream(twice)) as ServiceError).code, status.INVALID_ARGUMENT);
});

Deno.test("a worker without media encoders answers FAILED_PRECONDITION to a media segment", async () => {
  await using t = await setUp(["--encoder", "simulated"]);
  const { header, data } = await mediaChunk(t.folder);
  await assertRpcFails("FAILED_PRECONDITION", t.client.processChunk(header, data, RPC));
});

Deno.test("a worker takes max_tasks chunks and a short queue, and tells the next when to come back", async () => {
  await using t = await setUp(["--max_tasks", "1"]);
  using raw = rawClient(t.worker.address);
  // two streams that have begun and do not end: one runs, one waits
  const begun = [raw.open(begin("v")), raw.open(begin("w"))];
  await raw.until(({ activeTasks, queuedTasks }) => activeTasks === 1 && queuedTasks === 1);
  const error = await assertRpcFails("RESOURCE_EXHAUSTED", t.client.processChunk(opaque("x", 0), BYTES, RPC));
  assert(error.retryable);
  assert(error.pushbackMs !== undefined && error.pushbackMs > 0);
  for (const { call } of begun) call.cancel();
  await raw.until(({ activeTasks, queuedTasks }) => activeTasks === 0 && queuedTasks === 0);
  assertEquals(
    (await t.client.processChunk(opaque("x", 0), BYTES, RPC)).message,
    "Chunk 0 processed successfully",
  );
});

Deno.test("an encoder process is dead within a second of its caller's cancel, and of its deadline", async () => {
  await using t = await setUp();
  const path = join(t.folder, "long.mp4");
  await makeVideo(path, {
    seconds: 60,
    width: 640,
    height: 480,
    tone: null,
    layout: "fragmented",
    preset: "ultrafast",
  });
  const data = await Deno.readFile(path);
  const header: ChunkHeader = {
    ...opaque("v", 0),
    kind: "CHUNK_KIND_MEDIA_SEGMENT",
    segment: { timescale: 15, frameCount: 900 },
    settings: { preset: "PRESET_VERYSLOW" },
  };
  using raw = rawClient(t.worker.address);
  const cancel = new AbortController();
  const call = t.client.processChunk(header, data, { ...RPC, signal: cancel.signal });
  await raw.until(async ({ activeTasks }) => activeTasks === 1 && (await childrenOf(t.worker.child.pid)) > 0);
  cancel.abort(new DOMException("test", "AbortError"));
  await assertRejects(() => call, DOMException, "test");
  await within(1_000, raw.until(async () => (await childrenOf(t.worker.child.pid)) === 0));

  await assertRpcFails("DEADLINE_EXCEEDED", t.client.processChunk(header, data, { timeoutMs: 1_500 }));
  await within(1_000, raw.until(async () => (await childrenOf(t.worker.child.pid)) === 0));
  assertEquals((await t.client.listShards("", RPC)).entries, []);
});

Deno.test("health counts the encoders' memory, says what runs, and answers at once while it does", async () => {
  await using t = await setUp();
  const path = join(t.folder, "long.mp4");
  await makeVideo(path, {
    seconds: 60,
    width: 640,
    height: 480,
    tone: null,
    layout: "fragmented",
    preset: "ultrafast",
  });
  const idle = await t.client.checkHealth("test", RPC);
  assertEquals([idle.isHealthy, idle.activeTasks, idle.message], [true, 0, "healthy"]);
  const cancel = new AbortController();
  const header: ChunkHeader = {
    ...opaque("v", 0),
    kind: "CHUNK_KIND_MEDIA_SEGMENT",
    segment: { timescale: 15, frameCount: 900 },
    settings: { preset: "PRESET_VERYSLOW" },
  };
  const call = t.client.processChunk(header, await Deno.readFile(path), { ...RPC, signal: cancel.signal });
  using raw = rawClient(t.worker.address);
  const busy = await raw.until(({ activeTasks, memoryUsageBytes, cpuUtilization }) =>
    activeTasks === 1 && Number(memoryUsageBytes) > idle.memoryBytes + 30_000_000 && cpuUtilization > 0
  );
  assert(busy.cpuUtilization <= 100);
  cancel.abort();
  await assertRejects(() => call);
});

Deno.test("a worker told to stop finishes what runs, refuses what is new, says so in its health, and exits 0", async () => {
  await using t = await setUp();
  using raw = rawClient(t.worker.address);
  const running = raw.open(begin("v"));
  await raw.until(({ activeTasks }) => activeTasks === 1);
  t.worker.child.kill("SIGTERM");
  const draining = await raw.until(({ isHealthy }) => !isHealthy);
  assertEquals(draining.message, "draining");
  await assertRpcFails("UNAVAILABLE", t.client.processChunk(opaque("w", 0), BYTES, RPC));
  running.call.end({ data: BYTES });
  const stored = await running.answer;
  assertEquals(stored.message, "Chunk 0 processed successfully");
  assertEquals((await t.worker.child.status).code, 0);
  assertEquals((await Deno.readFile(stored.shardLocation)).length, Number(stored.encodedSize));
});

Deno.test("a worker told to stop twice ends at once", async () => {
  await using t = await setUp();
  using raw = rawClient(t.worker.address);
  raw.open(begin("v"));
  await raw.until(({ activeTasks }) => activeTasks === 1);
  t.worker.child.kill("SIGTERM");
  await raw.until(({ isHealthy }) => !isHealthy);
  await setTimeout(SAME_SIGNAL_MS);
  t.worker.child.kill("SIGTERM");
  assertEquals((await within(2_000, t.worker.child.status)).code, 130);
});

Deno.test("an error that callers are not to know of goes out as INTERNAL and no more", async () => {
  await using t = await setUp();
  await t.client.processChunk(opaque("v", 0), BYTES, RPC);
  // a folder where the metadata file belongs is nothing that the table of statuses knows
  const metadata = join(t.shardsDir, "metadata", "v_chunk_1_metadata.json");
  await Deno.mkdir(join(metadata, "in the way"), { recursive: true });
  const error = await assertRpcFails("INTERNAL", t.client.processChunk(opaque("v", 1), BYTES, RPC));
  assert(!error.details.includes("os error"), error.details);
});

/** How many live child processes a process has. @see proc(5), /proc/[pid]/task/[tid]/children. */
async function childrenOf(pid: number): Promise<number> {
  let count = 0;
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    const children = await Deno.readTextFile(`/proc/${pid}/task/${name}/children`).catch(() => "");
    count += children.split(" ").filter((text) => text !== "").length;
  }
  return count;
}
