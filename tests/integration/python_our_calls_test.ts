/** Clients on grpcio's C core, made from our own .proto, against worker.ts: all that is ours. */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { ALL_FORMATS, BufferSource, Input } from "mediabunny";
import { createHash, randomBytes } from "node:crypto";
import { type AskedWorker, type SegmentFile, startAskedWorker } from "../peers/asked_worker.ts";
import type {
  Deleted,
  Listing,
  OurStored,
  PeerBytes,
  PeerError,
  StreamedShard,
} from "../peers/peer_answers.ts";
import { runPeer } from "../peers/python.ts";
import { pythonTest } from "../peers/python_test_case.ts";

pythonTest("a Python client streams a chunk up and its shard down as in single messages", async (python) => {
  await using worker = await startAskedWorker(python);
  const chunk = randomBytes(1_000_003);
  const inOne = await worker.store("v", 0, chunk);
  const file = await worker.file(chunk);
  const header = JSON.stringify({ videoId: "v", chunkIndex: 1, sha256: base64Sha256(chunk) });
  const streamed = await worker.askOurs<OurStored>(
    ...["process_stream", "--request", header, "--data_file", file, "--part_bytes", 70_001],
  );
  assertEquals([streamed.success, streamed.original_size, streamed.encoded_size], [
    true,
    "1000003",
    inOne.encoded_size,
  ]);
  assertEquals([streamed.encoder, streamed.frame_count], ["simulated", 0]);
  const prefix = chunk.subarray(0, Number(streamed.encoded_size));
  assertEquals(streamed.shard_sha256, digest(createHash("sha256").update(prefix).digest()));

  for (const location of [inOne.shard_location, streamed.shard_location]) {
    const { header, kinds, data } = await worker.askOurs<StreamedShard>("get_shard_stream", location);
    assertEquals(header, { size_bytes: prefix.length, sha256: sha256(prefix) });
    assertEquals(data, digest(prefix));
    assertEquals(kinds.indexOf("header"), 0);
    assertEquals(kinds.lastIndexOf("header"), 0);
  }
});

pythonTest("a Python client sends a media segment and gets a shard with all its frames", async (python) => {
  await using worker = await startAskedWorker(python);
  const segment = await worker.segment(1);
  const settings = { codec: "CODEC_H264", crf: 30, preset: "PRESET_ULTRAFAST", width: 160 };
  const inParts = await worker.askOurs<OurStored>(
    ...["process_stream", "--data_file", segment.file, "--request"],
    JSON.stringify({ ...segment.header, videoId: "v", chunkIndex: 0, settings }),
  );
  const inOne = await worker.askOurs<OurStored>(
    ...["call", "ProcessChunk", "--data_file", segment.file, "--request"],
    JSON.stringify({ ...segment.header, videoId: "v", chunkIndex: 1, settings }),
  );
  for (const stored of [inParts, inOne]) {
    assertEquals([stored.success, stored.frame_count], [true, 15]);
    assertGreater(stored.encode_seconds, 0);
    assertEquals(await frameCount(await Deno.readFile(stored.shard_location)), 15);
  }
  assertEquals(inParts.shard_sha256, inOne.shard_sha256);
});

pythonTest("a Python client gets the status of each wrong use of our own fields", async (python) => {
  await using worker = await startAskedWorker(python);
  const segment = await worker.segment(1);
  const noise = await worker.file(randomBytes(5_000));
  const statusOf = async (header: object, file: string) => {
    const request = JSON.stringify({ videoId: "v", chunkIndex: 0, ...header });
    const calls = [["call", "ProcessChunk"], ["process_stream"]] as const;
    const codes = await Promise.all(
      calls.map(async (call) =>
        (await worker.askOurs<PeerError>(...call, "--request", request, "--data_file", file)).code
      ),
    );
    assertEquals(codes[0], codes[1]);
    return codes[0];
  };
  assertEquals(
    await statusOf({ ...segment.header, settings: { crf: 99 } }, segment.file),
    "INVALID_ARGUMENT",
  );
  assertEquals(await statusOf({ settings: { crf: 23 } }, noise), "INVALID_ARGUMENT"); // opaque
  assertEquals(await statusOf({ ...segment.header }, noise), "INVALID_ARGUMENT"); // not decodable
  assertEquals(await statusOf({ sha256: base64Sha256(randomBytes(1)) }, noise), "DATA_LOSS");
  assertEquals((await worker.ask<Listing>("list")).videos, []);
});

pythonTest(
  "a Python client whose deadline passes frees the worker, whatever was left to encode",
  async (python) => {
    await using worker = await startAskedWorker(python);
    const segment = await worker.segment(LONG_SECONDS);
    assertEquals((await sendSlow(python, worker, segment, { deadline: 1 })).code, "DEADLINE_EXCEEDED");
    const since = performance.now();
    await worker.until((health) => health.activeTasks === 0);
    assertLess(performance.now() - since, FREED_WITHIN_MS);
    assertEquals((await worker.ask<Listing>("list")).videos, []);
  },
);

pythonTest(
  "a Python client is told when to come back, and is served once others have died",
  async (python) => {
    await using worker = await startAskedWorker(python, { flags: ["--max_tasks", "1"] });
    const segment = await worker.segment(LONG_SECONDS);
    const others = new AbortController();
    const sent = [sendSlow(python, worker, segment, { signal: others.signal })];
    await worker.until((health) => health.activeTasks === 1);
    sent.push(sendSlow(python, worker, segment, { signal: others.signal }));
    await worker.until((health) => health.queuedTasks === 1);

    const refused = await worker.store<PeerError>("v", 0, randomBytes(9));
    assertEquals(refused.code, "RESOURCE_EXHAUSTED");
    assertGreater(Number(refused.trailers["grpc-retry-pushback-ms"]), 0);

    others.abort(); // kills the two clients
    const outcomes = await Promise.allSettled(sent);
    assertEquals(outcomes.map((each) => each.status), ["rejected", "rejected"]);
    await worker.until((health) => health.activeTasks + health.queuedTasks === 0);
    assertEquals((await worker.store("v", 0, randomBytes(9))).success, true);
  },
);

