import { assert, assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { mediaChunks, opaqueChunks } from "../../lib/fleet/outgoing_chunks.ts";
import { planSource } from "../../lib/chunk/keyframe_segments.ts";
import type { PacketRow } from "../../lib/chunk/packet_table.ts";
import { openSourceBytes } from "../../lib/chunk/source_file.ts";
import { DEFAULT_SETTINGS, type EncodeSettings } from "../../lib/encode/settings.ts";
import { syntheticVideo } from "./chunk_synthetic_video.ts";
import { settled } from "./fake_clock.ts";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** A source of so many bytes in pieces of 100, and how much of it was read. */
function source(sizeBytes: number) {
  let read = 0;
  let isCancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (read >= sizeBytes) return controller.close();
      const piece = Uint8Array.from({ length: Math.min(100, sizeBytes - read) }, (_, i) => (read + i) % 251);
      read += piece.length;
      controller.enqueue(piece);
    },
    cancel: () => void (isCancelled = true),
  }, { highWaterMark: 0 });
  return { stream, read: () => read, isCancelled: () => isCancelled };
}

Deno.test("opaqueChunks() numbers slices from 0, each with its SHA-256 and no word on what it is", async () => {
  const chunks = await Array.fromAsync(opaqueChunks(source(2_500).stream, { sizeBytes: 1_000 }));
  assertEquals(chunks.map(({ index, bytes }) => [index, bytes.length]), [[0, 1_000], [1, 1_000], [2, 500]]);
  for (const { index, header, bytes } of chunks) {
    const { sha256: digest, ...rest } = header;
    assertEquals(rest, { chunkIndex: index });
    assertEquals((digest as Uint8Array).toHex(), sha256(bytes));
    assertEquals(bytes, Uint8Array.from({ length: bytes.length }, (_, i) => (index * 1_000 + i) % 251));
  }
});

Deno.test("opaqueChunks() of nothing is nothing", async () => {
  assertEquals(await Array.fromAsync(opaqueChunks(source(0).stream, { sizeBytes: 10 })), []);
});

Deno.test("opaqueChunks() reads no further than its reader has come, give or take two chunks", async () => {
  const { stream, read, isCancelled } = source(1_000_000);
  const reader = opaqueChunks(stream, { sizeBytes: 1_000 }).getReader();
  await reader.read();
  await settled(); // whatever would run ahead has run
  assert(read() <= 3_200, `${read()} bytes were read for one chunk`);
  await reader.cancel();
  await settled();
  assertEquals(isCancelled(), true);
});

Deno.test("opaqueChunks() passes its source's error on", async () => {
  const broken = ReadableStream.from((async function* () {
    yield await Promise.resolve(new Uint8Array(10));
    throw new Error("disk broke");
  })());
  await assertRejects(() => Array.fromAsync(opaqueChunks(broken, { sizeBytes: 4 })), Error, "disk broke");
});

/** Two segments at 30 frames a second of 1001 ticks. Open: the second keyframe comes before a frame of the first. */
async function mediaHeaders(gop: "closed" | "open", frameRate: EncodeSettings["frameRate"] = "source") {
  const shown = gop === "closed" ? [0, 1, 2, 3] : [0, 1, 3, 2];
  const packets = shown.map((frame, i): PacketRow => ({
    ticks: 90 + frame * 1001,
    key: i === 0 || i === 2,
    sizeBytes: 100,
  }));
  using source = await openSourceBytes("video", await syntheticVideo({ packets, timescale: 30_000 }));
  const plan = await planSource(source, { kind: "bytes", bytes: 1 });
  const settings = {
    ...DEFAULT_SETTINGS,
    rate: { kind: "bitrate", bitsPerSecond: 5_000 },
    width: 160,
    frameRate,
  } as const;
  const chunks = await Array.fromAsync(mediaChunks(source, plan, settings));
  for (const { index, header, bytes } of chunks) {
    assertEquals(header.chunkIndex, index);
    assertEquals((header.sha256 as Uint8Array).toHex(), sha256(bytes));
  }
  return chunks.map(({ header }) => header);
}

Deno.test("mediaChunks() says of each segment its clock, its first time and its frames, and how to encode it", async () => {
  const headers = await mediaHeaders("closed");
  assertEquals(headers.map(({ kind }) => kind), ["CHUNK_KIND_MEDIA_SEGMENT", "CHUNK_KIND_MEDIA_SEGMENT"]);
  // 4 frames in 3,004 ticks, since the last one is shown for one tick
  const common = { timescale: 30_000, frameCount: 2, frameRateNum: 30_000, frameRateDen: 751 };
  assertEquals(headers.map(({ segment }) => segment), [
    { ...common, startTicks: 90 },
    { ...common, startTicks: 90 + 2_002 },
  ]);
  assertEquals(headers[0]!.settings, {
    codec: "CODEC_H264",
    bitrate: 5_000,
    preset: "PRESET_MEDIUM",
    width: 160,
    height: 0,
    keyframeInterval: 0,
    deinterlace: false,
    pixelFormat: "PIXEL_FORMAT_UNSPECIFIED",
    threads: 1,
  });
});

Deno.test("mediaChunks() says where a segment ends whose frames follow the next keyframe", async () => {
  const [first, second] = await mediaHeaders("open");
  assertEquals([first!.segment!.frameCount, first!.segment!.endTicks], [3, 90 + 3_003]);
  assertEquals([second!.segment!.frameCount, second!.segment!.endTicks], [1, undefined]);
});

Deno.test("mediaChunks() says of a converted rate where its frames begin, how many each has, and of how many", async () => {
  const headers = await mediaHeaders("closed", { num: 60_000, den: 1_001 });
  const rates = headers.map(({ settings }) => [settings!.frameRateNum, settings!.frameRateDen]);
  assertEquals(rates, [[60_000, 1_001], [60_000, 1_001]]);
  // two frames of 1001 ticks, then one, and one of a single tick
  const common = {
    timescale: 30_000,
    originTicks: 90,
    frameRateNum: 60_000,
    frameRateDen: 1_001,
    sourceFrameCount: 2,
  };
  assertEquals(headers.map(({ segment }) => segment), [
    { ...common, startTicks: 90, frameCount: 4 },
    { ...common, startTicks: 90 + 2_002, frameCount: 3 },
  ]);
});

Deno.test("mediaChunks() joins segments that have no frame of a converted rate", async () => {
  const [only, ...others] = await mediaHeaders("closed", { num: 1, den: 1 });
  assertEquals([only!.segment!.frameCount, only!.segment!.sourceFrameCount, others.length], [1, 4, 0]);
});
