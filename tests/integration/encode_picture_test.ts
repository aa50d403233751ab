/** What an encode keeps of the pictures of a source, and what it says of the rest. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { planSource, readSegment } from "../../lib/chunk/keyframe_segments.ts";
import { openSource } from "../../lib/chunk/source_file.ts";
import {
  EncodeError,
  type EncodeFacts,
  type Encoder,
  EncoderCrashedError,
} from "../../lib/encode/encoder.ts";
import { createFfmpegEncoder } from "../../lib/encode/ffmpeg_encoder.ts";
import { createLibavEncoder } from "../../lib/encode/libav_encoder.ts";
import { DEFAULT_CRF, DEFAULT_SETTINGS, type EncodeSettings } from "../../lib/encode/settings.ts";
import { mediaFile } from "../media/make_media.ts";
import { MEDIA_CASES } from "../media/media_cases.ts";
import { type Chunk, chunkOfBytes } from "./encode_media.ts";
import { HAS_FFMPEG, runSystem, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const LOSSLESS: EncodeSettings = { ...DEFAULT_SETTINGS, preset: "ultrafast", rate: { kind: "crf", crf: 0 } };
const fast = (codec: EncodeSettings["codec"]): EncodeSettings => ({
  ...DEFAULT_SETTINGS,
  codec,
  preset: "ultrafast",
  rate: { kind: "crf", crf: DEFAULT_CRF[codec] },
});

interface Encoded {
  readonly facts: EncodeFacts;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What ffprobe says of the track, and of its first frame. */
  readonly stream: Readonly<Record<string, unknown>>;
  readonly frame: Readonly<Record<string, unknown>>;
}

/** Encodes the first half second of a generated file, or a little more. */
async function encodeFile(encoder: Encoder, file: string, settings: EncodeSettings): Promise<Encoded> {
  using source = await openSource(await sourcePath(file));
  const plan = await planSource(source, { kind: "seconds", seconds: 0.5 });
  const { bytes: chunk, segment } = await readSegment(source, plan, 0);
  const { shard, facts } = encoder.encode(new Blob([chunk]).stream(), { settings, segment });
  const bytes = await new Response(shard).bytes();
  const args = ["-show_streams", "-show_frames", "-read_intervals", "%+#1", "-of", "json", "-i", "pipe:0"];
  const { streams, frames } = JSON.parse(await runSystem("ffprobe", args, bytes));
  return { facts: await facts, bytes, stream: streams[0], frame: frames[0] };
}

async function sourcePath(file: string): Promise<string> {
  return await mediaFile(MEDIA_CASES.find((media) => media.file === file)!);
}

/** Asserts that every pixel is that of the source, which goes through filters of ffmpeg's. */
async function assertSamePixels(encoded: Encoded, file: string, filters = "null"): Promise<void> {
  const count = ["-frames:v", String(encoded.facts.frameCount)];
  const source = await Deno.readFile(await sourcePath(file));
  assertEquals(await frameHashes(encoded.bytes), await frameHashes(source, ["-vf", filters, ...count]));
}

/** MD5 of the pixels of each frame. */
async function frameHashes(bytes: Uint8Array<ArrayBuffer>, args: readonly string[] = []): Promise<string[]> {
  const output = ["-map", "0:v:0", ...args, "-fps_mode", "passthrough", "-f", "framemd5", "pipe:1"];
  const lines = (await runSystem("ffmpeg", ["-i", "pipe:0", ...output], bytes)).split("\n");
  return lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) =>
    line.split(",").at(-1)!.trim()
  );
}

