/** A process that encodes for ever: prints its encoder's process id once the encode is under way. */
import { createFfmpegEncoder } from "../../lib/encode/ffmpeg_encoder.ts";
import { createLibavEncoder } from "../../lib/encode/libav_encoder.ts";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import { wholeChunk } from "./encode_media.ts";

if (import.meta.main) {
  const encoder = await (Deno.args[0] === "libav" ? createLibavEncoder() : createFfmpegEncoder());
  const { bytes, segment } = await wholeChunk({ keyframeInterval: 1, crf: 5, seconds: 4 });
  let pulls = 0;
  const source = new ReadableStream<Uint8Array>({
    async pull(controller) {
      pulls += 1;
      if (pulls === 1) return controller.enqueue(bytes.slice(0, bytes.length / 2));
      await Deno.stdout.write(new TextEncoder().encode(`${[...encoder.pids][0]}\n`));
      await new Promise(() => setTimeout(() => {}, 600_000)); // the rest never comes
    },
  }, { highWaterMark: 0 });
  await new Response(encoder.encode(source, { settings: DEFAULT_SETTINGS, segment }).shard).bytes();
}
