/** The flags by which a command says how to encode. */
import { checkSettings, CODECS, DEFAULT_SETTINGS, InvalidSettingError, PRESETS } from "../encode/settings.ts";
import type { RequestedSettings } from "../rpc/wire_settings.ts";
import { UsageError } from "./usage_error.ts";

export const ENCODE_FLAGS = {
  codec: { kind: "choice", choices: CODECS, default: DEFAULT_SETTINGS.codec, help: "Codec of the shards." },
  crf: {
    kind: "number",
    min: 0,
    max: 63,
    defaultText: "23 for h264",
    help: "Constant quality, lower is better; 0 is lossless in h264.",
  },
  bitrate: {
    kind: "string",
    valueName: "BITS",
    help: "Bits a second instead of --crf, such as 800k or 2.5M.",
  },
  preset: { kind: "choice", choices: PRESETS, default: DEFAULT_SETTINGS.preset, help: "Speed against size." },
  width: { kind: "integer", min: 16, max: 16_384, help: "Pixels; alone it keeps the picture's aspect." },
  height: { kind: "integer", min: 16, max: 16_384, help: "Pixels; alone it keeps the picture's aspect." },
} as const;

interface EncodeFlags {
  readonly codec: typeof CODECS[number];
  readonly crf: number | undefined;
  readonly bitrate: string | undefined;
  readonly preset: typeof PRESETS[number];
  readonly width: number | undefined;
  readonly height: number | undefined;
}

/** @throws {UsageError} If they contradict each other or are out of the codec's range. */
export function readEncodeFlags(flags: EncodeFlags): RequestedSettings {
  const { codec, crf, bitrate, preset, width = 0, height = 0 } = flags;
  if (crf !== undefined && bitrate !== undefined) {
    throw new UsageError("--crf and --bitrate exclude each other");
  }
  const rate = bitrate !== undefined
    ? { kind: "bitrate", bitsPerSecond: readBitrate(bitrate) } as const
    : crf !== undefined
    ? { kind: "crf", crf } as const
    : DEFAULT_SETTINGS.rate;
  const settings = { codec, rate, preset, width, height, pixelFormat: "source" } as const;
  try {
    checkSettings({ ...settings, threads: DEFAULT_SETTINGS.threads });
  } catch (error) {
    if (error instanceof InvalidSettingError) throw new UsageError(`--${error.setting}: ${error.message}`);
    throw error;
  }
  return settings;
}

const MULTIPLES: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6 };

function readBitrate(text: string): number {
  const [, digits, multiple = ""] = /^(\d+(?:\.\d+)?)([kM]?)$/.exec(text) ?? [];
  if (digits === undefined) {
    throw new UsageError(`--bitrate must be bits a second such as 800k or 2.5M, not ${JSON.stringify(text)}`);
  }
  return Math.round(Number(digits) * MULTIPLES[multiple]!);
}
