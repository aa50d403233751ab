import { assertRejects, assertStringIncludes } from "@std/assert";
import { EncoderUnavailableError } from "../../lib/encode/encoder.ts";
import { createFfmpegEncoder } from "../../lib/encode/ffmpeg_encoder.ts";
import { testEncoderContract } from "./encode_contract.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";

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
