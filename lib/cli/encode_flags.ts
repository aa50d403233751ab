/** The flags by which a command says how to encode. */
import { encodableFormats } from "../encode/codec_encoder.ts";
import {
  checkSettings,
  CODECS,
  DEFAULT_CRF,
  DEFAULT_SETTINGS,
  type EncodeSettings,
  InvalidSettingError,
  PIXEL_FORMATS,
  type PixelFormat,
  PRESETS,
  type RateControl,
} from "../encode/settings.ts";
import type { RequestedSettings } from "../rpc/wire_settings.ts";
import { UsageError } from "./usage_error.ts";

export const ENCODE_FLAGS = {
  codec: { kind: "choice", choices: CODECS, default: DEFAULT_SETTINGS.codec, help: "Codec of the shards." },
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
  preset: { kind: "choice", choices: PRESETS, default: DEFAULT_SETTINGS.preset, help: "Speed against size." },
  pixel_format: {
    kind: "choice",
    choices: ["source", ...PIXEL_FORMATS],
    default: DEFAULT_SETTINGS.pixelFormat,
    help: "How pixels are stored; source keeps the picture's own where the codec has it.",
  },
  keyframe_interval: {
    kind: "integer",
    min: 1,
    max: 10_000,
    defaultText: "the encoder's own",
    help: "Frames from one keyframe to the next at most.",
  },
  deinterlace: { kind: "boolean", help: "Make whole frames of interlaced ones; else they stay interlaced." },
  width: { kind: "integer", min: 16, max: 16_384, help: "Pixels; alone it keeps the picture's aspect." },
  height: { kind: "integer", min: 16, max: 16_384, help: "Pixels; alone it keeps the picture's aspect." },
} as const;

interface EncodeFlags {
  readonly codec: typeof CODECS[number];
  readonly crf: number | undefined;
  readonly bitrate: string | undefined;
  readonly preset: typeof PRESETS[number];
  readonly pixel_format: PixelFormat | "source";
  readonly keyframe_interval: number | undefined;
  readonly deinterlace: boolean;
  readonly width: number | undefined;
  readonly height: number | undefined;
}

/** @throws {UsageError} If they contradict each other or are out of the codec's range. */
export function readEncodeFlags(flags: EncodeFlags): RequestedSettings {
  const { codec, preset, width = 0, height = 0, deinterlace, keyframe_interval: keyframeInterval = 0 } =
    flags;
  const picture = { width, height, pixelFormat: flags.pixel_format, deinterlace };
  const settings = { codec, rate: readRate(flags), preset, keyframeInterval, ...picture };
  checkTogether({ ...settings, threads: DEFAULT_SETTINGS.threads });
  return settings;
}

function readRate({ codec, crf, bitrate }: EncodeFlags): RateControl {
  if (crf !== undefined && bitrate !== undefined) {
    throw new UsageError("--crf and --bitrate exclude each other");
  }
  if (bitrate !== undefined) return { kind: "bitrate", bitsPerSecond: readBitrate(bitrate) };
  return { kind: "crf", crf: crf ?? DEFAULT_CRF[codec] };
}

/** What no flag can say by itself. */
function checkTogether(settings: EncodeSettings): void {
  try {
    checkSettings(settings);
  } catch (error) {
    if (error instanceof InvalidSettingError) throw new UsageError(`--${error.setting}: ${error.message}`);
    throw error;
  }
  if (encodableFormats(settings).length > 0) return;
  const { codec, pixelFormat } = settings;
  const taken = PIXEL_FORMATS.filter((pixelFormat) =>
    encodableFormats({ ...settings, pixelFormat }).length > 0
  );
  throw new UsageError(`--pixel_format ${pixelFormat}: ${codec} is encoded as ${taken.join(" or ")}`);
}

const MULTIPLES: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6 };

function readBitrate(text: string): number {
  const [, digits, multiple = ""] = /^(\d+(?:\.\d+)?)([kM]?)$/.exec(text) ?? [];
  if (digits === undefined) {
    throw new UsageError(`--bitrate must be bits a second such as 800k or 2.5M, not ${JSON.stringify(text)}`);
  }
  return Math.round(Number(digits) * MULTIPLES[multiple]!);
}
