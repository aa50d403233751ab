import { assertEquals, assertThrows } from "@std/assert";
import { DEFAULT_SETTINGS, InvalidSettingError } from "../../lib/encode/settings.ts";
import type { EncodeSettings__Output } from "../../lib/rpc/generated/replication/EncodeSettings.ts";
import type { ProcessChunkRequest__Output } from "../../lib/rpc/generated/replication/ProcessChunkRequest.ts";
import type { Segment__Output } from "../../lib/rpc/generated/replication/Segment.ts";
import { InvalidKeyError } from "../../lib/store/shard_key.ts";
import { InvalidRequestError, readChunkOrder } from "../../lib/worker/chunk_order.ts";

type Request = Omit<ProcessChunkRequest__Output, "chunkData">;

/** As an opaque chunk's request arrives. */
const OPAQUE: Request = {
  videoId: "v",
  chunkIndex: 3,
  kind: "CHUNK_KIND_OPAQUE",
  sha256: Buffer.alloc(0),
  settings: null,
  segment: null,
};
const SEGMENT: Segment__Output = {
  timescale: 15,
  startTicks: "30",
  frameCount: 10,
  frameRateNum: 0,
  frameRateDen: 0,
  originTicks: "0",
  sourceFrameCount: 0,
};
const SPAN = { timescale: 15, startTicks: 30, endTicks: undefined, frameCount: 10, frameRate: undefined };
const MEDIA: Request = { ...OPAQUE, kind: "CHUNK_KIND_MEDIA_SEGMENT", segment: SEGMENT };

/** As settings of which nothing is specified arrive. */
const UNSPECIFIED: EncodeSettings__Output = {
  codec: "CODEC_UNSPECIFIED",
  preset: "PRESET_UNSPECIFIED",
  width: 0,
  height: 0,
  pixelFormat: "PIXEL_FORMAT_UNSPECIFIED",
  keyframeInterval: 0,
  deinterlace: false,
  frameRateNum: 0,
  frameRateDen: 0,
  threads: 0,
};

const read = (request: Request) => readChunkOrder(request, { threads: 5 });
const withSettings = (settings: object): Request => ({ ...MEDIA, settings: { ...UNSPECIFIED, ...settings } });

Deno.test("readChunkOrder() reads an opaque chunk without a checksum", () => {
  assertEquals(read(OPAQUE), {
    key: { videoId: "v", chunkIndex: 3 },
    sha256: undefined,
    task: { settings: DEFAULT_SETTINGS },
  });
});

Deno.test("readChunkOrder() reads a media segment with the usual settings and the worker's threads", () => {
  for (const request of [MEDIA, withSettings({})]) {
    assertEquals(read(request).task, {
      settings: { ...DEFAULT_SETTINGS, threads: 5 },
      segment: SPAN,
    });
  }
  const { sha256 } = read({ ...MEDIA, sha256: Buffer.alloc(32, 7) });
  assertEquals(sha256, Buffer.alloc(32, 7));
});

Deno.test("readChunkOrder() reads what a request asks for", () => {
  const { settings } = read(withSettings({
    codec: "CODEC_H264",
    rateControl: "bitrate",
    bitrate: "250000",
    preset: "PRESET_SLOW",
    width: 320,
    height: 240,
    pixelFormat: "PIXEL_FORMAT_YUV420P10",
    keyframeInterval: 48,
    deinterlace: true,
    threads: 2,
  })).task;
  assertEquals(settings, {
    ...DEFAULT_SETTINGS,
    rate: { kind: "bitrate", bitsPerSecond: 250_000 },
    preset: "slow",
    width: 320,
    height: 240,
    pixelFormat: "yuv420p10",
    keyframeInterval: 48,
    deinterlace: true,
    threads: 2,
  });
  const crf = read(withSettings({ rateControl: "crf", crf: 18.5 })).task.settings.rate;
  assertEquals(crf, { kind: "crf", crf: 18.5 });
});

Deno.test("readChunkOrder() reads where a segment ends, and times up to 2^53 - 1 either way", () => {
  const segment = { ...SEGMENT, startTicks: "-9007199254740991", endTicks: "9007199254740991" };
  const expected = { ...SPAN, startTicks: -9007199254740991, endTicks: 9007199254740991 };
  assertEquals(read({ ...MEDIA, segment }).task.segment, expected);
});

Deno.test("readChunkOrder() reads the frame rate of the source, where it is known", () => {
  const segment = { ...SEGMENT, frameRateNum: 30_000, frameRateDen: 1_001 };
  assertEquals(read({ ...MEDIA, segment }).task.segment?.frameRate, { num: 30_000, den: 1_001 });
});