/** Two frames of so many pixels, which no option of `makeVideo()` gives. */
async function hevcChunk(size: string): Promise<Chunk> {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/long.mp4`;
  const source = ["-f", "lavfi", "-i", `testsrc=s=${size}:r=25`, "-frames:v", "2", "-pix_fmt", "yuv420p"];
  const hevc = [
    "-c:v",
    "libx265",
    "-preset",
    "ultrafast",
    "-x265-params",
    "log-level=error",
    "-tag:v",
    "hvc1",
  ];
  const layout = ["-movflags", "+frag_keyframe+empty_moov"];
  await runSystem("ffmpeg", [...source, ...hevc, ...layout, path], new Uint8Array());
  return await chunkOfBytes(await Deno.readFile(path));
}

for (const create of [createLibavEncoder, createFfmpegEncoder]) {
  const encoderName = create === createLibavEncoder ? "libav" : "ffmpeg";
  let created: Promise<Encoder> | undefined;
  const test = (behaviour: string, run: (encoder: Encoder) => Promise<void>): void => {
    Deno.test({
      name: `${encoderName}: encode() ${behaviour}${HAS_FFMPEG ? "" : ` ${WITHOUT_FFMPEG}`}`,
      ignore: !HAS_FFMPEG,
      fn: async () => await run(await (created ??= create())),
    });
  };

  for (const [file, order] of [["interlaced_tff.mkv", "tt"], ["interlaced_bff.ts", "bb"]] as const) {
    test(`keeps the fields of ${file}, and every pixel`, async (encoder) => {
      const encoded = await encodeFile(encoder, file, LOSSLESS);
      const { facts, stream, frame } = encoded;
      assertEquals(stream.field_order, order);
      assertEquals([frame.interlaced_frame, frame.top_field_first], [1, order === "tt" ? 1 : 0]);
      assertEquals(facts.notes, []);
      await assertSamePixels(encoded, file);
    });
  }

  test("makes whole frames of interlaced ones where asked", async (encoder) => {
    const settings = { ...LOSSLESS, deinterlace: true };
    const { facts, stream } = await encodeFile(encoder, "interlaced_bff.ts", settings);
    assertEquals(stream.field_order, "progressive");
    assertEquals(facts.notes, []);
  });

  test("says that a codec cannot state the fields, unless there are none", async (encoder) => {
    const { facts } = await encodeFile(encoder, "interlaced_tff.mkv", fast("hevc"));
    assertEquals(facts.notes.length, 1);
    assertMatch(facts.notes[0]!, /interlaced, which the codec cannot state.*deinterlacing/);
    const whole = await encodeFile(encoder, "interlaced_tff.mkv", { ...fast("hevc"), deinterlace: true });
    assertEquals(whole.facts.notes, []);
  });

  const odd: [file: string, settings: EncodeSettings, width: number, height: number][] = [
    ["odd_h264.mp4", LOSSLESS, 161, 121],
    ["odd_vp8.webm", LOSSLESS, 160, 120],
    ["odd_vp8.webm", fast("hevc"), 160, 120],
    ["odd_vp8.webm", fast("vp9"), 161, 121],
    ["odd_vp8.webm", fast("av1"), 160, 120],
  ];
  for (const [file, settings, width, height] of odd) {
    test(`makes ${width}x${height} ${settings.codec} of ${file}, and says so`, async (encoder) => {
      const encoded = await encodeFile(encoder, file, settings);
      const { facts, stream } = encoded;
      assertEquals([stream.width, stream.height], [width, height]);
      const said = facts.notes.filter((note) => note.includes(`of 161x121 is cut to ${width}x${height}`));
      assertEquals(said.length, width === 161 ? 0 : 1, String(facts.notes));
      if (settings === LOSSLESS) await assertSamePixels(encoded, file, `crop=${width}:${height}:0:0`);
    });
  }

  test("says that 12 bits become 10", async (encoder) => {
    const { facts, stream } = await encodeFile(encoder, "hevc_12.mkv", LOSSLESS);
    assertEquals(stream.pix_fmt, "yuv420p10le");
    assertEquals(facts.notes.length, 1);
    assertMatch(facts.notes[0]!, /from yuv420p12le, which the encoder cannot take, to yuv420p10le/);
  });

  for (const size of ["17600x64", "64x17600"]) {
    test(`refuses a picture of ${size}, whatever is made of it`, async (encoder) => {
      const chunk = await hevcChunk(size);
      for (const changes of [{}, { width: 64, height: 64 }]) {
        const task = { settings: { ...fast("hevc"), ...changes }, segment: chunk.segment };
        const { shard, facts } = encoder.encode(new Blob([chunk.bytes]).stream(), task);
        const error = await assertRejects(() => new Response(shard).bytes(), EncodeError);
        assert(!(error instanceof EncoderCrashedError));
        assertEquals(error.message, `Cannot encode the chunk: its picture of ${size} is too large`);
        assertEquals(await facts.catch((reason) => reason), error);
      }
    });
  }

  test("takes a picture of the longest side that may be", async (encoder) => {
    const { bytes, segment } = await hevcChunk("16384x64");
    const { shard, facts } = encoder.encode(new Blob([bytes]).stream(), { settings: fast("hevc"), segment });
    await new Response(shard).bytes();
    assertEquals((await facts).frameCount, 2);
  });

  test("keeps what a picture says of the display that it was graded on", async (encoder) => {
    const { frame, facts } = await encodeFile(encoder, "hdr10.mp4", fast("hevc"));
    assertEquals(facts.notes, []);
    for (const fact of HDR10) assertMatch(JSON.stringify(frame.side_data_list), fact);
  });

  test("says that VP9 has no place for that", async (encoder) => {
    const { facts } = await encodeFile(encoder, "hdr10.mp4", fast("vp9"));
    assertMatch(facts.notes.join(), /no place for the HDR metadata/);
  });

  test("leaves colours unspecified that VP8 does not state", async (encoder) => {
    const { stream } = await encodeFile(encoder, "vp8.mkv", LOSSLESS);
    // Its standard has but one matrix, which decoders state: RFC 6386, 9.2.
    const { color_space, color_primaries, color_transfer } = stream;
    assertEquals([color_space, color_primaries, color_transfer], ["bt470bg", undefined, undefined]);
  });
}

/** ffprobe's words for what the generated file says. */
const HDR10 = [
  /"red_x":"34000\/50000"/,
  /"max_luminance":"10000000\/10000"/,
  /"max_content":1000/,
  /"max_average":400/,
];
