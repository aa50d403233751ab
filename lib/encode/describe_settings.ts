/** Encode settings in words, for what a finished file says of itself. */
import type { EncodeSettings } from "./settings.ts";

/** Such as `crf 23, preset medium, height 360`: all that is not left to the source. The same settings, the same text. */
export function describeSettings(settings: Omit<EncodeSettings, "threads">): string {
  const { rate, preset, width, height, pixelFormat, keyframeInterval, deinterlace, frameRate } = settings;
  return [
    rate.kind === "crf" ? `crf ${rate.crf}` : `bitrate ${rate.bitsPerSecond}`,
    `preset ${preset}`,
    ...(width === 0 ? [] : [`width ${width}`]),
    ...(height === 0 ? [] : [`height ${height}`]),
    ...(pixelFormat === "source" ? [] : [`pixel format ${pixelFormat}`]),
    ...(keyframeInterval === 0 ? [] : [`keyframe interval ${keyframeInterval}`]),
    ...(deinterlace ? ["deinterlaced"] : []),
    ...(frameRate === "source" ? [] : [`${frameRate.num}/${frameRate.den} frames a second`]),
  ].join(", ");
}
