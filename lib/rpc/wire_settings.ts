/** Encode settings as the wire spells them, and back. */
import type { Codec, EncodeSettings, PixelFormat, Preset } from "../encode/settings.ts";
import type { Codec__Output } from "./generated/replication/Codec.ts";
import type { EncodeSettings as WireSettings } from "./generated/replication/EncodeSettings.ts";
import type { PixelFormat__Output } from "./generated/replication/PixelFormat.ts";
import type { Preset__Output } from "./generated/replication/Preset.ts";

export const WIRE_CODECS = {
  h264: "CODEC_H264",
  hevc: "CODEC_HEVC",
  vp9: "CODEC_VP9",
  av1: "CODEC_AV1",
} as const satisfies Record<Codec, Codec__Output>;

export const WIRE_PRESETS = {
  ultrafast: "PRESET_ULTRAFAST",
  superfast: "PRESET_SUPERFAST",
  veryfast: "PRESET_VERYFAST",
  faster: "PRESET_FASTER",
  fast: "PRESET_FAST",
  medium: "PRESET_MEDIUM",
  slow: "PRESET_SLOW",
  slower: "PRESET_SLOWER",
  veryslow: "PRESET_VERYSLOW",
} as const satisfies Record<Preset, Preset__Output>;

export const WIRE_PIXEL_FORMATS = {
  source: "PIXEL_FORMAT_UNSPECIFIED",
  yuv420p: "PIXEL_FORMAT_YUV420P",
  yuv422p: "PIXEL_FORMAT_YUV422P",
  yuv444p: "PIXEL_FORMAT_YUV444P",
  yuv420p10: "PIXEL_FORMAT_YUV420P10",
} as const satisfies Record<PixelFormat | "source", PixelFormat__Output>;

/** The name whose spelling on the wire this is; undefined for one that is not in the table. */
export function nameOnWire<Name extends string>(
  table: Readonly<Record<Name, string>>,
  wire: string,
): Name | undefined {
  for (const name in table) if (table[name] === wire) return name;
  return undefined;
}

/** Settings whose threads, where absent, are the worker's to choose. */
export type RequestedSettings = Omit<EncodeSettings, "threads"> & { readonly threads?: number | undefined };

export function toWireSettings(settings: RequestedSettings): WireSettings {
  const { rate } = settings;
  return {
    codec: WIRE_CODECS[settings.codec],
    ...(rate.kind === "crf" ? { crf: rate.crf } : { bitrate: rate.bitsPerSecond }),
    preset: WIRE_PRESETS[settings.preset],
    width: settings.width,
    height: settings.height,
    pixelFormat: WIRE_PIXEL_FORMATS[settings.pixelFormat],
    keyframeInterval: settings.keyframeInterval,
    deinterlace: settings.deinterlace,
    ...(settings.frameRate !== "source" && {
      frameRateNum: settings.frameRate.num,
      frameRateDen: settings.frameRate.den,
    }),
    threads: settings.threads ?? 0,
  };
}
