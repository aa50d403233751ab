/**
 * Child process of audio_encoder.ts. Its argument is an AudioTask; records of audio packets come on stdin and go
 * to stdout, and messages stand on stderr among FFmpeg's own lines.
 */
import * as av from "node-av/lib";
import { AV_LOG_ERROR } from "node-av/constants";
import type { AudioTask } from "./audio_encoder.ts";
import { type AudioRecord, encodeHead, encodeRecord, RecordSplitter } from "./audio_records.ts";
import { encodeAudio } from "./libav/encode_audio.ts";
import { RefusedError } from "./libav/ffmpeg_call.ts";
import { type ChildMessage, messageLine } from "./libav_messages.ts";

const READ_BYTES = 64 * 1024;
/** Gathered before they are written, since a packet is but a few hundred bytes. */
const WRITE_BYTES = 16 * 1024;

function* recordsOnStdin(): Generator<AudioRecord, void, undefined> {
  const splitter = new RecordSplitter();
  const bytes = new Uint8Array(READ_BYTES);
  for (let read = Deno.stdin.readSync(bytes); read !== null; read = Deno.stdin.readSync(bytes)) {
    yield* splitter.push(bytes.subarray(0, read));
  }
  splitter.end();
}

function runTask(task: AudioTask, say: (message: ChildMessage) => void): boolean {
  const gathered = new Uint8Array(WRITE_BYTES);
  let filled = 0;
  const flush = (): void => {
    writeAll(Deno.stdout, gathered.subarray(0, filled));
    filled = 0;
  };
  const put = (bytes: Uint8Array): void => {
    if (filled + bytes.length > WRITE_BYTES) flush();
    if (bytes.length > WRITE_BYTES) return writeAll(Deno.stdout, bytes);
    gathered.set(bytes, filled);
    filled += bytes.length;
  };
  try {
    const samples = encodeAudio(task, recordsOnStdin(), {
      onHead: (head) => put(encodeHead(head)),
      onRecord: (record) => put(encodeRecord(record)),
    });
    flush();
    say({ kind: "done", frames: samples, notes: [] });
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    say({ kind: error instanceof RefusedError ? "refused" : "broken", message });
    return false;
  }
}

function writeAll(file: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(file.writeSync(rest));
}

if (import.meta.main) {
  av.Log.setLevel(AV_LOG_ERROR);
  const task: AudioTask = JSON.parse(Deno.args[0] ?? "{}");
  const say = (message: ChildMessage): void =>
    writeAll(Deno.stderr, new TextEncoder().encode(messageLine(task.token, message)));
  const succeeded = runTask(task, say);
  // Not a plain return: the addon crashes while the runtime tears it down.
  Deno.exit(succeeded ? 0 : 1);
}
