/**
 * Child process of libav_encoder.ts. With `--probe` it prints a LibavProbe; else its argument is a LibavTask,
 * the chunk comes on stdin, the shard goes to stdout, and messages stand on stderr among FFmpeg's own lines.
 */
import * as av from "node-av/lib";
import { AV_LOG_ERROR, type FFVideoEncoder } from "node-av/constants";
import { CODEC_ENCODERS } from "./codec_encoder.ts";
import { encodeSegment } from "./libav/encode_segment.ts";
import { RefusedError } from "./libav/ffmpeg_call.ts";
import { type ChildMessage, type LibavProbe, type LibavTask, messageLine } from "./libav_messages.ts";

const PROGRESS_INTERVAL_MS = 1_000;

function probe(): LibavProbe {
  const encoders = Object.values(CODEC_ENCODERS).flatMap(({ name }) => {
    const codec = av.Codec.findEncoderByName(name as FFVideoEncoder);
    const formats = codec?.pixelFormats?.map((format) => av.avGetPixFmtName(format)) ?? [];
    return codec ? [[name, formats.filter((format) => format !== null)]] : [];
  });
  return { version: av.getFFmpegInfo().version, encoders: Object.fromEntries(encoders) };
}

function runTask(task: LibavTask, say: (message: ChildMessage) => void): boolean {
  let saidMs = performance.now();
  const onFrame = (frames: number): void => {
    const nowMs = performance.now();
    if (nowMs - saidMs < PROGRESS_INTERVAL_MS) return;
    saidMs = nowMs;
    say({ kind: "progress", frames });
  };
  try {
    const { frames, notes } = encodeSegment(task, onFrame);
    say({ kind: "done", frames, notes: [...notes] });
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    say({ kind: error instanceof RefusedError ? "refused" : "broken", message });
    return false;
  }
}

function write(file: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(file.writeSync(bytes));
}

if (import.meta.main) {
  const [argument = ""] = Deno.args;
  av.Log.setLevel(AV_LOG_ERROR);
  let succeeded = true;
  if (argument === "--probe") {
    write(Deno.stdout, JSON.stringify(probe()));
  } else {
    const task: LibavTask = JSON.parse(argument);
    succeeded = runTask(task, (message) => write(Deno.stderr, messageLine(task.token, message)));
  }
  // Not a plain return: the addon crashes while the runtime tears it down.
  Deno.exit(succeeded ? 0 : 1);
}
