import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { formatMetadata, parseMetadata, type ShardMetadata } from "../../lib/store/shard_metadata.ts";

const METADATA: ShardMetadata = {
  videoId: "v",
  chunkIndex: 3,
  originalSize: 1000,
  encodedSize: 400,
  compressionRatio: 0.4,
  workerId: "worker-1",
  timestamp: "2024-05-06T07:08:09.123Z",
  sha256: "ab".repeat(32),
  encoder: "libav/libx264 8.0",
  settings: { codec: "h264", rate: { kind: "crf", crf: 23 } },
  frameCount: 48,
};

/** As the Python worker writes it: no checksum, no encoder. */
const PYTHON = {
  video_id: "v",
  chunk_index: 3,
  original_size: 1000,
  encoded_size: 400,
  compression_ratio: 0.4,
  worker_id: "localhost:50061",
  shard_location: "/srv/shards/v/chunk_3.shard",
  timestamp: "2024-05-06T07:08:09.123456",
};

Deno.test("formatMetadata() writes the names that other programs read", () => {
  assertEquals(JSON.parse(formatMetadata(METADATA, "/srv/shards/v/chunk_3.shard")), {
    ...PYTHON,
    worker_id: "worker-1",
    timestamp: "2024-05-06T07:08:09.123Z",
    sha256: "ab".repeat(32),
    encoder: "libav/libx264 8.0",
    settings: { codec: "h264", rate: { kind: "crf", crf: 23 } },
    frame_count: 48,
  });
});

Deno.test("parseMetadata() undoes formatMetadata()", () => {
  const made = fc.record({
    videoId: fc.string({ unit: "grapheme" }),
    chunkIndex: fc.nat(),
    encodedSize: fc.maxSafeNat(),
    settings: fc.option(fc.constant({ threads: 1 })),
  });
  fc.assert(fc.property(made, (some) => {
    assertEquals(parseMetadata(formatMetadata({ ...METADATA, ...some }, "/x")), { ...METADATA, ...some });
  }));
});

Deno.test("parseMetadata() reads what the Python worker writes", () => {
  assertEquals(parseMetadata(JSON.stringify(PYTHON, null, 4)), {
    videoId: "v",
    chunkIndex: 3,
    originalSize: 1000,
    encodedSize: 400,
    compressionRatio: 0.4,
    workerId: "localhost:50061",
    timestamp: "2024-05-06T07:08:09.123456",
    sha256: undefined,
    encoder: undefined,
    settings: null,
    frameCount: undefined,
  });
});

Deno.test("parseMetadata() passes over names that it does not know", () => {
  const text = JSON.stringify({ ...PYTHON, resolution: "640x360" });
  assertEquals(parseMetadata(text)?.encodedSize, 400);
});

const damaged: [string, string][] = [
  ["an empty file", ""],
  ["half a file", JSON.stringify(PYTHON).slice(0, 80)],
  ["another JSON", "[]"],
  ["a missing name", JSON.stringify({ ...PYTHON, encoded_size: undefined })],
  ["a negative size", JSON.stringify({ ...PYTHON, encoded_size: -1 })],
  ["half a byte", JSON.stringify({ ...PYTHON, encoded_size: 0.5 })],
  ["a size past 2^53", JSON.stringify({ ...PYTHON, encoded_size: 2 ** 60 })],
  ["a size in words", JSON.stringify({ ...PYTHON, encoded_size: "400" })],
  ["half a checksum", JSON.stringify({ ...PYTHON, sha256: "ab" })],
];

for (const [what, text] of damaged) {
  Deno.test(`parseMetadata() gives null for ${what}`, () => {
    assertEquals(parseMetadata(text), null);
  });
}
