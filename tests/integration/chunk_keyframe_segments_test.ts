import { assert, assertEquals } from "@std/assert";
import type { MakeVideoOptions } from "../../lib/encode/make_video.ts";
import { planSource, readSegment, segmentChunks } from "../../lib/chunk/keyframe_segments.ts";
import type { SegmentTarget } from "../../lib/chunk/plan_segments.ts";
import { openSource, openSourceBytes } from "../../lib/chunk/source_file.ts";
import { planned, videoFile, videoPackets } from "./assemble_fixture.ts";
import { HAS_FFMPEG, runSystem, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const NTSC = { frameRate: { num: 30_000, den: 1001 } };
const EVERY_KEYFRAME: SegmentTarget = { kind: "bytes", bytes: 1 };

const VIDEOS: readonly (readonly [string, string, MakeVideoOptions])[] = [
  ["15 fps in MP4", "video.mp4", {}],
  ["30000/1001 fps in MP4", "ntsc.mp4", NTSC],
  ["30000/1001 fps in MOV", "ntsc.mov", NTSC],
  ["30000/1001 fps in MKV", "ntsc.mkv", NTSC],
  ["fragmented MP4", "fragmented.mp4", { layout: "fragmented" }],
  ["uneven times", "uneven.mp4", { irregular: true }],
];

for (const [what, name, options] of VIDEOS) {
  Deno.test(`segmentChunks() carries every packet of a video, unchanged and at its tick: ${what}`, async () => {
    await using folder = await temporaryFolder();
    using video = await planned(await videoFile(folder.path, name, options), EVERY_KEYFRAME);
    const { source, plan } = video;
    const expected = await videoPackets(source);
    assert(plan.segments.length >= 4);
    const found = [];
    for await (const { segment, bytes } of segmentChunks(source, plan)) {
      using chunk = await openSourceBytes("chunk", bytes);
      assertEquals(chunk.video.timescale, source.video.timescale);
      assertEquals(chunk.video.decoderConfig, source.video.decoderConfig);
      assertEquals(chunk.audio, []);
      const packets = await videoPackets(chunk);
      assertEquals(packets[0], { ...expected[segment.firstPacket]!, time: 0 });
      found.push(...packets.map((packet) => ({ ...packet, time: packet.time + segment.startTicks })));
    }
    assertEquals(found, expected);
  });
}

Deno.test("segmentChunks() carries a copy of the next keyframe where frames before it need it", async () => {
  await using folder = await temporaryFolder();
  const path = await videoFile(folder.path, "open.mp4", { closedGop: false, bFrames: 3 });
  using video = await planned(path, EVERY_KEYFRAME);
  const { source, plan } = video;
  const expected = await videoPackets(source);
  assert(plan.segments.some(({ hasLeadOut }) => hasLeadOut), "no open group came out");
  for await (const { segment, bytes } of segmentChunks(source, plan)) {
    const { startTicks, endTicks = Infinity, frameCount, firstPacket, endPacket, hasLeadOut } = segment;
    using chunk = await openSourceBytes("chunk", bytes);
    const packets = (await videoPackets(chunk)).map((packet) => ({
      ...packet,
      time: packet.time + startTicks,
    }));
    assertEquals(packets, expected.slice(firstPacket, endPacket).filter(({ time }) => time >= startTicks));
    assertEquals(packets.filter(({ time }) => time < endTicks).length, frameCount);
    if (hasLeadOut) assertEquals(packets.find(({ time }) => time === endTicks)?.key, true);
  }
});

Deno.test("planSource() cuts a made video by seconds", async () => {
  await using folder = await temporaryFolder();
  using video = await planned(await videoFile(folder.path, "video.mp4"), { kind: "seconds", seconds: 2 });
  const { segments } = video.plan;
  assertEquals(segments.map(({ startTicks }) => startTicks / 15_360), [0, 2, 4]);
  assertEquals(segments.map(({ frameCount }) => frameCount), [30, 30, 15]);
});

Deno.test("planSource() cuts a made video by bytes", async () => {
  await using folder = await temporaryFolder();
  const bytes = 50_000;
  using video = await planned(await videoFile(folder.path, "video.mp4"), { kind: "bytes", bytes });
  const { source, plan } = video;
  assert(plan.segments.length > 1);
  for await (const chunk of segmentChunks(source, plan)) {
    assertEquals(chunk.segment.startTicks % 15_360, 0);
    if (chunk.segment.endTicks !== undefined) {
      assert(chunk.bytes.length >= bytes && chunk.bytes.length < 2 * bytes);
    }
  }
});

for (const name of ["video.mp4", "video.mkv"]) {
  Deno.test(`readSegment() finds any segment of ${name} again`, async () => {
    await using folder = await temporaryFolder();
    using video = await planned(await videoFile(folder.path, name), EVERY_KEYFRAME);
    const { source, plan } = video;
    const chunks = await Array.fromAsync(segmentChunks(source, plan));
    for (const index of [4, 0, 2]) assertEquals(await readSegment(source, plan, index), chunks[index]!);
  });
}

/** How far into files is read until it is disposed of. */
function watchedReads(): Disposable & { furthest(): number } {
  const { read, seek } = Deno.FsFile.prototype;
  let [position, furthest] = [0, 0];
  Deno.FsFile.prototype.seek = function (offset, whence) {
    position = Number(offset);
    return seek.call(this, offset, whence);
  };
  Deno.FsFile.prototype.read = function (bytes) {
    furthest = Math.max(furthest, position + bytes.length);
    return read.call(this, bytes);
  };
  return {
    furthest: () => furthest,
    [Symbol.dispose]: () => void Object.assign(Deno.FsFile.prototype, { read, seek }),
  };
}

Deno.test("segmentChunks() reads no further than a slow consumer has asked for", async () => {
  await using folder = await temporaryFolder();
  const path = await videoFile(folder.path, "large.mp4", { width: 640, height: 480, crf: 1, tone: null });
  using planning = await openSource(path);
  const plan = await planSource(planning, EVERY_KEYFRAME);
  // Planning has read keyframes, and they may still be in memory.
  using source = await openSource(path);
  using watched = watchedReads();
  const chunks = segmentChunks(source, plan).getReader();
  const readsTo: number[] = [];
  for (let index = 0; index < 4; index++) {
    const { value } = await chunks.read();
    assertEquals(value!.segment.index, index);
    // Whatever it wanted to read ahead, it had the time for.
    await new Promise((resolve) => setTimeout(resolve, 0));
    readsTo.push(watched.furthest());
  }
  await chunks.cancel();
  const segmentBytes = source.sizeBytes / plan.segments.length;
  // Files are read up to 256 KiB ahead.
  for (const [index, position] of readsTo.entries()) {
    assert(
      position < (index + 1) * 1.3 * segmentBytes + 5 * 65_536,
      `read to ${position} for segment ${index}`,
    );
  }
  assert(segmentBytes > 4 * 65_536, "the segments are too small to tell");
  assert(readsTo[3]! > readsTo[0]! + 2 * segmentBytes);
});

Deno.test({
  name: `chunks are videos that decode by themselves ${HAS_FFMPEG ? "" : WITHOUT_FFMPEG}`,
  ignore: !HAS_FFMPEG,
  async fn() {
    await using folder = await temporaryFolder();
    using video = await planned(await videoFile(folder.path, "ntsc.mp4", NTSC), EVERY_KEYFRAME);
    for await (const { segment, bytes } of segmentChunks(video.source, video.plan)) {
      const hashes = await runSystem(
        "ffmpeg",
        ["-i", "-", "-vsync", "passthrough", "-f", "framemd5", "-"],
        bytes,
      );
      assertEquals(hashes.split("\n").filter((line) => /^0,/.test(line)).length, segment.frameCount);
    }
  },
});
