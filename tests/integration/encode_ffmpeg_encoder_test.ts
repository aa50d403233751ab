import { assert, assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import { EncodeError, EncoderCrashedError, EncoderUnavailableError } from "../../lib/encode/encoder.ts";
import { createFfmpegEncoder } from "../../lib/encode/ffmpeg_encoder.ts";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import { testEncoderContract } from "./encode_contract.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { within } from "./within.ts";

testEncoderContract({
  name: HAS_FFMPEG ? "ffmpeg" : `ffmpeg ${WITHOUT_FFMPEG}`,
  create: createFfmpegEncoder,
  ignore: !HAS_FFMPEG,
});

Deno.test("createFfmpegEncoder() says which program does not start", async () => {
  const create = () => createFfmpegEncoder({ command: "no-such-ffmpeg" });
  const error = await assertRejects(create, EncoderUnavailableError);
  assertStringIncludes(error.message, 'Cannot start "no-such-ffmpeg"');
});

Deno.test("createFfmpegEncoder() refuses a program that is not ffmpeg", async () => {
  await assertRejects(() => createFfmpegEncoder({ command: Deno.execPath() }), EncoderUnavailableError);
});

/** An ftyp, then a box of zeros without an end, to be skipped; ISO/IEC 14496-12, 4.2. */
function endlessBox() {
  const mib = new Uint8Array(2 ** 20);
  const source = {
    takenBytes: 0,
    cancelledWith: undefined as unknown,
    stream: new ReadableStream<Uint8Array>(),
  };
  const boxes = new DataView(new ArrayBuffer(16 + 16));
  const words = [16, 0x66747970, 0x69736f6d, 0, 1, 0x66726565]; // "ftyp", "isom", "free"
  for (const [index, word] of words.entries()) boxes.setUint32(4 * index, word);
  boxes.setBigUint64(24, 2n ** 40n);
  source.stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(boxes.buffer)),
    pull(controller) {
      source.takenBytes += mib.length;
      if (source.takenBytes < 1_000 * mib.length) controller.enqueue(mib);
      else controller.close();
    },
    cancel: (reason) => void (source.cancelledWith = reason),
  }, { highWaterMark: 0 });
  return source;
}

Deno.test({
  name: `ffmpeg: encode() refuses a chunk that shows no picture for long, rather than keep all of it${
    HAS_FFMPEG ? "" : ` ${WITHOUT_FFMPEG}`
  }`,
  ignore: !HAS_FFMPEG,
  async fn() {
    const encoder = await createFfmpegEncoder();
    const source = endlessBox();
    const segment = { timescale: 25, startTicks: 0, frameCount: 1 };
    const { shard, facts } = encoder.encode(source.stream, { settings: DEFAULT_SETTINGS, segment });
    const error = await assertRejects(() => within(60_000, new Response(shard).bytes()), EncodeError);
    assert(!(error instanceof EncoderCrashedError));
    assertEquals(error.message, "Cannot encode the chunk: it has no picture in its first 64 MiB");
    assertEquals(await facts.catch((reason) => reason), error);
    assertLess(source.takenBytes, 70 * 2 ** 20);
    assertEquals([source.cancelledWith, encoder.pids.size], [error, 0]);
  },
});
