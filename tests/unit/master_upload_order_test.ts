import { assertEquals, assertThrows } from "@std/assert";
import { AssembleError } from "../../lib/assemble/assemble_error.ts";
import { DEFAULT_SETTINGS, InvalidSettingError } from "../../lib/encode/settings.ts";
import { InvalidUploadError } from "../../lib/master/master_errors.ts";
import { readFirstMessage } from "../../lib/master/read_first_message.ts";
import { readUpload } from "../../lib/master/upload_order.ts";
import type { UploadVideoChunk__Output } from "../../lib/rpc/generated/replication/UploadVideoChunk.ts";
import { InvalidKeyError } from "../../lib/store/shard_key.ts";

/** As the Python project's client sends it, and as the loader fills in the rest. */
const MESSAGE: UploadVideoChunk__Output = {
  videoId: "film",
  dataChunk: Buffer.alloc(0),
  isFirstChunk: true,
  targetWidth: 0,
  targetHeight: 0,
  upscaleWidth: 0,
  upscaleHeight: 0,
  outputFormat: "",
  originalFilename: "film.mkv",
  settings: null,
  audio: "AUDIO_MODE_COPY",
  audioBitrate: 0,
  priority: 0,
  chunkSeconds: 0,
  sizeBytes: "0",
};

const WIRE_SETTINGS: NonNullable<UploadVideoChunk__Output["settings"]> = {
  codec: "CODEC_UNSPECIFIED",
  preset: "PRESET_UNSPECIFIED",
  width: 0,
  height: 0,
  pixelFormat: "PIXEL_FORMAT_UNSPECIFIED",
  threads: 0,
  keyframeInterval: 0,
  deinterlace: false,
  frameRateNum: 0,
  frameRateDen: 0,
};

const read = (more: Partial<UploadVideoChunk__Output>) =>
  readUpload(readFirstMessage({ ...MESSAGE, ...more }));

Deno.test("readUpload() gives the Python project's client H.264 in MP4 with the sound as it is", () => {
  const { settings, priority, videoId, originalFilename } = read({});
  assertEquals(settings, { encode: DEFAULT_SETTINGS, container: "mp4", audio: "copy", chunkSeconds: 10 });
  assertEquals([priority, videoId, originalFilename], [0, "film", "film.mkv"]);
});

Deno.test("readUpload() puts into the container that is asked for what it can hold", () => {
  assertEquals(read({ outputFormat: "mkv" }).settings.container, "mkv");
  assertEquals(read({ outputFormat: "MKV" }).settings.container, "mkv");
  const { container, encode } = read({ outputFormat: "webm" }).settings;
  assertEquals([container, encode.codec, encode.rate], ["webm", "vp9", { kind: "crf", crf: 31 }]);
});

Deno.test("readUpload() takes the settings' size, else that to scale up to, else the target", () => {
  const target = { targetWidth: 640, targetHeight: 360 };
  const upscale = { upscaleWidth: 1_920, upscaleHeight: 1_080 };
  const settings = { ...WIRE_SETTINGS, height: 720 };
  const sizeOf = (more: Partial<UploadVideoChunk__Output>) => {
    const { width, height } = read(more).settings.encode;
    return [width, height];
  };
  assertEquals(sizeOf(target), [640, 360]);
  assertEquals(sizeOf({ ...target, ...upscale }), [1_920, 1_080]);
  assertEquals(sizeOf({ ...target, ...upscale, settings }), [0, 720]);
});

Deno.test("readUpload() reads what is ours in addition", () => {
  const order = read({
    settings: {
      ...WIRE_SETTINGS,
      codec: "CODEC_HEVC",
      rateControl: "bitrate",
      bitrate: "500000",
      threads: 2,
    },
    audio: "AUDIO_MODE_OPUS",
    audioBitrate: 96_000,
    priority: 7,
    chunkSeconds: 2.5,
    sizeBytes: "1234",
    outputFormat: "mkv",
  });
  const { encode, audio, chunkSeconds } = order.settings;
  assertEquals([encode.codec, encode.rate, encode.threads], [
    "hevc",
    { kind: "bitrate", bitsPerSecond: 500_000 },
    2,
  ]);
  assertEquals([audio, chunkSeconds], [{ codec: "opus", bitsPerSecond: 96_000 }, 2.5]);
  assertEquals([order.priority, order.sizeBytes], [7, 1_234]);
});

const REFUSED: readonly [
  what: string,
  more: Partial<UploadVideoChunk__Output>,
  type: { readonly name: string },
  told: string,
][] = [
  ["an empty video_id", { videoId: "" }, InvalidKeyError, "video_id"],
  ["a video_id that leaves the folder", { videoId: "../x" }, InvalidKeyError, "slash"],
  ["a video_id of another folder", { videoId: "Metadata" }, InvalidKeyError, "own folder"],
  ["a container that is not written", { outputFormat: "avi" }, InvalidUploadError, "output_format"],
  ["a format that is a path", { outputFormat: "mp4/../../x" }, InvalidUploadError, "output_format"],
  ["a negative width", { targetWidth: -1 }, InvalidSettingError, "width"],
  ["a width past all bounds", { upscaleWidth: 100_000 }, InvalidSettingError, "width"],
  [
    "a codec not in the proto",
    { settings: { ...WIRE_SETTINGS, codec: 99 as never } },
    InvalidUploadError,
    "codec",
  ],
  [
    "a codec that the container lacks",
    {
      outputFormat: "webm",
      settings: { ...WIRE_SETTINGS, codec: "CODEC_H264" },
    },
    AssembleError,
    "webm",
  ],
  [
    "sound that the container lacks",
    { outputFormat: "webm", audio: "AUDIO_MODE_AAC" },
    AssembleError,
    "webm",
  ],
  ["a bitrate of sound that is copied", { audioBitrate: 1 }, InvalidUploadError, "audio_bitrate"],
  [
    "a bitrate of sound past all bounds",
    {
      audio: "AUDIO_MODE_AAC",
      audioBitrate: 1,
    },
    InvalidUploadError,
    "audio_bitrate",
  ],
  ["an audio mode not in the proto", { audio: 9 as never }, InvalidUploadError, "audio"],
  ["a priority past all bounds", { priority: 101 }, InvalidUploadError, "priority"],
  ["chunks of no length", { chunkSeconds: -1 }, InvalidUploadError, "chunk_seconds"],
  ["chunks of a length that is no number", { chunkSeconds: NaN }, InvalidUploadError, "chunk_seconds"],
  ["a size that is no size", { sizeBytes: "-1" }, InvalidUploadError, "size_bytes"],
  ["a size past 2^53", { sizeBytes: "9007199254740993" }, InvalidUploadError, "size_bytes"],
  [
    "a name past all bounds",
    { originalFilename: "x".repeat(1_001) },
    InvalidUploadError,
    "original_filename",
  ],
];

for (const [what, more, type, told] of REFUSED) {
  Deno.test(`readUpload() refuses ${what}`, () => {
    assertEquals(assertThrows(() => read(more), Error, told).name, type.name);
  });
}