Deno.test("readChunkOrder() reads a rate to convert to, where its frames begin, and what they are made of", () => {
  const settings = { ...UNSPECIFIED, frameRateNum: 24_000, frameRateDen: 1_001 };
  const segment = { ...SEGMENT, originTicks: "-7", sourceFrameCount: 12 };
  const { task } = read({ ...MEDIA, settings, segment });
  assertEquals(task.settings.frameRate, { num: 24_000, den: 1_001 });
  assertEquals(task.segment, { ...SPAN, converted: { originTicks: -7, sourceFrameCount: 12 } });
});

for (
  const [num, den] of [[0, 1], [1, 0], [-24, -1], [24, -1], [1_001, 1], [1, 11], [2_000_000, 80_000]] as const
) {
  Deno.test(`readChunkOrder() refuses to convert to ${num}/${den} frames a second`, () => {
    const settings = { frameRateNum: num, frameRateDen: den };
    const error = assertThrows(() => read(withSettings(settings)), InvalidSettingError, `${num}/${den}`);
    assertEquals(error.setting, "frame_rate");
  });
}

const inSegment = (segment: object): Request => ({ ...MEDIA, segment: { ...SEGMENT, ...segment } });

const AT_24 = { frameRateNum: 24, frameRateDen: 1 };

const WRONG: [what: string, field: string, request: Request][] = [
  ["31 bytes", "sha256", { ...OPAQUE, sha256: Buffer.alloc(31) }],
  ["64 bytes", "sha256", { ...OPAQUE, sha256: Buffer.alloc(64) }],
  ["a number not in the proto", "kind", { ...OPAQUE, kind: 7 as unknown as Request["kind"] }],
  ["an opaque chunk's", "settings", { ...OPAQUE, settings: UNSPECIFIED }],
  ["an opaque chunk's", "segment", { ...OPAQUE, segment: SEGMENT }],
  ["a media segment's that is missing", "segment", { ...MEDIA, segment: null }],
  ["0", "segment.timescale", inSegment({ timescale: 0 })],
  ["-1", "segment.timescale", inSegment({ timescale: -1 })],
  ["0", "segment.frame_count", inSegment({ frameCount: 0 })],
  ["a million and one", "segment.frame_count", inSegment({ frameCount: 1_000_001 })],
  ["2^53", "segment.start_ticks", inSegment({ startTicks: "9007199254740992" })],
  ["-2^63", "segment.end_ticks", inSegment({ endTicks: "-9223372036854775808" })],
  ["the start", "segment.end_ticks", inSegment({ endTicks: "30" })],
  ["1/0", "segment.frame_rate", inSegment({ frameRateNum: 1 })],
  ["0/1", "segment.frame_rate", inSegment({ frameRateDen: 1 })],
  ["-30/-1", "segment.frame_rate", inSegment({ frameRateNum: -30, frameRateDen: -1 })],
  ["a million a second", "segment.frame_rate", inSegment({ frameRateNum: 1_000_000, frameRateDen: 1 })],
  ["none", "segment.source_frame_count", { ...withSettings(AT_24), segment: SEGMENT }],
  ["-5", "segment.source_frame_count", {
    ...withSettings(AT_24),
    segment: { ...SEGMENT, sourceFrameCount: -5 },
  }],
  ["2^53", "segment.origin_ticks", {
    ...withSettings(AT_24),
    segment: { ...SEGMENT, originTicks: "9007199254740992", sourceFrameCount: 1 },
  }],
  ["a number not in the proto", "settings.codec", withSettings({ codec: 99 })],
  ["a number not in the proto", "settings.preset", withSettings({ preset: 99 })],
  ["a number not in the proto", "settings.pixel_format", withSettings({ pixelFormat: 99 })],
  ["2^53", "settings.bitrate", withSettings({ rateControl: "bitrate", bitrate: "9007199254740992" })],
];

for (const [what, field, request] of WRONG) {
  Deno.test(`readChunkOrder() refuses ${what} as ${field}`, () => {
    const error = assertThrows(() => read(request), InvalidRequestError);
    assertEquals(error.field, field);
  });
}

Deno.test("readChunkOrder() leaves names and ranges to those who know them", () => {
  assertThrows(() => read({ ...OPAQUE, videoId: "../x" }), InvalidKeyError, "video_id");
  assertThrows(() => read({ ...OPAQUE, chunkIndex: -1 }), InvalidKeyError, "chunk_index");
  assertThrows(() => read(withSettings({ rateControl: "crf", crf: NaN })), InvalidSettingError);
  assertThrows(() => read(withSettings({ width: -2 })), InvalidSettingError);
  assertThrows(() => read(withSettings({ threads: 1_000_000 })), InvalidSettingError);
});
