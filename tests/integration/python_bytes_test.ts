/** Messages as Python protobuf and as we write them, byte for byte. */
import { loadSync, type MessageTypeDefinition } from "@grpc/proto-loader";
import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { runPeer } from "../peers/python.ts";
import { pythonTest } from "../peers/python_test_case.ts";

const OURS = loadSync(
  fileURLToPath(new URL("../../proto/video_processing.proto", import.meta.url)),
  { longs: String, enums: String, defaults: true, oneofs: true },
);

type Fields = { readonly [name: string]: Value };
type Value = string | number | boolean | Uint8Array | Fields | readonly Value[];

/** Each original message with every original field set, to values that are awkward to encode. */
const GOLDEN: Readonly<Record<string, Fields>> = {
  ProcessChunkRequest: { video_id: "ünï 🎬", chunk_index: 2_147_483_647, chunk_data: everyByte() },
  ProcessChunkResponse: {
    success: true,
    worker_id: "w-1",
    shard_location: "/var/video_shards/ünï 🎬/chunk_7.shard",
    original_size: "9007199254740991",
    encoded_size: "9223372036854775807",
    message: "Chunk 7 processed successfully",
  },
  GetShardRequest: { shard_location: "/a/b/chunk_0.shard" },
  GetShardResponse: { success: true, shard_data: everyByte(), message: "ok" },
  HealthCheckRequest: { master_id: "master-1" },
  HealthCheckResponse: {
    is_healthy: true,
    worker_id: "w-1",
    cpu_utilization: Math.fround(33.3),
    memory_usage_bytes: "4294967296",
    active_tasks: 128,
    message: "fine",
  },
  ListShardsRequest: { video_id: "v" },
  ListShardsResponse: {
    success: true,
    worker_id: "w-1",
    message: "Found 2 videos",
    videos: [
      {
        video_id: "a",
        chunks: [
          { chunk_index: 1, shard_location: "/s/a/chunk_1.shard", size_bytes: "127" },
          { chunk_index: 300, shard_location: "/s/a/chunk_300.shard", size_bytes: "5000000000" },
        ],
      },
      { video_id: "b", chunks: [] },
    ],
  },
  VideoInfo: { video_id: "v", chunks: [{ chunk_index: 1, shard_location: "/s", size_bytes: "1" }] },
  ChunkInfo: { chunk_index: -1, shard_location: "/s", size_bytes: "-9223372036854775808" },
  GetVideoMetadataRequest: { video_id: "v" },
  GetVideoMetadataResponse: {
    success: true,
    worker_id: "w-1",
    message: "Found metadata for 1 chunks",
    chunks_metadata: [chunkMetadata()],
  },
  ChunkMetadata: chunkMetadata(),
};

pythonTest("each original message is Python's byte for byte, and is read back from it", async (python) => {
  const input = Object.fromEntries(
    Object.entries(GOLDEN).map(([name, fields]) => [name, toProtoJson(fields)]),
  );
  const encoded = await runPeer<Record<string, string>>(python, "golden_bytes.py", ["encode"], { input });
  for (const [name, fields] of Object.entries(GOLDEN)) {
    const theirs = Buffer.from(encoded[name]!, "base64");
    const message = messageType(name);
    assertEquals(message.serialize(toLoader(fields)).toString("hex"), theirs.toString("hex"), name);
    assertEquals(pick(message.deserialize(theirs), toLoader(fields)), toLoader(fields));
  }
});

/** Of some messages, the fields that only we know. */
const ADDED: Readonly<Record<string, object>> = {
  ProcessChunkRequest: {
    kind: "CHUNK_KIND_MEDIA_SEGMENT",
    sha256: everyByte(),
    settings: { codec: "CODEC_H264", crf: 23 },
    segment: { timescale: 90_000, startTicks: "1", frameCount: 2 },
  },
  ProcessChunkResponse: {
    shardSha256: everyByte(),
    frameCount: 5,
    encoder: "simulated",
    encodeSeconds: 0.5,
    notes: ["changed"],
  },
  GetShardResponse: { sha256: everyByte() },
  HealthCheckResponse: { maxTasks: 4, queuedTasks: 2 },
  ChunkMetadata: { sha256: everyByte(), encoder: "simulated", frameCount: 9 },
};

