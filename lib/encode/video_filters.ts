/** The picture's way from decoder to encoder, in FFmpeg's filter language; the same for both encoders. */
import { encodableFormats } from "./codec_encoder.ts";
import type { SegmentSpan } from "./encoder.ts";
import type { EncodeSettings } from "./settings.ts";

/** Whether an encoder that takes these formats, by FFmpeg's names, can be asked for the settings' own. */
export function takesPixelFormat(formats: readonly string[], settings: EncodeSettings): boolean {
  return encodableFormats(settings).some((format) => formats.includes(format));
}

/**
 * A chain of one input and one output. Times leave it in ticks of `segment`, with the first frame at 0; frames
 * past the segment's end are dropped; sides are even. Where nothing has to change, frames pass untouched.
 */
export function filterChain(settings: EncodeSettings, segment: SegmentSpan): string {
  const { timescale, startTicks, endTicks } = segment;
  return [
    // Before the times are set: it counts in half ticks. Frames that are whole already pass untouched.
    ...(settings.deinterlace ? ["bwdif=mode=send_frame:deint=interlaced"] : []),
    `settb=1/${timescale}`,
    "setpts=PTS-STARTPTS",
    ...(endTicks === undefined ? [] : [`trim=end_pts=${endTicks - startTicks}`]),
    `scale=w=${scaledSides(settings).join(":h=")}:flags=bicubic:interl=-1`,
    // The first that is the source's own, else the nearest to it.
    `format=${encodableFormats(settings).join("|")}`,
  ].join(",");
}

function scaledSides({ width, height }: EncodeSettings): [width: string, height: string] {
  if (width === 0 && height === 0) return ["trunc(iw/2)*2", "trunc(ih/2)*2"];
  return [sideOrAspect(width), sideOrAspect(height)];
}

/** -2: what keeps the aspect, rounded to an even number. */
function sideOrAspect(side: number): string {
  return side === 0 ? "-2" : String(Math.round(side / 2) * 2);
}
