/** Writes test videos with nothing installed but Deno: a moving test picture and a tone. */
import { type PixelFormat, type Preset, PRESETS } from "./settings.ts";

/** What the video is to be like; the defaults are those of the project's sample. */
export interface MakeVideoOptions {
  /** Default 5. */
  readonly seconds?: number;
  /** Pixels, even. Default 320 by 240. */
  readonly width?: number;
  readonly height?: number;
  /** Frames a second as a fraction, such as 30000/1001. Default 15/1. */
  readonly frameRate?: { readonly num: number; readonly den: number };
  /** A keyframe every so many frames. Default: every second, rounded to frames. */
  readonly keyframeInterval?: number;
  /** B-frames in a row at most. Default 2. */
  readonly bFrames?: number;
  /** Whether no frame refers across a keyframe. Default true. */
  readonly closedGop?: boolean;
  /** Whether frames are missing and times uneven (variable frame rate, on a 90 kHz clock). Default false. */
  readonly irregular?: boolean;
  /** Default "yuv420p". */
  readonly pixelFormat?: PixelFormat;
  /** Width of a pixel over its height, which the file states. Default 1/1. */
  readonly pixelAspect?: { readonly num: number; readonly den: number };
  /** The colours that the file states (BT.2020 with PQ: HDR); the picture's values stay as they are. */
  readonly colour?: "unspecified" | "bt709" | "bt2020-pq";
  /** Default "veryfast". */
  readonly preset?: Preset;
  /** Constant rate factor of x264, 0 to 51. Default 23. */
  readonly crf?: number;
  /** Frequency in Hz of the AAC tone, or null for no sound. Default 220. */
  readonly tone?: number | null;
  /** Where an MP4 or MOV has its index: in front, at the end, or in every fragment. Default "moov-first". */
  readonly layout?: "moov-first" | "moov-last" | "fragmented";
}

/** A whole job, as the child process is handed it. */
export interface MakeVideoJob extends Required<MakeVideoOptions> {
  readonly path: string;
  /** FFmpeg's name of the container. */
  readonly muxer: string;
}

const MUXERS: Readonly<Record<string, string>> = { mp4: "mp4", mov: "mov", mkv: "matroska" };
const CHILD_URL = new URL("./make_video_child.ts", import.meta.url);

/**
 * Makes a video at `path`, H.264 and AAC, in the container that its extension names (mp4, mov or mkv). The
 * same options give the same bytes. The file appears once it is whole, and replaces one of that name.
 *
 * @throws {RangeError} If an option or the extension cannot be used.
 * @throws {Error} If the video could not be made, with the encoder's last words.
 * @throws `signal.reason` once aborted; nothing is left behind.
 */
export async function makeVideo(
  path: string,
  options: MakeVideoOptions = {},
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  signal?.throwIfAborted();
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  const job = makeVideoJob(path, temporary, options);
  try {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--quiet",
        "--allow-ffi",
        "--allow-env=AV_FROM_SOURCE",
        CHILD_URL.href,
        JSON.stringify(job),
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      ...(signal && { signal }),
    });
    const { success, stderr } = await child.output();
    signal?.throwIfAborted();
    if (!success) {
      throw new Error(
        `Cannot make video "${path}": ${new TextDecoder().decode(stderr).trim().slice(-2_000)}`,
      );
    }
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {}); // may never have been there; what failed first is to be told
    throw error;
  }
}

/**
 * FFmpeg's name of the container that a path's extension names.
 *
 * @throws {RangeError} If {@link makeVideo} makes none of that name.
 */
export function muxerFor(path: string): string {
  const extension = path.slice(path.lastIndexOf(".") + 1).toLowerCase();
  const muxer = Object.hasOwn(MUXERS, extension) ? MUXERS[extension] : undefined;
  if (muxer !== undefined) return muxer;
  const known = Object.keys(MUXERS).map((name) => `.${name}`).join(", ");
  throw new RangeError(`Cannot make video "${path}": its extension must be one of ${known}`);
}

function makeVideoJob(path: string, temporary: string, options: MakeVideoOptions): MakeVideoJob {
  const muxer = muxerFor(path);
  const frameRate = options.frameRate ?? { num: 15, den: 1 };
  const job = {
    seconds: options.seconds ?? 5,
    width: options.width ?? 320,
    height: options.height ?? 240,
    frameRate,
    keyframeInterval: options.keyframeInterval ?? Math.max(1, Math.round(frameRate.num / frameRate.den)),
    bFrames: options.bFrames ?? 2,
    closedGop: options.closedGop ?? true,
    irregular: options.irregular ?? false,
    pixelFormat: options.pixelFormat ?? "yuv420p",
    pixelAspect: options.pixelAspect ?? { num: 1, den: 1 },
    colour: options.colour ?? "unspecified",
    preset: options.preset ?? "veryfast",
    crf: options.crf ?? 23,
    tone: options.tone === undefined ? 220 : options.tone,
    layout: options.layout ?? "moov-first",
    path: temporary,
    muxer,
  } satisfies MakeVideoJob;
  checkJob(job);
  return job;
}

function checkJob(job: MakeVideoJob): void {
  const positive = { seconds: job.seconds, ...(job.tone !== null && { tone: job.tone }) };
  const whole = {
    width: job.width,
    height: job.height,
    keyframeInterval: job.keyframeInterval,
    "frameRate.num": job.frameRate.num,
    "frameRate.den": job.frameRate.den,
    "pixelAspect.num": job.pixelAspect.num,
    "pixelAspect.den": job.pixelAspect.den,
  };
  for (const [name, value] of Object.entries({ ...positive, ...whole })) {
    if (!(value > 0 && Number.isFinite(value))) throw unusable(name, value);
  }
  for (const [name, value] of Object.entries(whole)) {
    if (!Number.isSafeInteger(value)) throw unusable(name, value);
  }
  for (const side of ["width", "height"] as const) {
    if (job[side] % 2 !== 0 || job[side] < 16 || job[side] > 16_384) throw unusable(side, job[side]);
  }
  if (!(Number.isInteger(job.bFrames) && job.bFrames >= 0 && job.bFrames <= 16)) {
    throw unusable("bFrames", job.bFrames);
  }
  if (!(job.crf >= 0 && job.crf <= 51)) throw unusable("crf", job.crf);
  if (!PRESETS.includes(job.preset)) throw unusable("preset", job.preset);
}

function unusable(option: string, value: unknown): RangeError {
  return new RangeError(`Cannot make a video with ${option} ${value}`);
}
