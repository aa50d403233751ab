/** One interface over everything that can turn a chunk into a shard. */
import type { FrameRate } from "../frame_grid.ts";
import type { EncodeSettings } from "./settings.ts";

export type Bytes = ReadableStream<Uint8Array>;

/** Where a media segment lies in its source; all times in ticks of the source's own clock. */
export interface SegmentSpan {
  /** Ticks a second; the chunk's track has the same. */
  readonly timescale: number;
  /** Presentation time of the first frame. */
  readonly startTicks: number;
  /**
   * Exclusive: a frame shown at or after it belongs to the next segment (a lead-out, carried so that frames
   * shown before it can be decoded) and is dropped once decoded. Undefined: every frame belongs.
   */
  readonly endTicks?: number | undefined;
  /** Frames that the shard must have: those of the chunk without its lead-out, or those of a converted rate. */
  readonly frameCount: number;
  /** What the frames are made of; there where the settings ask for a frame rate. */
  readonly converted?: ConvertedSpan | undefined;
  /**
   * Frames a second of the whole source, at least about: it sets the level that the shards state, which has to
   * be the same in all of them. Undefined: {@link ASSUMED_FRAME_RATE}.
   */
  readonly frameRate?: FrameRate | undefined;
}

/** A segment whose frame rate is converted. */
export interface ConvertedSpan {
  /** When the first frame of the whole output is shown: from there on its frames are counted. */
  readonly originTicks: number;
  /** Frames in the chunk, lead-out not counted. */
  readonly sourceFrameCount: number;
}

/** Not measured from the chunk, since chunks of one video would differ. */
export const ASSUMED_FRAME_RATE: FrameRate = { num: 60, den: 1 };

/** What to make of a chunk. */
export interface EncodeTask {
  readonly settings: EncodeSettings;
  /** Absent for opaque chunks, which only the simulated encoder takes. */
  readonly segment?: SegmentSpan | undefined;
}

/** What is known once the last byte of a shard has been read. */
export interface EncodeFacts {
  /** Encoder and build, such as `libav/libx264 8.1 form 2`, or `simulated`. */
  readonly encoder: string;
  /** Frames in the shard; 0 where there are none to count. */
  readonly frameCount: number;
  /** What was changed without being asked for, a sentence each, as far as the encoder tells. */
  readonly notes: readonly string[];
}

export interface Encoding {
  /** The shard's bytes: pull-driven, errors as `facts` does. Cancelling it ends the encoder. */
  readonly shard: Bytes;
  /** Resolves after `shard` has ended; rejects as {@link Encoder.encode} says. Never unhandled. */
  readonly facts: Promise<EncodeFacts>;
}

export interface EncodeOptions {
  /** Told of the frames encoded so far, about once a second. */
  readonly onProgress?: (frames: number) => void;
  readonly signal?: AbortSignal;
}

export type EncoderName = "libav" | "ffmpeg" | "simulated";

export interface Encoder {
  readonly name: EncoderName;
  /** Of the library or program behind it, such as `8.0`. */
  readonly version: string;
  /** Whether this machine can encode so; asked once, then remembered. */
  supports(settings: EncodeSettings): boolean;
  /**
   * Encodes a chunk: an MP4 with its index first in, a fragmented MP4 out, frame for frame with their times; the first
   * frame of the shard is at 0.
   *
   * @throws {EncodeError} (by stream and facts) If the input is refused; `logTail` has the encoder's last lines.
   * @throws {EncoderCrashedError} If the process behind it died.
   * @throws `options.signal.reason` once aborted; the child process has exited by then.
   */
  encode(source: Bytes, task: EncodeTask, options?: EncodeOptions): Encoding;
  /** Process ids of the encodes that run now. */
  readonly pids: ReadonlySet<number>;
}

/** The encoder refuses the input: not media it can decode, or not what the task says it is. */
export class EncodeError extends Error {
  override readonly name: string = "EncodeError";
  /** The last lines that the encoder wrote, oldest first. */
  readonly logTail: readonly string[];

  constructor(message: string, options: ErrorOptions & { logTail?: readonly string[] } = {}) {
    super(message, options);
    this.logTail = options.logTail ?? [];
  }
}

/** The encoder's process died by itself, which says nothing sure about the input. */
export class EncoderCrashedError extends EncodeError {
  override readonly name = "EncoderCrashedError";
}

/** The encoder cannot run here at all, or lacks the codec. */
export class EncoderUnavailableError extends Error {
  override readonly name = "EncoderUnavailableError";
}
