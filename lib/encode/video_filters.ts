/** The picture's way from decoder to encoder, in FFmpeg's filter language; the same for both encoders. */
import { type FrameRate, gridOffset } from "../frame_grid.ts";
import { CODEC_ENCODERS, encodableFormats } from "./codec_encoder.ts";
import type { ConvertedSpan, SegmentSpan } from "./encoder.ts";
import type { EncodeSettings } from "./settings.ts";

/** Whether an encoder that takes these formats, by FFmpeg's names, can be asked for the settings' own. */
export function takesPixelFormat(formats: readonly string[], settings: EncodeSettings): boolean {
  return encodableFormats(settings).some((format) => formats.includes(format));
}

/** Ticks a second of the times that leave {@link filterChain}: the segment's own, or those of a converted rate. */
export function encodedTimescale({ frameRate }: EncodeSettings, { timescale }: SegmentSpan): number {
  return frameRate === "source" ? timescale : frameRate.num;
}

export interface FilterOptions {
  /** Whether the log tells of each frame before its rate is converted, as `FfmpegProgress` reads it. */
  readonly countsFrames?: boolean;
}

/**
 * A chain of one input and one output. Times leave it in ticks of {@link encodedTimescale}, with the first frame at
 * 0; frames past the segment's end are dropped. Where nothing has to change, frames pass untouched.
 */
export function filterChain(
  settings: EncodeSettings,
  segment: SegmentSpan,
  { countsFrames = false }: FilterOptions = {},
): string {
  const { timescale, converted } = segment;
  const { frameRate } = settings;
  return [
    // Before the times are set: it counts in half ticks. Frames that are whole already pass untouched.
    ...(settings.deinterlace ? ["bwdif=mode=send_frame:deint=interlaced"] : []),
    `settb=1/${timescale}`,
    "setpts=PTS-STARTPTS",
    ...(frameRate === "source" || !converted ? endFilters(segment) : [
      ...(countsFrames ? [countingFilter(segment)] : []),
      ...rateFilters(frameRate, segment, converted),
    ]),
    `scale=w=${scaledSides(settings).join(":h=")}:flags=bicubic:interl=-1`,
    // The first that is the source's own, else the nearest to it.
    `format=${encodableFormats(settings).join("|")}`,
    // Where colours are coded at half the size, sides are even. Scaled to that, no pixel would stay as it was.
    ...(CODEC_ENCODERS[settings.codec].takesOddSides
      ? []
      : ["crop=w=trunc(iw/hsub)*hsub:h=trunc(ih/vsub)*vsub:x=0:y=0"]),
  ].join(",");
}

function endFilters({ startTicks, endTicks }: SegmentSpan): string[] {
  return endTicks === undefined ? [] : [`trim=end_pts=${endTicks - startTicks}`];
}

/** Ticks a second among which no two frames of any rate lie together. */
const FINE_TIMESCALE = 1_000_000;

/**
 * Shows at each time of the grid the latest frame at or before it, the last one as long as frames are missing. In
 * whole numbers throughout, which the expressions' doubles hold: fps alone would round its start to microseconds.
 */
function rateFilters(
  rate: FrameRate,
  { timescale, startTicks, frameCount }: SegmentSpan,
  { originTicks, sourceFrameCount }: ConvertedSpan,
): string[] {
  const { steps, stepsAFrame } = gridOffset({ rate, timescale, originTicks }, startTicks);
  const finer = Math.ceil(FINE_TIMESCALE / timescale);
  const gridFrame = `ceil((PTS/${finer}*${rate.num}-${steps})/${stepsAFrame})`;
  // Whatever comes after the segment's own frames: a lead-out, or the end, whose time FFmpeg 5 gets wrong.
  const frame = `if(gte(N,${sourceFrameCount}),${frameCount},${gridFrame})`;
  return [
    `settb=1/${timescale * finer}`,
    // Each frame to the first time of the grid at which it may be seen; of those with one time the last one stays.
    `setpts='round(${frame}*${rate.den}*${timescale * finer}/${rate.num})'`,
    `fps=fps=${rate.num}/${rate.den}:start_time=0`,
    `settb=1/${rate.num}`,
  ];
}

/** Has the log say of each frame, as an error, how many of the segment's own have come. */
function countingFilter({ startTicks, endTicks = Infinity }: SegmentSpan): string {
  const isOwn = endTicks === Infinity ? "1" : `lt(pts,${endTicks - startTicks})`;
  return `select='if(${isOwn},print(n+1,${AV_LOG_ERROR}),0)'`;
}

/** @see libavutil/log.h */
const AV_LOG_ERROR = 16;

function scaledSides({ width, height }: EncodeSettings): [width: string, height: string] {
  if (width === 0 && height === 0) return ["iw", "ih"];
  return [sideOrAspect(width), sideOrAspect(height)];
}

/** -2: what keeps the aspect, rounded to an even number. */
function sideOrAspect(side: number): string {
  return side === 0 ? "-2" : String(Math.round(side / 2) * 2);
}