pythonTest("a Python client deletes a video, and then it is gone", async (python) => {
  await using worker = await startAskedWorker(python);
  const kept = await worker.store("kept", 0, randomBytes(10));
  const gone = await worker.store("gone", 0, randomBytes(10));
  await worker.store("gone", 1, randomBytes(10));
  const request = JSON.stringify({ videoId: "gone" });
  const answer = await worker.askOurs<Deleted>("call", "DeleteVideo", "--request", request);
  assertEquals([answer.success, answer.deleted_chunks], [true, 2]);
  assertEquals((await worker.ask<PeerError>("get_shard", gone.shard_location)).code, "NOT_FOUND");
  const { videos } = await worker.ask<Listing>("list");
  assertEquals(videos.map((video) => video.video_id), ["kept"]);
  assertEquals(videos[0]!.chunks[0]!.shard_location, kept.shard_location);
  const again = await worker.askOurs<Deleted>("call", "DeleteVideo", "--request", request);
  assertEquals(again.deleted_chunks, 0);
  const bad = await worker.askOurs<PeerError>("call", "DeleteVideo", "--request", `{"videoId":"../kept"}`);
  assertEquals(bad.code, "INVALID_ARGUMENT");
});

pythonTest("standard health checks and server reflection answer a Python client", async (python) => {
  await using worker = await startAskedWorker(python);
  const service = "replication.VideoProcessingService";
  assertEquals(await worker.askOurs("health"), { status: "SERVING" });
  assertEquals(await worker.askOurs("health", "--service", service), { status: "SERVING" });
  assertEquals((await worker.askOurs<PeerError>("health", "--service", "nobody")).code, "NOT_FOUND");
  const services = await worker.askOurs<Record<string, string[]>>("reflection");
  assertEquals(services[service], [
    ...["ProcessChunk", "GetShard", "CheckHealth", "ListShards", "GetVideoMetadata"],
    ...["ProcessChunkStream", "GetShardStream", "DeleteVideo", "GetCapabilities"],
  ]);
  assertEquals(services["grpc.health.v1.Health"]?.includes("Check"), true);
});

pythonTest("a worker that drains refuses Python's chunks and finishes the one it has", async (python) => {
  await using worker = await startAskedWorker(python, { flags: ["--drain_seconds", "300"] });
  await using held = await inPipe(worker, await worker.segment(1));
  const request = JSON.stringify({ ...held.header, videoId: "v", chunkIndex: 0 });
  const running = worker.askOurs<OurStored>(
    ...["process_stream", "--part_bytes", 1_000, "--data_file", held.file, "--request", request],
  );
  await worker.until((health) => health.activeTasks === 1);
  worker.child.kill("SIGTERM");
  await worker.until((health) => !health.isHealthy);
  assertEquals(await worker.askOurs("health"), { status: "NOT_SERVING" });
  assertEquals((await worker.store<PeerError>("v", 1, randomBytes(9))).code, "UNAVAILABLE");
  held.end();
  assertEquals((await running).success, true);
  assertEquals((await worker.child.status).code, 0);
});

/** A segment whose end comes only when it is told to, so that nobody can have encoded it before. */
async function inPipe(
  { scratchDir }: AskedWorker,
  { file, header }: SegmentFile,
): Promise<SegmentFile & AsyncDisposable & { end(): void }> {
  const path = `${scratchDir}/pipe`;
  await new Deno.Command("mkfifo", { args: [path] }).output();
  const pipe = await Deno.open(path, { read: true, write: true }); // as its reader, too, it waits for no other
  const bytes = await Deno.readFile(file);
  for (let at = 0; at < bytes.length;) at += await pipe.write(bytes.subarray(at)); // it takes 64 KiB unread
  const ending = Promise.withResolvers<void>();
  const ended = ending.promise.then(() => pipe.close());
  return {
    file: path,
    header,
    end: ending.resolve,
    async [Symbol.asyncDispose]() {
      ending.resolve();
      await ended;
    },
  };
}

/** More than a worker encodes while a test lasts, or in {@linkcode FREED_WITHIN_MS}. */
const LONG_SECONDS = 60;
/** On a machine that has other things to do. */
const FREED_WITHIN_MS = 10_000;

/** Sends a segment so that its encoding takes seconds for each second of video. */
async function sendSlow(
  python: string,
  worker: AskedWorker,
  { file, header }: SegmentFile,
  { deadline = 100, signal }: { readonly deadline?: number; readonly signal?: AbortSignal } = {},
): Promise<OurStored & PeerError> {
  const settings = { preset: "PRESET_VERYSLOW", crf: 10, width: 1280, height: 960 };
  const request = JSON.stringify({ ...header, videoId: "slow", chunkIndex: 0, settings });
  const args = [
    worker.address,
    "--deadline",
    deadline,
    "process_stream",
    "--data_file",
    file,
    "--request",
    request,
  ];
  return await runPeer(python, "our_client.py", args, signal && { signal });
}

async function frameCount(bytes: Uint8Array): Promise<number> {
  const track = await new Input({ formats: ALL_FORMATS, source: new BufferSource(bytes) })
    .getPrimaryVideoTrack();
  assert(track);
  return (await track.computePacketStats()).packetCount;
}

function digest(bytes: Uint8Array): PeerBytes {
  return { length: bytes.length, sha256: sha256(bytes) };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function base64Sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64");
}
