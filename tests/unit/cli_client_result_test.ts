import { assertEquals, assertStringIncludes } from "@std/assert";
import { type ClientResult, describeStored, resultJson, resultText } from "../../lib/cli/client_result.ts";
import { frameCheckText } from "../../lib/cli/frame_check_text.ts";

const STORED = {
  workerId: "w\x1b[2J",
  shardLocation: "/s/v/chunk_0.shard",
  originalBytes: 2_048,
  encodedBytes: 1_024,
  message: "",
  sha256: "",
  frameCount: 0,
  encoder: "",
  encodeSeconds: 0.5,
  notes: [],
};
const SHARD = { chunkIndex: 0, stored: STORED, path: "out/v_chunk_0.shard", sizeBytes: 1_024 };
const RESULT: ClientResult = {
  videoId: "v",
  outputDir: "out\n",
  total: 3,
  shards: [SHARD],
  failed: [{ chunkIndex: 2, error: new Error("broken") }],
};
const CHECK = { framesIn: 1_500, framesOut: 1_500, largestDifferenceSeconds: 0, durationSeconds: 60.04 };
const RECONSTRUCTION = {
  assembled: {
    path: "o.mp4",
    container: "mp4",
    sizeBytes: 4_096,
    audioTracks: [{ title: "audio track 1 (dts, eng)", kind: "encoded", from: "dts", to: "aac" }],
    converted: ["subtitles (S_TEXT/ASS, deu) -> tx3g"],
    notCarried: ["chapters"],
  },
  check: CHECK,
  sourceFrames: 1_500,
} as const;

Deno.test("resultText() sums up in a line each, with nothing that could start another", () => {
  assertEquals(
    resultText(RESULT, RECONSTRUCTION),
    "Video v: 1 chunk encoded, 2.0 KiB -> 1.0 KiB, shards in out\\n\n" +
      "Reconstructed o.mp4 (4.0 KiB): 1,500 frames in, 1,500 out, largest time difference 0 ms, duration 1 m 00 s\n" +
      "Encoded audio track 1 (dts, eng): dts -> aac\n" +
      "Converted subtitles (S_TEXT/ASS, deu) -> tx3g\n" +
      "Not carried over: chapters\n",
  );
});

Deno.test("resultText() tells once what an encoder changed in every chunk", () => {
  const shards = [0, 1].map((chunkIndex) => ({
    ...SHARD,
    chunkIndex,
    stored: { ...STORED, notes: ["Changed"] },
  }));
  const text = resultText({ ...RESULT, shards }, undefined);
  assertEquals(text.split("\n").filter((line) => line === "Changed").length, 1);
});

Deno.test("resultJson() has what was done, what failed and what was made, null for what is not known", () => {
  const text = resultJson(RESULT, RECONSTRUCTION);
  assertEquals(JSON.parse(text), {
    video_id: "v",
    total_chunks: 3,
    chunks: [{
      chunk_index: 0,
      worker_id: "w\x1b[2J",
      shard_location: "/s/v/chunk_0.shard",
      original_size: 2_048,
      encoded_size: 1_024,
      sha256: null,
      encoder: null,
      frame_count: 0,
      notes: [],
      path: "out/v_chunk_0.shard",
    }],
    failed: [{ chunk_index: 2, error: "broken" }],
    reconstruction: {
      path: "o.mp4",
      size_bytes: 4_096,
      frames_in: 1_500,
      frames_expected: 1_500,
      frames_out: 1_500,
      largest_difference_seconds: 0,
      duration_seconds: 60.04,
      audio_tracks: [{ title: "audio track 1 (dts, eng)", kind: "encoded", from: "dts", to: "aac" }],
      converted: ["subtitles (S_TEXT/ASS, deu) -> tx3g"],
      not_carried: ["chapters"],
    },
  });
  assertEquals(text.includes("\x1b"), false);
  assertEquals(JSON.parse(resultJson(RESULT, undefined)).reconstruction, null);
});

Deno.test("resultText() and resultJson() tell a converted rate's frames from the source's", () => {
  const converted = { ...RECONSTRUCTION, sourceFrames: 1_250 };
  assertStringIncludes(
    resultText(RESULT, converted),
    "1,250 frames in, converted to 1,500, 1,500 out, largest",
  );
  const { frames_in, frames_expected, frames_out } = JSON.parse(resultJson(RESULT, converted)).reconstruction;
  assertEquals([frames_in, frames_expected, frames_out], [1_250, 1_500, 1_500]);
});

Deno.test("resultText() says of a copy that nothing was encoded", () => {
  const copied = { ...RESULT, videoId: null, shards: [], failed: [] };
  const [first] = resultText(copied, RECONSTRUCTION).split("\n");
  assertEquals(first, "Split into 3 chunks and copied: nothing was encoded, no worker was asked");
  assertEquals(JSON.parse(resultJson(copied, RECONSTRUCTION)).video_id, null);
});

Deno.test("describeStored() says so where a worker does not name its encoder", () => {
  assertEquals(describeStored(SHARD), "2.0 KiB -> 1.0 KiB, encoder not named");
});

for (
  const [seconds, text] of [[0, "0 ms"], [4e-16, "0 ms"], [1 / 3_000, "333 µs"], [0.0012, "1 ms"]] as const
) {
  Deno.test(`frameCheckText() calls a difference of ${seconds} s ${text}`, () => {
    const figures = frameCheckText({ ...CHECK, largestDifferenceSeconds: seconds });
    assertEquals(
      figures,
      `1,500 frames in, 1,500 out, largest time difference ${text}, duration 1 m 00 s`,
    );
  });
}
