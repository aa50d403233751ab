/** Encodes an audio track as a whole, in a child process: packets in, packets out. */
import { encodeHead, encodeRecord, headOf, RecordSplitter } from "./audio_records.ts";
import type { AudioHead, AudioRecord } from "./audio_records.ts";
import type { AudioTarget } from "./audio_settings.ts";
import { encodeInProcess, type EncoderProgram, type ProcessEnd } from "./encode_in_process.ts";
import { EncodeError, type EncodeFacts, EncoderCrashedError } from "./encoder.ts";
import { type ChildMessage, parseMessageLine } from "./libav_messages.ts";

/** The child's one argument, as JSON. */
export interface AudioTask {
  /** Stands before every message, so that no line of a log can be taken for one. */
  readonly token: string;
  readonly sourceCodec: string;
  /** Undefined: the end of the last packet. */
  readonly endSeconds?: number | undefined;
  readonly target: AudioTarget;
}

export interface AudioSource {
  /** By the demuxer's name, such as `aac` or `pcm-s16`. */
  readonly codec: string;
  readonly head: AudioHead;
  /** The packets in decode order, read as they are needed; times in samples at the head's rate. */
  readonly records: AsyncGenerator<AudioRecord, void, undefined>;
  /** What is heard from here on is left out. Undefined: nothing is. */
  readonly endSeconds?: number | undefined;
}

/** An encoded packet. */
export interface EncodedSound extends AudioRecord {
  /** The same for all packets of a track. */
  readonly head: AudioHead;
}

export interface EncodeAudioOptions {
  /** Holds the process id while the process lives. */
  readonly pids?: Set<number>;
  readonly signal?: AbortSignal | undefined;
}

const CHILD_URL = new URL("./libav_audio_child.ts", import.meta.url);
const CHILD_PERMISSIONS = ["--allow-ffi", "--allow-env=AV_FROM_SOURCE"];
const PIPE_BYTES = 32 * 1024;

/**
 * The encoded packets, made as they are asked for. Times are those of the sound itself: what an encoder puts in
 * front of it (1024 samples of AAC, 312 of Opus) stands before the sound's own start, below 0 where that is 0, as
 * a demuxer gives it and a muxer takes it. Gaps come out as silence; nothing is heard before time 0.
 *
 * @throws {EncodeError} If the sound is damaged; `logTail` has FFmpeg's last lines.
 * @throws {EncoderCrashedError} If the process died, or could not load FFmpeg.
 * @throws {EncoderUnavailableError} If it cannot be started.
 * @throws `options.signal.reason` once aborted, or whatever `source.records` throws; the process has exited by then.
 */
export async function* encodeAudio(
  source: AudioSource,
  target: AudioTarget,
  { pids = new Set(), signal }: EncodeAudioOptions = {},
): AsyncGenerator<EncodedSound, void, undefined> {
  const program = audioProgram(source, target);
  const { shard } = encodeInProcess(program, recordStream(source), { pids, signal });
  const splitter = new RecordSplitter();
  let head: AudioHead | undefined;
  // Left early, the loop cancels the stream, which ends the process.
  for await (const bytes of shard) {
    for (const record of splitter.push(bytes)) {
      if (head) yield { ...record, head };
      else head = headOf(record);
    }
  }
  splitter.end();
}

function recordStream({ head, records }: AudioSource): ReadableStream<Uint8Array> {
  return ReadableStream.from(inPieces(head, records));
}

/** Gathered, since a packet is but a few hundred bytes. */
async function* inPieces(
  head: AudioHead,
  records: AsyncGenerator<AudioRecord, void, undefined>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let gathered: Uint8Array[] = [encodeHead(head)];
  let bytes = 0;
  for await (const record of records) {
    const encoded = encodeRecord(record);
    gathered.push(encoded);
    bytes += encoded.length;
    if (bytes < PIPE_BYTES) continue;
    yield joined(gathered);
    gathered = [];
    bytes = 0;
  }
  yield joined(gathered);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let filled = 0;
  for (const part of parts) {
    bytes.set(part, filled);
    filled += part.length;
  }
  return bytes;
}

function audioProgram({ codec, endSeconds }: AudioSource, target: AudioTarget): EncoderProgram {
  const token = crypto.randomUUID();
  const task: AudioTask = { token, sourceCodec: codec, endSeconds, target };
  let last: ChildMessage | undefined;
  return {
    command: Deno.execPath(),
    args: ["run", "--no-prompt", "--quiet", ...CHILD_PERMISSIONS, CHILD_URL.href, JSON.stringify(task)],
    readLine(line) {
      const message = parseMessageLine(token, line);
      last = message ?? last;
      return message !== undefined;
    },
    conclude: (end) => audioFacts(last, end),
  };
}

/** Pure: what the child's last message and its end come to. */
export function audioFacts(
  last: ChildMessage | undefined,
  { status, logTail }: ProcessEnd,
): EncodeFacts {
  if (last?.kind === "refused") throw new EncodeError(last.message, { logTail });
  if (last?.kind === "done" && status.success) {
    return { encoder: "libav", frameCount: last.frames, notes: last.notes };
  }
  const cause = last?.kind === "broken" ? last.message : describeEnd(status, logTail);
  throw new EncoderCrashedError(`the libav process ended: ${cause}`, { logTail });
}

function describeEnd({ signal, code }: Deno.CommandStatus, logTail: readonly string[]): string {
  const said = logTail.at(-1);
  const how = signal ? `killed by ${signal}` : `exit code ${code}`;
  return said === undefined ? how : `${how}: ${said}`;
}
