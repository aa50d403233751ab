/** What a decoded frame says of the pictures of its video. */
import { avGetPixFmtName, type Frame } from "node-av/lib";
import {
  AV_FRAME_DATA_CONTENT_LIGHT_LEVEL,
  AV_FRAME_DATA_MASTERING_DISPLAY_METADATA,
  AV_FRAME_FLAG_INTERLACED,
  AV_FRAME_FLAG_TOP_FIELD_FIRST,
  type AVPixelFormat,
} from "node-av/constants";
import { type HdrMetadata, readContentLight, readMasteringDisplay } from "../hdr_metadata.ts";
import type { Fields, PictureFacts } from "../picture_facts.ts";

/** The facts of a video that `first` is the first frame of. */
export function pictureFacts(first: Frame): PictureFacts {
  return {
    width: first.width,
    height: first.height,
    pixelFormat: avGetPixFmtName(first.format as AVPixelFormat) ?? "unknown",
    fields: fieldsOf(first),
    hdr: hdrMetadataOf(first),
  };
}

function fieldsOf(frame: Frame): Fields {
  if (!frame.hasFlags(AV_FRAME_FLAG_INTERLACED)) return "whole";
  return frame.hasFlags(AV_FRAME_FLAG_TOP_FIELD_FIRST) ? "top first" : "bottom first";
}

function hdrMetadataOf(frame: Frame): HdrMetadata {
  const display = frame.getSideData(AV_FRAME_DATA_MASTERING_DISPLAY_METADATA);
  const light = frame.getSideData(AV_FRAME_DATA_CONTENT_LIGHT_LEVEL);
  const masteringDisplay = display ? readMasteringDisplay(display) : undefined;
  return {
    ...(masteringDisplay && { masteringDisplay }),
    ...(light && { contentLight: readContentLight(light)! }),
  };
}
