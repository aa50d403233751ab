/** The system's ffmpeg as an encoder, a child process for each encode. */
import { askProgram } from "./ask_program.ts";
import { CHUNK_LIMITS } from "./chunk_media.ts";
import { CODEC_ENCODERS } from "./codec_encoder.ts";
import { encodeInProcess, type EncoderProgram, type ProcessEnd } from "./encode_in_process.ts";
import { encodeKnowing } from "./encode_knowing.ts";
import {
  EncodeError,
  type EncodeFacts,
  type EncodeOptions,
  type Encoder,
  EncoderCrashedError,
  EncoderUnavailableError,
  type SegmentSpan,
} from "./encoder.ts";
import { encoderBuild } from "./encoder_build.ts";
import { failedEncoding } from "./failed_encoding.ts";
import { ffmpegArgs, lookArgs } from "./ffmpeg_args.ts";
import { FfmpegProgress } from "./ffmpeg_progress.ts";
import { FirstPictures } from "./first_pictures.ts";
import { changeNotes, type PictureFacts } from "./picture_facts.ts";
import type { EncodeSettings } from "./settings.ts";
import { takesPixelFormat } from "./video_filters.ts";

export interface CreateFfmpegEncoderOptions {
  /** Name or path of the program. Default "ffmpeg". */
  readonly command?: string;
  readonly signal?: AbortSignal;
}

/** `-fps_mode`, without which frames would be doubled or dropped, came with it. */
const OLDEST = { major: 5, minor: 1 };

/**
 * Asks the program for its version and its encoders.
 *
 * @throws {EncoderUnavailableError} If it does not start, is too old or cannot encode anything that is known here.
 * @throws `options.signal.reason` once aborted.
 */
export async function createFfmpegEncoder(options: CreateFfmpegEncoderOptions = {}): Promise<Encoder> {
  const { command = "ffmpeg", signal } = options;
  const names = Object.values(CODEC_ENCODERS).map(({ name }) => name);
  // Before all else, since what is no ffmpeg fails here and leaves no other question running.
  const version = ffmpegVersion(await askProgram(command, ["-version"], { signal }));
  const helps = await Promise.all(
    names.map((name) => askProgram(command, ["-hide_banner", "-h", `encoder=${name}`], { signal })),
  );
  const formats = new Map(names.map((name, i) => [name, supportedFormats(helps[i]!)]));
  if ([...formats.values()].every(({ length }) => length === 0)) {
    throw new EncoderUnavailableError(
      `Cannot encode with ${command} ${version}: it is built without ${names.join(", ")}`,
    );
  }
  const pids = new Set<number>();
  return {
    name: "ffmpeg",
    version,
    supports: (settings) =>
      takesPixelFormat(formats.get(CODEC_ENCODERS[settings.codec].name) ?? [], settings),
    encode(source, { settings, segment }, options = {}) {
      if (!segment) return failedEncoding(source, new EncodeError("Cannot encode an opaque chunk as video"));
      const job = { command, version, settings, segment, pictures: new FirstPictures() };
      const { signal } = options;
      return encodeKnowing(source, {
        look: (head, { done, signal }) => encodeInProcess(lookProgram(job, done), head, { pids, signal }),
        encode(whole, { signal }) {
          const refusal = sizeRefusal(job.pictures.decoded);
          if (refusal) return failedEncoding(whole, refusal);
          return encodeInProcess(ffmpegProgram(job, options), whole, { pids, signal });
        },
        signal,
      });
    },
    pids,
  };
}

/** Pure: the formats in what `-h encoder=NAME` prints; none where there is no such encoder. */
function supportedFormats(help: string): string[] {
  return /^ +Supported pixel formats: (.+)$/m.exec(help)?.[1]?.split(" ") ?? [];
}

/**
 * Pure: the version in what `-version` prints, such as `5.1.9-0+deb12u1`. A build from the sources of the day
 * (`N-...`, a date) has no number and passes.
 *
 * @throws {EncoderUnavailableError} If it is not ffmpeg's, or too old.
 */
export function ffmpegVersion(banner: string): string {
  const version = /^ffmpeg version (\S+)/m.exec(banner)?.[1];
  if (!version) {
    throw new EncoderUnavailableError(`Cannot encode with ffmpeg: it is none, by its own "-version"`);
  }
  const [, major, minor] = /^n?(\d{1,2})\.(\d+)/.exec(version) ?? [];
  const tooOld = Number(major) < OLDEST.major ||
    (Number(major) === OLDEST.major && Number(minor) < OLDEST.minor);
  if (!tooOld) return version;
  throw new EncoderUnavailableError(
    `Cannot encode with ffmpeg ${version}: ${OLDEST.major}.${OLDEST.minor} or later is needed`,
  );
}

