/** Parameter sets that packets repeat although the decoder has been told of them. */
import {
  lengthBytes,
  parameterSetKind,
  parameterSetText,
  type PictureCoding,
  statedSets,
} from "./coded_picture.ts";
import { nalUnits } from "./nal_units.ts";

/**
 * The data of packets that are decoded one after another, without their parameter sets where the track's own
 * configuration has each of them. Some muxers repeat them in every keyframe, FFmpeg's `concat` among them: the chunks
 * of a source that grew that way would be other ones. Where there is one that the configuration has not, all are left
 * as they are: it may stand for another of its number until that one is repeated.
 *
 * @see ISO/IEC 14496-15, 5.3.3 and 8.3.3: each unit follows its length.
 */
export function withoutKnownSets(
  coding: PictureCoding,
  packets: readonly Uint8Array[],
): readonly Uint8Array[] {
  const { codec } = coding;
  const width = lengthBytes(coding);
  if (width === undefined || (codec !== "avc" && codec !== "hevc")) return packets;
  const known = new Set(Object.values(statedSets(coding)).flat());
  let found = 0;
  for (const data of packets) {
    let sizeBytes = 0;
    for (const unit of nalUnits(data, width)) {
      sizeBytes += width + unit.length;
      if (parameterSetKind(codec, unit) === undefined) continue;
      if (!known.has(parameterSetText(unit))) return packets;
      found++;
    }
    if (sizeBytes !== data.length) return packets; // the rest may be anything
  }
  return found === 0 ? packets : packets.map((data) => withoutSets(codec, width, data));
}

function withoutSets(codec: string, width: number, data: Uint8Array): Uint8Array {
  const kept = [...nalUnits(data, width)].filter((unit) => parameterSetKind(codec, unit) === undefined);
  const lean = new Uint8Array(kept.reduce((size, unit) => size + width + unit.length, 0));
  if (lean.length === data.length) return data;
  let position = 0;
  for (const unit of kept) {
    for (let i = 0; i < width; i++) lean[position + i] = unit.length >>> (8 * (width - 1 - i));
    lean.set(unit, position + width);
    position += width + unit.length;
  }
  return lean;
}
