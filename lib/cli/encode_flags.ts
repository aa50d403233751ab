/** The flags by which a command says how to encode. */
import { encodableFormats } from "../encode/codec_encoder.ts";
import {
  checkSettings,
  type Codec,
  CODECS,
  DEFAULT_CRF,
  DEFAULT_SETTINGS,
  type EncodeSettings,
  InvalidSettingError,
  PIXEL_FORMATS,
  type PixelFormat,
  type Preset,
  PRESETS,
  type RateControl,
} from "../encode/settings.ts";
import type { RequestedSettings } from "../rpc/wire_settings.ts";
import { FRAME_RATE_FLAG, readFrameRate } from "./frame_rate_flag.ts";
import { refuseFlags } from "./refuse_flags.ts";
import { UsageError } from "./usage_error.ts";

/** Phones turn their videos by a note to the player. */
const SIDE_HELP = "Pixels of the picture as shown, turned if need be; alone it keeps the aspect.";

export const ENCODE_FLAGS = {
  codec: {
    kind: "choice",
    choices: [...CODECS, "copy"],
    defaultText: DEFAULT_SETTINGS.codec,
    help:
      "Codec of the shards. copy: nothing is encoded, the video is split and put together again as it is.",
  },
  crf: {
    kind: "number",
    min: 0,
    max: 63,
    defaultText: CODECS.map((codec) => `${DEFAULT_CRF[codec]} for ${codec}`).join(", "),
    help: "Constant quality, lower is better; 0 is lossless in h264.",
  },
  bitrate: {
    kind: "string",
    valueName: "BITS",
    help: "Bits a second instead of --crf, such as 800k or 2.5M.",
  },
  preset: {
    kind: "choice",
    choices: PRESETS,
    defaultText: DEFAULT_SETTINGS.preset,
    help: "Speed against size.",
  },
  pixel_format: {
    kind: "choice",
    choices: ["source", ...PIXEL_FORMATS],
    defaultText: DEFAULT_SETTINGS.pixelFormat,
    help: "How pixels are stored; source keeps the picture's own where the codec has it.",
  },
  keyframe_interval: {
    kind: "integer",
    min: 1,
    max: 10_000,
    defaultText: "the encoder's own",
    help: "Frames from one keyframe to the next at most.",
  },
  ...FRAME_RATE_FLAG,
  deinterlace: { kind: "boolean", help: "Make whole frames of interlaced ones; else they stay interlaced." },
  width: { kind: "integer", min: 16, max: 16_384, help: SIDE_HELP },
  height: { kind: "integer", min: 16, max: 16_384, help: SIDE_HELP },
} as const;

/** What the flags of {@link ENCODE_FLAGS} give. */
export interface EncodeFlags {
  readonly codec: Codec | "copy" | undefined;
  readonly crf: number | undefined;
  readonly bitrate: string | undefined;
  readonly preset: Preset | undefined;
  readonly pixel_format: PixelFormat | "source" | undefined;
  readonly keyframe_interval: number | undefined;
  readonly fps: string | undefined;
  readonly deinterlace: boolean;
  readonly width: number | undefined;
  readonly height: number | undefined;
}

/**
 * How to encode, or not at all.
 *
 * @throws {UsageError} If the flags contradict each other or are out of the codec's range.
 */
export function readEncodeFlags(flags: EncodeFlags): RequestedSettings | "copy" {
  const { codec = DEFAULT_SETTINGS.codec, ...settingFlags } = flags;
  if (codec === "copy") {
    refuseEncodeFlags({ ...settingFlags, codec: undefined }, "with --codec copy: nothing is encoded");
    return "copy";
  }
  const settings = {
    codec,
    rate: readRate(codec, flags),
    preset: flags.preset ?? DEFAULT_SETTINGS.preset,
    width: flags.width ?? 0,
    height: flags.height ?? 0,
    pixelFormat: flags.pixel_format ?? DEFAULT_SETTINGS.pixelFormat,
    keyframeInterval: flags.keyframe_interval ?? 0,
    frameRate: flags.fps === undefined ? "source" as const : readFrameRate(flags.fps),
    deinterlace: flags.deinterlace,
  };
  checkTogether({ ...settings, threads: DEFAULT_SETTINGS.threads });
  return settings;
}

/**
 * For a command line on which they would do nothing.
 *
 * @param why Ends the sentence "--crf has no effect".
 * @throws {UsageError} Naming the first one that is given.
 */
export function refuseEncodeFlags(flags: EncodeFlags, why: string): void {
  refuseFlags(flags, Object.keys(ENCODE_FLAGS) as (keyof EncodeFlags)[], why);
}

function readRate(codec: Codec, { crf, bitrate }: EncodeFlags): RateControl {
  if (crf !== undefined && bitrate !== undefined) {
    throw new UsageError("--crf and --bitrate exclude each other");
  }
  if (bitrate !== undefined) return { kind: "bitrate", bitsPerSecond: readBitrate(bitrate) };
  return { kind: "crf", crf: crf ?? DEFAULT_CRF[codec] };
}

/** What no flag can say by itself. */
function checkTogether(settings: EncodeSettings): void {
  asUsage(() => checkSettings(settings));
  if (encodableFormats(settings).length > 0) return;
  const { codec, pixelFormat } = settings;
  const taken = PIXEL_FORMATS.filter((pixelFormat) =>
    encodableFormats({ ...settings, pixelFormat }).length > 0
  );
  throw new UsageError(`--pixel_format ${pixelFormat}: ${codec} is encoded as ${taken.join(" or ")}`);
}

/** @throws {UsageError} Naming the flag, where `check` throws an {@link InvalidSettingError}. */
export function asUsage(check: () => void): void {
  try {
    check();
  } catch (error) {
    if (error instanceof InvalidSettingError) throw new UsageError(`--${error.setting}: ${error.message}`);
    throw error;
  }
}

const MULTIPLES: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6 };

function readBitrate(text: string): number {
  const [, digits, multiple = ""] = /^(\d+(?:\.\d+)?)([kM]?)$/.exec(text) ?? [];
  if (digits === undefined) {
    throw new UsageError(`--bitrate must be bits a second such as 800k or 2.5M, not ${JSON.stringify(text)}`);
  }
  return Math.round(Number(digits) * MULTIPLES[multiple]!);
}
