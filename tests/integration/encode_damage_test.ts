/** Damaged chunks of every codec: refused in words, or encoded whole; in bounded time and memory. */
import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { planSource, readSegment } from "../../lib/chunk/keyframe_segments.ts";
import { openSource } from "../../lib/chunk/source_file.ts";
import { EncodeError, type Encoder, EncoderCrashedError } from "../../lib/encode/encoder.ts";
import { createFfmpegEncoder } from "../../lib/encode/ffmpeg_encoder.ts";
import { createLibavEncoder } from "../../lib/encode/libav_encoder.ts";
import { DEFAULT_SETTINGS, type EncodeSettings } from "../../lib/encode/settings.ts";
import { mediaFile } from "../media/make_media.ts";
import { MEDIA_CASES } from "../media/media_cases.ts";
import type { Chunk } from "./encode_media.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { within } from "./within.ts";

const FAST: EncodeSettings = { ...DEFAULT_SETTINGS, preset: "ultrafast" };
const GIVE_UP_MS = 60_000;
/** A frame of 30,000 by 30,000 pixels takes 1,350 MB. */
const MOST_BYTES = 600_000_000;
const SAMPLE_MS = 20;
/** Where damage is done, as a part of all bytes: in the first frames, the middle and the last. */
const PLACES = [0.08, 0.35, 0.6, 0.95];

type Damage = (bytes: Uint8Array<ArrayBuffer>, place: number) => Uint8Array<ArrayBuffer>;

const DAMAGE: Readonly<Record<string, Damage>> = {
  "a flipped bit": (bytes, place) => {
    bytes[Math.floor(bytes.length * place)]! ^= 0x20;
    return bytes;
  },
  "zeros": (bytes, place) => bytes.fill(0, bytes.length * place, bytes.length * place + 300),
  "an early end": (bytes, place) => bytes.slice(0, bytes.length * place),
};

/** The first chunk of a generated file. */
async function chunkOf(file: string): Promise<Pick<Chunk, "bytes" | "segment">> {
  using source = await openSource(await mediaFile(MEDIA_CASES.find((media) => media.file === file)!));
  return await readSegment(source, await planSource(source, { kind: "seconds", seconds: 0.4 }), 0);
}

/** The frames of a shard, or why there is none; the chunk is not given before `go`. */
async function outcomeOf(
  encoder: Encoder,
  { bytes, segment }: Pick<Chunk, "bytes" | "segment">,
  go: Promise<void> = Promise.resolve(),
): Promise<number | EncodeError> {
  const { timescale, startTicks, endTicks, frameCount } = segment;
  const task = { settings: FAST, segment: { timescale, startTicks, endTicks, frameCount } };
  const { shard, facts } = encoder.encode(ReadableStream.from(after(go, bytes)), task);
  try {
    await within(GIVE_UP_MS, new Response(shard).bytes());
    return (await facts).frameCount;
  } catch (error) {
    if (error instanceof EncodeError && !(error instanceof EncoderCrashedError)) return error;
    throw error;
  }
}

async function* after<T>(go: Promise<void>, value: T): AsyncGenerator<T> {
  await go;
  yield value;
}

/** The most memory that any process of an encoder has while `work` goes on; `seen` is called when one has some. */
async function peakBytes(encoder: Encoder, work: Promise<unknown>, seen: () => void): Promise<number> {
  let peak = 0;
  const sample = (): void => {
    for (const pid of encoder.pids) {
      try {
        const status = Deno.readTextFileSync(`/proc/${pid}/status`);
        peak = Math.max(peak, 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0));
      } catch {
        // it has just ended
      }
    }
    if (peak > 0) seen();
  };
  const timer = setInterval(sample, SAMPLE_MS);
  await work.finally(() => clearInterval(timer));
  return peak;
}

const SYNC_CODE = [0x49, 0x83, 0x42];

/** VP9 says the size in each keyframe, whatever the container says. @see VP9 bitstream specification, 6.2 */
function withFrameSize(bytes: Uint8Array<ArrayBuffer>, sidePixels: number): Uint8Array<ArrayBuffer> {
  const sync = bytes.findIndex((_, at) => SYNC_CODE.every((byte, index) => bytes[at + index] === byte));
  assert(sync > 0);
  const view = new DataView(bytes.buffer);
  // After three bytes of sync, the colours take four bits, and each side, less one, sixteen.
  const side = BigInt(sidePixels - 1);
  const bits = view.getBigUint64(sync + 3);
  const mask = 0xffff_ffffn << 28n;
  view.setBigUint64(sync + 3, (bits & ~mask) | (((side << 16n) | side) << 28n));
  return bytes;
}

for (const create of [createLibavEncoder, createFfmpegEncoder]) {
  let created: Promise<Encoder> | undefined;
  const test = (behaviour: string, run: (encoder: Encoder) => Promise<void>): void => {
    Deno.test({
      name: `${create.name}: ${behaviour}${HAS_FFMPEG ? "" : ` ${WITHOUT_FFMPEG}`}`,
      ignore: !HAS_FFMPEG,
      fn: async () => await run(await (created ??= create())),
    });
  };

  for (const file of ["open_hevc.mp4", "uneven_vp9.webm", "hlg_av1.mp4"]) {
    test(`a damaged chunk of ${file} is refused, or has every frame`, async (encoder) => {
      const chunk = await chunkOf(file);
      assertEquals(await outcomeOf(encoder, chunk), chunk.segment.frameCount);
      let refused = 0;
      for (const [what, damage] of Object.entries(DAMAGE)) {
        for (const place of PLACES) {
          const outcome = await outcomeOf(encoder, { ...chunk, bytes: damage(chunk.bytes.slice(), place) });
          if (outcome instanceof EncodeError) {
            assertStringIncludes(outcome.message, "Cannot encode the chunk: ");
            refused++;
          } else assertEquals(outcome, chunk.segment.frameCount, `${what} at ${place}`);
        }
      }
      assert(refused >= PLACES.length, `${refused} were refused`);
      assertEquals(encoder.pids.size, 0);
    });
  }

  test("a frame that claims 30,000 x 30,000 pixels is refused, in bounded memory", async (encoder) => {
    const chunk = await chunkOf("uneven_vp9.webm");
    const go = Promise.withResolvers<void>(); // or it may be over before anybody has looked
    if (Deno.build.os !== "linux") go.resolve();
    const huge = { ...chunk, bytes: withFrameSize(chunk.bytes, 30_000) };
    const encode = outcomeOf(encoder, huge, go.promise);
    const peak = await peakBytes(encoder, encode, go.resolve);
    const outcome = await encode;
    assert(outcome instanceof EncodeError, String(outcome));
    assertStringIncludes(outcome.logTail.join(), "30000x30000");
    if (Deno.build.os === "linux") assert(peak > 0);
    assertLess(peak, MOST_BYTES);
  });

  test("a frame that claims a size that is not its own is refused", async (encoder) => {
    const chunk = await chunkOf("uneven_vp9.webm");
    const outcome = await outcomeOf(encoder, { ...chunk, bytes: withFrameSize(chunk.bytes, 300) });
    assert(outcome instanceof EncodeError, String(outcome));
    assertStringIncludes(outcome.message, "Cannot encode the chunk: ");
  });
}
