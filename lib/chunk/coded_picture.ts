/** What a packet's own bytes say of its picture, whatever the container says. */
import { descriptionBytes } from "./description_bytes.ts";
import { nalUnits } from "./nal_units.ts";

/** How a track is coded: a part of `VideoFacts`. */
export interface PictureCoding {
  readonly codec: string;
  readonly decoderConfig: { readonly description?: AllowSharedBufferSource | undefined };
}

/**
 * - `closed`: decoding can start here; what follows it is shown after it, or can be decoded nonetheless.
 * - `open`: decoding can start here, but pictures shown before it may need others before it.
 * - `leading`: follows an open one, is shown before it, and cannot be decoded when decoding starts there.
 * - `leading-decodable`: follows one that decoding starts with, is shown before it, and can be decoded.
 * - `other`: needs pictures before it.
 */
export type PictureKind = "closed" | "open" | "leading" | "leading-decodable" | "other";

/**
 * The kind of an H.264 or HEVC picture; undefined where its bytes do not tell, or for another codec.
 *
 * @see ITU-T H.264, 7.4.1 and 7.4.3, and H.265, 7.4.2.2.
 */
export function pictureKind(coding: PictureCoding, data: Uint8Array): PictureKind | undefined {
  if (coding.codec !== "avc" && coding.codec !== "hevc") return undefined;
  for (const unit of nalUnits(data, lengthBytes(coding))) {
    const kind = coding.codec === "avc" ? h264Kind(unit) : hevcKind(unit);
    if (kind) return kind;
  }
  return undefined;
}

/** What a packet that carries its own parameter sets says, hexadecimal; empty where it carries none. */
export interface ParameterSets {
  /** Sequence parameter sets, which the size of the picture depends on. */
  readonly sequence: string;
  /** Picture parameter sets. */
  readonly picture: string;
}

/** The parameter sets in the packets of a track whose decoder is not told of them beforehand (Annex B). */
export function parameterSetsIn({ codec }: PictureCoding, data: Uint8Array): ParameterSets {
  const [sequenceType, pictureType] = codec === "avc" ? [7, 8] : [33, 34];
  const sets = { sequence: "", picture: "" };
  for (const unit of nalUnits(data, undefined)) {
    const type = codec === "avc" ? unit[0]! & 0x1f : (unit[0]! >> 1) & 0x3f;
    if (type === sequenceType) sets.sequence += unit.toHex().replace(/(00)+$/, "");
    if (type === pictureType) sets.picture += unit.toHex().replace(/(00)+$/, "");
    if (codec === "avc" ? type >= 1 && type <= 5 : type < 32) break;
  }
  return sets;
}

/** How wide the lengths between units are; undefined: there are start codes. */
export function lengthBytes({ codec, decoderConfig: { description } }: PictureCoding): number | undefined {
  if (!description) return undefined;
  const bytes = descriptionBytes(description);
  return ((bytes[codec === "avc" ? 4 : 21] ?? 3) & 3) + 1;
}

function h264Kind(unit: Uint8Array): PictureKind | undefined {
  const type = unit[0]! & 0x1f;
  if (type === 5) return "closed";
  if (type < 1 || type > 4) return undefined;
  const { value: _firstMacroblock, nextBit } = expGolomb(unit, 8);
  // Such as the first of an intra refresh: a container may call it a keyframe, but not all of it is there yet.
  return expGolomb(unit, nextBit).value % 5 === 2 ? "open" : "other";
}

function hevcKind(unit: Uint8Array): PictureKind | undefined {
  const type = (unit[0]! >> 1) & 0x3f;
  if (type >= 32) return undefined;
  if (type === 6 || type === 7) return "leading-decodable";
  if (type === 8 || type === 9) return "leading";
  if (type === 19 || type === 20) return "closed";
  return type >= 16 && type <= 23 ? "open" : "other";
}

/** An unsigned Exp-Golomb code (H.264, 9.1). No slice header begins with more than 32 bits of one. */
function expGolomb(bytes: Uint8Array, bit: number): { readonly value: number; readonly nextBit: number } {
  const bitAt = (position: number) => ((bytes[position >> 3] ?? 0xff) >> (7 - (position & 7))) & 1;
  let zeros = 0;
  while (zeros < 32 && bitAt(bit + zeros) === 0) zeros++;
  let value = 1;
  for (let i = 1; i <= zeros; i++) value = value * 2 + bitAt(bit + zeros + i);
  return { value: value - 1, nextBit: bit + 2 * zeros + 1 };
}