pythonTest(
  "Python reads every original field of our messages, whatever we add beside them",
  async (python) => {
    const written = Object.entries(GOLDEN).map(([name, fields]) => {
      const message = messageType(name);
      const bytes = message.serialize({ ...toLoader(fields), ...ADDED[name] });
      assertEquals(bytes.length > message.serialize(toLoader(fields)).length, name in ADDED);
      return [name, bytes];
    });
    const read = await decodeInPython(python, Object.fromEntries(written));
    // Python prints each field it knows, so one that GOLDEN lacks would show
    assertEquals(read, Object.fromEntries(Object.entries(GOLDEN).map(([name, all]) => [name, printed(all)])));
  },
);

pythonTest("Python reads fields that we write although they hold their default", async (python) => {
  const zeros = { chunkIndex: 0, originalSize: "0", encodedSize: 0, compressionRatio: 0, shardLocation: "" };
  const { ChunkMetadata: read } = await decodeInPython(python, {
    ChunkMetadata: messageType("ChunkMetadata").serialize({ ...zeros, timestamp: "t" }),
  });
  assertEquals(read, {
    chunk_index: 0,
    original_size: "0",
    encoded_size: "0",
    compression_ratio: 0,
    shard_location: "",
    timestamp: "t",
  });
});

async function decodeInPython(
  python: string,
  messages: Record<string, Uint8Array>,
): Promise<Record<string, unknown>> {
  const input = Object.fromEntries(
    Object.entries(messages).map(([name, bytes]) => [name, Buffer.from(bytes).toString("base64")]),
  );
  return await runPeer(python, "golden_bytes.py", ["decode"], { input });
}

function messageType(name: string): MessageTypeDefinition<object, object> {
  return OURS[`replication.${name}`] as MessageTypeDefinition<object, object>;
}

/** Proto3 JSON: bytes in base64. */
function toProtoJson(fields: Fields): unknown {
  return mapFields(fields, (name) => name, (bytes) => Buffer.from(bytes).toString("base64"));
}

/** As proto-loader takes and gives messages: names in camelCase, bytes as Buffers. */
function toLoader(fields: Fields): Record<string, unknown> {
  const camel = (name: string) => name.replaceAll(/_(.)/g, (_, letter) => letter.toUpperCase());
  return mapFields(fields, camel, (bytes) => Buffer.from(bytes));
}

/** As the Python scripts print messages. */
function printed(fields: Fields): Record<string, unknown> {
  return mapFields(
    fields,
    (name) => name,
    (bytes) => ({ length: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") }),
  );
}

function mapFields(
  fields: Fields,
  rename: (name: string) => string,
  convert: (bytes: Uint8Array) => unknown,
): Record<string, unknown> {
  const map = (value: Value): unknown => {
    if (value instanceof Uint8Array) return convert(value);
    if (Array.isArray(value)) return value.map(map);
    return typeof value === "object" ? mapFields(value as Fields, rename, convert) : value;
  };
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [rename(name), map(value)]));
}

/** Leaves out what `like` lacks: the fields that only we know. */
function pick(value: unknown, like: unknown): unknown {
  if (Array.isArray(value) && Array.isArray(like)) return value.map((item, i) => pick(item, like[i]));
  if (like === null || typeof like !== "object" || Buffer.isBuffer(like)) return value;
  const fields = value as Record<string, unknown>;
  return Object.fromEntries(Object.entries(like).map(([name, inner]) => [name, pick(fields[name], inner)]));
}

function everyByte(): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, i) => i);
}

function chunkMetadata(): Fields {
  return {
    chunk_index: 12,
    original_size: "1048576",
    encoded_size: "349525",
    compression_ratio: Math.fround(1 / 3),
    shard_location: "/s/v/chunk_12.shard",
    timestamp: "2024-02-29T23:59:59.999999",
  };
}
