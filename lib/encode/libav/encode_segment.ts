/** A whole encode: chunk on stdin, shard on stdout. */
import type * as av from "node-av/lib";
import { ASSUMED_FRAME_RATE, type SegmentSpan } from "../encoder.ts";
import { changeNotes, type PictureFacts } from "../picture_facts.ts";
import type { EncodeSettings } from "../settings.ts";
import { encodedTimescale, filterChain } from "../video_filters.ts";
import { CODEC_ENCODERS } from "../codec_encoder.ts";
import { RefusedError } from "./ffmpeg_call.ts";
import { filterFrame, type Filters, openFilters } from "./filters.ts";
import { decodeFrames, openInput } from "./input.ts";
import { encodeFrame, finishOutput, openOutput, type Output } from "./output.ts";
import { pictureFacts } from "./picture.ts";

export interface SegmentResult {
  readonly frames: number;
  /** What was changed without being asked for, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Decodes, filters and encodes frame by frame over blocking calls.
 *
 * @param onFrame Told of the frames encoded so far, after each.
 * @throws {RefusedError} If the chunk cannot be decoded, or has other frames than `segment` says.
 */
export function encodeSegment(
  { settings, segment }: { readonly settings: EncodeSettings; readonly segment: SegmentSpan },
  onFrame: (frames: number) => void,
): SegmentResult {
  const { threads } = settings;
  const encoder = CODEC_ENCODERS[settings.codec];
  const input = openInput();
  let decoded: PictureFacts | undefined;
  let filters: Filters | undefined;
  let filtered: PictureFacts | undefined;
  let output: Output | undefined;
  let sourceFrames = 0;
  let frames = 0;
  let lastTicks = -1n;

  const encode = (frame: av.Frame): void => {
    if (frames === segment.frameCount) {
      throw new RefusedError(`it has more than the ${segment.frameCount} frames that the task says`);
    }
    if (frame.pts <= lastTicks) throw new RefusedError("the times of its frames do not ascend");
    lastTicks = frame.pts;
    filtered ??= pictureFacts(frame);
    output ??= openOutput(frame, {
      timescale: encodedTimescale(settings, segment),
      threads,
      frameRate: segment.frameRate ?? ASSUMED_FRAME_RATE,
      encoder,
      encoderOptions: encoder.options(settings, segment, filtered),
    });
    encodeFrame(output, frame);
    frames += 1;
    onFrame(frames);
  };

  decodeFrames(input, (frame) => {
    const { timeBase } = input.stream;
    decoded ??= pictureFacts(frame);
    if (isOwn(frame, timeBase, segment)) sourceFrames += 1;
    filters ??= openFilters(filterChain(settings, segment), frame, { timeBase, threads });
    filterFrame(filters, frame, encode);
  });
  if (filters) filterFrame(filters, null, encode);
  const { sourceFrameCount = sourceFrames } = segment.converted ?? {};
  if (sourceFrames !== sourceFrameCount) {
    throw new RefusedError(`it has ${sourceFrames} frames to convert, the task says ${sourceFrameCount}`);
  }
  if (!decoded || !filtered || !output || frames !== segment.frameCount) {
    throw new RefusedError(`it has ${frames} frames, the task says ${segment.frameCount}`);
  }
  finishOutput(output);
  input.format.closeInputSync();
  return { frames, notes: changeNotes(decoded, filtered, settings) };
}

/** Whether a frame is none of the lead-out; a chunk's times begin at 0. */
function isOwn(
  { pts }: av.Frame,
  { num, den }: av.Rational,
  { timescale, startTicks, endTicks }: SegmentSpan,
) {
  return endTicks === undefined || Number(pts) * num * timescale < (endTicks - startTicks) * den;
}
