/** What a packet's own bytes say of its picture, whatever the container says. */
import { descriptionBytes } from "./description_bytes.ts";
import { nalUnits, recordUnits } from "./nal_units.ts";

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

/** Parameter sets by kind, in hexadecimal and in their order. */
export interface ParameterSets {
  /** Of HEVC alone. */
  readonly video: readonly string[];
  /** Which the form of the picture depends on, such as its size. */
  readonly sequence: readonly string[];
  readonly picture: readonly string[];
}

/** The parameter sets that a packet has in front of its picture. */
export function parameterSetsIn(coding: PictureCoding, data: Uint8Array): ParameterSets {
  return setsAmong(coding.codec, beforePicture(coding.codec, nalUnits(data, lengthBytes(coding))));
}

/** Those that a decoder is told of beforehand; none where all are in the packets (Annex B). */
export function statedSets({ codec, decoderConfig: { description } }: PictureCoding): ParameterSets {
  if (codec !== "avc" && codec !== "hevc") return setsAmong(codec, []);
  return setsAmong(codec, recordUnits(codec, descriptionBytes(description)));
}

/** ITU-T H.264, table 7-1, and H.265, table 7-1. Undefined: no parameter set. */
export function parameterSetKind(codec: string, unit: Uint8Array): keyof ParameterSets | undefined {
  if (codec === "avc") return H264_SETS[unit[0]! & 0x1f];
  return codec === "hevc" ? HEVC_SETS[(unit[0]! >> 1) & 0x3f] : undefined;
}

const H264_SETS: Readonly<Record<number, keyof ParameterSets>> = { 7: "sequence", 8: "picture" };
const HEVC_SETS: Readonly<Record<number, keyof ParameterSets>> = {
  32: "video",
  33: "sequence",
  34: "picture",
};

/** A parameter set as text, without zeros that belong to no unit (ITU-T H.264, B.1). */
export function parameterSetText(unit: Uint8Array): string {
  return unit.toHex().replace(/(00)+$/, "");
}

function setsAmong(codec: string, units: Iterable<Uint8Array>): ParameterSets {
  const sets = { video: [] as string[], sequence: [] as string[], picture: [] as string[] };
  for (const unit of units) {
    const kind = parameterSetKind(codec, unit);
    if (kind) sets[kind].push(parameterSetText(unit));
  }
  return sets;
}

function* beforePicture(codec: string, units: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const unit of units) {
    const type = codec === "avc" ? unit[0]! & 0x1f : (unit[0]! >> 1) & 0x3f;
    if (codec === "avc" ? type >= 1 && type <= 5 : type < 32) return;
    yield unit;
  }
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
