/** Parameter sets that packets repeat although the decoder has been told of them. */
import { lengthBytes, type PictureCoding } from "./coded_picture.ts";
import { descriptionBytes } from "./description_bytes.ts";
import { nalUnits } from "./nal_units.ts";

/**
 * A packet's data without the parameter sets that the track's own configuration has too. Some muxers repeat them in
 * every keyframe, FFmpeg's `concat` among them: the chunks of a source that grew that way would be other ones.
 *
 * @see ISO/IEC 14496-15, 5.3.3.1 and 8.3.3.1: each set in the configuration follows its length in 16 bits.
 */
export function withoutKnownSets(coding: PictureCoding, data: Uint8Array): Uint8Array {
  const width = lengthBytes(coding);
  const { description } = coding.decoderConfig;
  if (width === undefined || description === undefined || !(coding.codec in SETS)) return data;
  const configuration = descriptionBytes(description).toHex();
  const units = [...nalUnits(data, width)];
  const kept = units.filter((unit) => !isSet(coding.codec, unit) || !has(configuration, unit));
  if (kept.length === units.length) return data;
  const lean = new Uint8Array(kept.reduce((size, unit) => size + width + unit.length, 0));
  let position = 0;
  for (const unit of kept) {
    for (let i = 0; i < width; i++) lean[position + i] = unit.length >>> (8 * (width - 1 - i));
    lean.set(unit, position + width);
    position += width + unit.length;
  }
  return lean;
}

/** By codec, the types of the units: ITU-T H.264, table 7-1, and H.265, table 7-1. */
const SETS: Readonly<Record<string, ReadonlySet<number>>> = {
  avc: new Set([7, 8]),
  hevc: new Set([32, 33, 34]),
};

function isSet(codec: string, unit: Uint8Array): boolean {
  return SETS[codec]!.has(codec === "avc" ? unit[0]! & 0x1f : (unit[0]! >> 1) & 0x3f);
}

function has(configuration: string, unit: Uint8Array): boolean {
  const set = unit.length.toString(16).padStart(4, "0") + unit.toHex();
  for (let at = configuration.indexOf(set); at >= 0; at = configuration.indexOf(set, at + 1)) {
    if (at % 2 === 0) return true;
  }
  return false;
}
