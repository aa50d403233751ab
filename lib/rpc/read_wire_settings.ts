/** Encode settings as they came by the wire, trusting none of them. */
import {
  checkSettings,
  type Codec,
  DEFAULT_CRF,
  DEFAULT_SETTINGS,
  type EncodeSettings,
  type RateControl,
} from "../encode/settings.ts";
import type { EncodeSettings__Output } from "./generated/replication/EncodeSettings.ts";
import { fromInt64 } from "./int64.ts";
import { nameOnWire, WIRE_CODECS, WIRE_PIXEL_FORMATS, WIRE_PRESETS } from "./wire_settings.ts";

export interface ReadSettingsOptions {
  /** What settings that name no codec, or are absent, get. */
  readonly codec?: Codec | undefined;
  /** What settings that name no number of threads, or are absent, get. */
  readonly threads: number;
  /** Makes the error of a field, as the wire spells it, that is not known. */
  readonly refuse: (field: string, reason: string) => Error;
}

/** @throws {InvalidSettingError} For a setting out of its range. @throws What `options.refuse` makes. */
export function readWireSettings(
  wire: EncodeSettings__Output | null,
  options: ReadSettingsOptions,
): EncodeSettings {
  const { threads, refuse, codec: usualCodec = DEFAULT_SETTINGS.codec } = options;
  if (!wire) {
    const rate = { kind: "crf", crf: DEFAULT_CRF[usualCodec] } as const;
    return { ...DEFAULT_SETTINGS, codec: usualCodec, rate, threads };
  }

  /** An unspecified value is the usual one; one that the proto does not have arrives as its number. */
  function readEnum<Name extends string>(
    field: string,
    table: Readonly<Record<Name, string>>,
    value: string,
    usual: Name,
  ): Name {
    if (String(value).endsWith("_UNSPECIFIED")) return usual;
    const name = nameOnWire(table, String(value));
    if (name !== undefined) return name;
    throw refuse(`settings.${field}`, `${value} is not known`);
  }

  function readRate({ rateControl, crf, bitrate }: EncodeSettings__Output, codec: Codec): RateControl {
    if (rateControl === "crf") return { kind: "crf", crf: crf ?? NaN };
    if (rateControl !== "bitrate") return { kind: "crf", crf: DEFAULT_CRF[codec] };
    try {
      return { kind: "bitrate", bitsPerSecond: fromInt64(bitrate ?? "", "settings.bitrate") };
    } catch {
      throw refuse("settings.bitrate", `${bitrate} is past 2^53 - 1`);
    }
  }

  const codec = readEnum("codec", WIRE_CODECS, wire.codec, usualCodec);
  const { frameRateNum: num, frameRateDen: den } = wire;
  const settings: EncodeSettings = {
    codec,
    rate: readRate(wire, codec),
    preset: readEnum("preset", WIRE_PRESETS, wire.preset, DEFAULT_SETTINGS.preset),
    width: wire.width,
    height: wire.height,
    pixelFormat: readEnum("pixel_format", WIRE_PIXEL_FORMATS, wire.pixelFormat, "source"),
    keyframeInterval: wire.keyframeInterval,
    deinterlace: wire.deinterlace,
    frameRate: num === 0 && den === 0 ? "source" : { num, den }, // what it may be is checked below
    threads: wire.threads === 0 ? threads : wire.threads,
  };
  checkSettings(settings);
  return settings;
}
