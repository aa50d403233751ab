/**
 * Child process of libav_encoder.ts. With `--probe` it prints a LibavProbe; else its argument is a LibavTask,
 * the chunk comes on stdin, the shard goes to stdout, and messages stand on stderr among FFmpeg's own lines.
 */
import * as av from "node-av/lib";
import { AV_LOG_ERROR, FF_ENCODER_LIBX264 } from "node-av/constants";
import { encodeSegment } from "./libav/encode_segment.ts";
import { RefusedError } from "./libav/ffmpeg_call.ts";
import { type ChildMessage, type LibavProbe, type LibavTask, messageLine } from "./libav_messages.ts";

const PROGRESS_INTERVAL_MS = 1_000;

function probe(): LibavProbe {
  const formats = av.Codec.findEncoderByName(FF_ENCODER_LIBX264)?.pixelFormats ?? [];
  const x264Formats = formats.map((format) => av.avGetPixFmtName(format)).filter((name) => name !== null);
  return { version: av.getFFmpegInfo().version, x264Formats };
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
