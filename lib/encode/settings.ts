/** What can be asked of an encoder: enumerated and range-checked, since it comes from the network. */
import type { FrameRate } from "../frame_grid.ts";

export const CODECS = ["h264", "hevc", "vp9", "av1"] as const;
export type Codec = typeof CODECS[number];

/** Speed against size, slowest last; the names that x264 gives them. */
export const PRESETS = [
  "ultrafast",
  "superfast",
  "veryfast",
  "faster",
  "fast",
  "medium",
  "slow",
  "slower",
  "veryslow",
] as const;
export type Preset = typeof PRESETS[number];

export const PIXEL_FORMATS = ["yuv420p", "yuv422p", "yuv444p", "yuv420p10"] as const;
export type PixelFormat = typeof PIXEL_FORMATS[number];

/** Constant quality, or an average number of bits a second. */
export type RateControl =
  | { readonly kind: "crf"; readonly crf: number }
  | { readonly kind: "bitrate"; readonly bitsPerSecond: number };

export interface EncodeSettings {
  readonly codec: Codec;
  readonly rate: RateControl;
  readonly preset: Preset;
  /**
   * Pixels; 0 with a height given keeps the picture's aspect, 0 and 0 its size. Of the picture as it is coded in what
   * an encoder is told, as it is shown in what a person or a client asks for: see `codedSettings()`.
   */
  readonly width: number;
  /** Pixels; 0 with a width given keeps the picture's aspect. */
  readonly height: number;
  /** "source" keeps the picture's own. */
  readonly pixelFormat: PixelFormat | "source";
  /** Frames from one keyframe to the next at most; 0: the encoder's own number. */
  readonly keyframeInterval: number;
  /** Whether to make whole frames of interlaced ones; else they stay interlaced. */
  readonly deinterlace: boolean;
  /** Frames a second to convert to, by repeating frames and leaving some out; "source" keeps each at its time. */
  readonly frameRate: FrameRate | "source";
  /** Encoder threads, 1 to 64. They shape the bytes, so they are part of the settings. */
  readonly threads: number;
}

/** What passes for good quality in each codec; the encoders' own defaults, where they have one. */
export const DEFAULT_CRF: Readonly<Record<Codec, number>> = { h264: 23, hevc: 28, vp9: 31, av1: 35 };

export const DEFAULT_SETTINGS: EncodeSettings = {
  codec: "h264",
  rate: { kind: "crf", crf: DEFAULT_CRF.h264 },
  preset: "medium",
  width: 0,
  height: 0,
  pixelFormat: "source",
  keyframeInterval: 0,
  deinterlace: false,
  frameRate: "source",
  threads: 1,
};

/** Bounds that hold whatever the codec; inclusive. */
export const LIMITS = {
  crf: { h264: [0, 51], hevc: [0, 51], vp9: [0, 63], av1: [0, 63] },
  bitsPerSecond: [1_000, 1_000_000_000],
  width: { h264: [16, 16_384], hevc: [16, 16_384], vp9: [16, 16_384], av1: [16, 16_384] },
  height: { h264: [16, 16_384], hevc: [16, 16_384], vp9: [16, 16_384], av1: [16, 8_704] },
  /** Of a picture in all; see `CHUNK_LIMITS`. */
  pixels: 8_192 * 8_192,
  keyframeInterval: [0, 10_000],
  framesPerSecond: [0.1, 1_000],
  /** Of a frame rate's numerator and denominator. */
  frameRatePart: [1, 1_000_000],
  threads: [1, 64],
} as const;

/** Encoders whose constant rate factor has no fractions. */
const WHOLE_CRF: ReadonlySet<Codec> = new Set(["vp9", "av1"]);

/** A setting that is out of its range. */
export class InvalidSettingError extends Error {
  override readonly name = "InvalidSettingError";
  /** Which setting, such as `crf`, `bitrate` or `frame_rate`: as the wire spells it, or begins to. */
  readonly setting: string;

  constructor(setting: string, message: string) {
    super(message);
    this.setting = setting;
  }
}

/**
 * Checks the ranges that the types cannot hold.
 *
 * @throws {InvalidSettingError} Naming the setting, its value and the range.
 */
export function checkSettings(settings: EncodeSettings): void {
  const { rate } = settings;
  if (rate.kind === "crf") inRange("crf", rate.crf, LIMITS.crf[settings.codec]);
  else inRange("bitrate", rate.bitsPerSecond, LIMITS.bitsPerSecond, "whole");
  for (const side of ["width", "height"] as const) {
    if (settings[side] !== 0) inRange(side, settings[side], LIMITS[side][settings.codec], "whole");
  }
  checkPixels(settings);
  inRange("keyframe_interval", settings.keyframeInterval, LIMITS.keyframeInterval, "whole");
  if (WHOLE_CRF.has(settings.codec) && rate.kind === "crf" && !Number.isInteger(rate.crf)) {
    throw new InvalidSettingError(
      "crf",
      `Cannot encode with crf ${rate.crf}: ${settings.codec} takes whole numbers`,
    );
  }
  if (settings.frameRate !== "source") checkFrameRate(settings.frameRate);
  inRange("threads", settings.threads, LIMITS.threads, "whole");
}

function checkPixels({ width, height }: Pick<EncodeSettings, "width" | "height">): void {
  if (width * height <= LIMITS.pixels) return;
  throw new InvalidSettingError(
    "width",
    `Cannot encode pictures of ${width}x${height}: they may have ${LIMITS.pixels} pixels in all`,
  );
}

/**
 * Checks the picture that comes of a source's, where the settings leave a side to it.
 *
 * @param source Its size in pixels.
 * @throws {InvalidSettingError} Naming the side that would have to be asked for, or less of it.
 */
export function checkPicture(
  settings: Pick<EncodeSettings, "codec" | "width" | "height">,
  source: { readonly width: number; readonly height: number },
): void {
  const { width, height } = settings;
  const scale = width > 0 ? width / source.width : height > 0 ? height / source.height : 1;
  const picture = {
    width: width || Math.round(source.width * scale),
    height: height || Math.round(source.height * scale),
  };
  for (const side of ["width", "height"] as const) {
    const [min, max] = LIMITS[side][settings.codec];
    if (picture[side] >= min && picture[side] <= max) continue;
    throw new InvalidSettingError(
      side,
      `Cannot encode pictures of ${picture.width}x${picture.height} as ${settings.codec}: ` +
        `its ${side} must be from ${min} to ${max} pixels`,
    );
  }
  checkPixels(picture);
}

function checkFrameRate({ num, den }: FrameRate): void {
  const [min, max] = LIMITS.frameRatePart;
  const isFraction = [num, den].every((part) => Number.isInteger(part) && part >= min && part <= max);
  const [slowest, fastest] = LIMITS.framesPerSecond;
  if (isFraction && num / den >= slowest && num / den <= fastest) return;
  throw new InvalidSettingError(
    "frame_rate",
    `Cannot encode with frame_rate ${num}/${den}: it must be a fraction from ${slowest} to ${fastest}, ` +
      `both parts whole numbers up to ${max}`,
  );
}

function inRange(
  setting: string,
  value: number,
  [min, max]: readonly [number, number],
  kind?: "whole",
): void {
  const fits = value >= min && value <= max && (kind !== "whole" || Number.isInteger(value));
  if (!fits) {
    throw new InvalidSettingError(
      setting,
      `Cannot encode with ${setting} ${value}: it must be a ${kind ?? "real"} number from ${min} to ${max}`,
    );
  }
}
