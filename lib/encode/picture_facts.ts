/** What is known of a video's pictures from the first of them, and what an encode changes without being asked to. */
import { CODEC_ENCODERS } from "./codec_encoder.ts";
import type { HdrMetadata } from "./hdr_metadata.ts";
import type { EncodeSettings } from "./settings.ts";

/** Which of the two fields of a frame is earlier; "whole": it is no two fields. */
export type Fields = "whole" | "top first" | "bottom first";

export interface PictureFacts {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** By FFmpeg's name. */
  readonly pixelFormat: string;
  readonly fields: Fields;
  readonly hdr: HdrMetadata;
}

/** Pure: a sentence for each thing in which the pictures that are encoded differ from those of the source. */
export function changeNotes(source: PictureFacts, encoded: PictureFacts, settings: EncodeSettings): string[] {
  const encoder = CODEC_ENCODERS[settings.codec];
  const notes: string[] = [];
  if (settings.pixelFormat === "source" && source.pixelFormat !== encoded.pixelFormat) {
    notes.push(
      `Pixel format converted from ${source.pixelFormat}, which the encoder cannot take, to ${encoded.pixelFormat}`,
    );
  }
  const isScaled = settings.width !== 0 || settings.height !== 0;
  if (!isScaled && (source.width !== encoded.width || source.height !== encoded.height)) {
    notes.push(
      `The picture of ${source.width}x${source.height} is cut to ${encoded.width}x${encoded.height}, at the right ` +
        "and at the bottom: the encoder takes even sides only",
    );
  }
  if (encoded.fields !== "whole" && !encoder.codesFields) {
    notes.push(
      "The picture is interlaced, which the codec cannot state: both fields of a frame are coded as one, and " +
        "deinterlacing would make whole frames of them",
    );
  }
  if (encoder.losesHdrMetadata && (encoded.hdr.masteringDisplay || encoded.hdr.contentLight)) {
    notes.push(
      "The codec has no place for the HDR metadata of the display that the picture was graded on: the output " +
        "has it only where the source's container states it",
    );
  }
  return notes;
}
