/** A whole encode: chunk on stdin, shard on stdout. */
import type * as av from "node-av/lib";
import { avGetPixFmtName } from "node-av/lib";
import {
  AV_FRAME_DATA_CONTENT_LIGHT_LEVEL,
  AV_FRAME_DATA_MASTERING_DISPLAY_METADATA,
  type AVPixelFormat,
} from "node-av/constants";
import { ASSUMED_FRAME_RATE, type SegmentSpan } from "../encoder.ts";
import { type HdrMetadata, readContentLight, readMasteringDisplay } from "../hdr_metadata.ts";
import type { EncodeSettings } from "../settings.ts";
import { filterChain } from "../video_filters.ts";
import { CODEC_ENCODERS } from "../codec_encoder.ts";
import { RefusedError } from "./ffmpeg_call.ts";
import { filterFrame, type Filters, openFilters } from "./filters.ts";
import { decodeFrames, openInput } from "./input.ts";
import { encodeFrame, finishOutput, openOutput, type Output } from "./output.ts";

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
  let filters: Filters | undefined;
  let output: Output | undefined;
  let frames = 0;
  let lastTicks = -1n;

  const encode = (frame: av.Frame): void => {
    if (frames === segment.frameCount) {
      throw new RefusedError(`it has more than the ${segment.frameCount} frames that the task says`);
    }
    if (frame.pts <= lastTicks) throw new RefusedError("the times of its frames do not ascend");
    lastTicks = frame.pts;
    const { timescale } = segment;
    output ??= openOutput(frame, {
      timescale,
      threads,
      frameRate: segment.frameRate ?? ASSUMED_FRAME_RATE,
      encoder,
      encoderOptions: encoder.options(settings, segment, hdrMetadataOf(frame)),
    });
    encodeFrame(output, frame);
    frames += 1;
    onFrame(frames);
  };

  decodeFrames(input, (frame) => {
    const { timeBase } = input.stream;
    filters ??= openFilters(filterChain(settings, segment), frame, { timeBase, threads });
    filterFrame(filters, frame, encode);
  });
  if (filters) filterFrame(filters, null, encode);
  if (!filters || !output || frames !== segment.frameCount) {
    throw new RefusedError(`it has ${frames} frames, the task says ${segment.frameCount}`);
  }
  finishOutput(output);
  input.format.closeInputSync();
  const notes = formatNotes(filters.input.format, output.encoder.pixelFormat, settings);
  return { frames, notes: output.losesFields ? [...notes, FIELDS_NOTE] : notes };
}

const FIELDS_NOTE =
  "The picture is interlaced, which the codec cannot state: both fields of a frame are coded as one";

function hdrMetadataOf(frame: av.Frame): HdrMetadata {
  const display = frame.getSideData(AV_FRAME_DATA_MASTERING_DISPLAY_METADATA);
  const light = frame.getSideData(AV_FRAME_DATA_CONTENT_LIGHT_LEVEL);
  const masteringDisplay = display ? readMasteringDisplay(display) : undefined;
  return {
    ...(masteringDisplay && { masteringDisplay }),
    ...(light && { contentLight: readContentLight(light)! }),
  };
}

function formatNotes(
  source: AVPixelFormat,
  encoded: AVPixelFormat,
  { pixelFormat }: EncodeSettings,
): string[] {
  if (pixelFormat !== "source" || source === encoded) return [];
  return [
    `Pixel format converted from ${avGetPixFmtName(source)}, which the encoder cannot take, ` +
    `to ${avGetPixFmtName(encoded)}`,
  ];
}