interface FfmpegJob {
  readonly command: string;
  readonly version: string;
  readonly settings: EncodeSettings;
  readonly segment: SegmentSpan;
  /** What a look at the first frame finds. */
  readonly pictures: FirstPictures;
}

/** Tells what has to be said when the encoder is opened; `done` is called once it has. */
function lookProgram({ command, settings, segment, pictures }: FfmpegJob, done: () => void): EncoderProgram {
  return {
    command,
    args: lookArgs(settings, segment),
    env: { AV_LOG_FORCE_NOCOLOR: "1" },
    readLine(line) {
      pictures.read(line);
      if (pictures.encoded) done();
      return false;
    },
    conclude({ status, logTail }) {
      checkNoSignal(status, logTail);
      return { encoder: command, frameCount: 0, notes: [] };
    },
  };
}

/** Of a picture as it was decoded: ffmpeg itself bounds only the pixels in all. */
function sizeRefusal(picture: PictureFacts | undefined): EncodeError | undefined {
  if (!picture || Math.max(picture.width, picture.height) <= CHUNK_LIMITS.sidePixels) return undefined;
  const size = `${picture.width}x${picture.height}`;
  return new EncodeError(`Cannot encode the chunk: its picture of ${size} is too large`);
}

function ffmpegProgram(
  { command, version, settings, segment, pictures: { decoded, encoded } }: FfmpegJob,
  { onProgress }: EncodeOptions,
): EncoderProgram {
  const progress = new FfmpegProgress();
  return {
    command,
    args: ffmpegArgs(settings, segment, encoded),
    env: { AV_LOG_FORCE_NOCOLOR: "1" },
    readLine(line) {
      const read = progress.read(line);
      if (read === "update" && !progress.ended) onProgress?.(progress.frames);
      return read !== undefined;
    },
    conclude: (end) =>
      ffmpegFacts(progress, end, {
        encoder: encoderBuild("ffmpeg", settings.codec, version),
        segment,
        notes: decoded && encoded && changeNotes(decoded, encoded, settings),
      }),
  };
}

interface FfmpegTask {
  readonly encoder: string;
  readonly segment: SegmentSpan;
  /** Undefined: nothing is known of the first frame. */
  readonly notes: readonly string[] | undefined;
}

/** Pure: what ffmpeg's progress and its end come to. */
export function ffmpegFacts(
  { frames, sourceFrames, tracks, ended }: Pick<
    FfmpegProgress,
    "frames" | "sourceFrames" | "tracks" | "ended"
  >,
  { status, logTail }: ProcessEnd,
  { encoder, segment, notes }: FfmpegTask,
): EncodeFacts {
  const refuse = (why: string): never => {
    throw new EncodeError(`Cannot encode the chunk: ${why}`, { logTail });
  };
  checkNoSignal(status, logTail);
  if (tracks > 1) refuse("it has more than one video track");
  if (!status.success || !ended) {
    // The last line alone may be advice, such as "To ignore this, ...".
    refuse(logTail.slice(-2).join("; ") || `ffmpeg gave up on it without a word (exit code ${status.code})`);
  }
  const { sourceFrameCount = sourceFrames } = segment.converted ?? {};
  if (sourceFrames !== sourceFrameCount) {
    refuse(`it has ${sourceFrames} frames to convert, the task says ${sourceFrameCount}`);
  }
  if (frames > segment.frameCount) {
    refuse(`it has more than the ${segment.frameCount} frames that the task says`);
  }
  if (frames < segment.frameCount) refuse(`it has ${frames} frames, the task says ${segment.frameCount}`);
  // It would have been encoded as if it were plain.
  if (!notes) return refuse("its first frame tells nothing of itself");
  return { encoder, frameCount: frames, notes };
}

function checkNoSignal({ signal, code }: Deno.CommandStatus, logTail: readonly string[]): void {
  // 255 is what it ends with when a signal tells it to stop.
  if (!signal && code !== 255) return;
  const how = signal ? `killed by ${signal}` : "told to stop by a signal";
  throw new EncoderCrashedError(`The ffmpeg process ended: ${how}`, { logTail });
}
