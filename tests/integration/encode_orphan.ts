/** A process that encodes for ever: prints its encoder's process id once the encode is under way. */
import { setTimeout as delay } from "node:timers/promises";
import { createFfmpegEncoder } from "../../lib/encode/ffmpeg_encoder.ts";
import { createLibavEncoder } from "../../lib/encode/libav_encoder.ts";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import { wholeChunk } from "./encode_media.ts";

if (import.meta.main) {
  const isLibav = Deno.args[0] === "libav";
  const encoder = await (isLibav ? createLibavEncoder() : createFfmpegEncoder());
  const { bytes, segment } = await wholeChunk({ keyframeInterval: 1, crf: 5, seconds: 4 });
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytes.slice(0, bytes.length / 2)), // the rest never comes
  });
  const encoding = encoder.encode(source, { settings: DEFAULT_SETTINGS, segment });
  const encoded = new Response(encoding.shard).bytes();
  const processes = new Set(encoder.pids); // from the start, however soon the first of them ends
  while (processes.size < (isLibav ? 1 : 2)) { // ffmpeg's first one only looks at the first picture
    await delay(5);
    for (const pid of encoder.pids) processes.add(pid);
  }
  await Deno.stdout.write(new TextEncoder().encode(`${[...processes].at(-1)}\n`));
  await encoded;
}
