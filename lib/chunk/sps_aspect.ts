/** What a sequence parameter set of H.264 or HEVC says of the picture: its form, and that of its pixels. */
import type { PixelAspect } from "./pixel_aspect.ts";

/** By aspect_ratio_idc from 1 (ITU-T H.264, table E-1; H.265, table E.1). */
const ASPECTS: readonly (readonly [number, number])[] = [
  ...[[1, 1], [12, 11], [10, 11], [16, 11], [40, 33], [24, 11], [20, 11], [32, 11], [80, 33]] as const,
  ...[[18, 11], [15, 11], [64, 33], [160, 99], [4, 3], [3, 2], [2, 1]] as const,
];
const EXTENDED = 255;
/** No set of reference pictures has more (H.265, 7.4.8), and no list in a parameter set is longer. */
const MOST_IN_SET = 64;

/** @param unit With its header; undefined: it says nothing, or cannot be read so far. */
export function spsPixelAspect(codec: "avc" | "hevc", unit: Uint8Array): PixelAspect | undefined {
  return ifWhole(() => {
    const bits = new Bits(withoutEmulation(unit));
    readForm(codec, bits);
    return bits.read(1) === 1 ? readAspect(bits) : undefined;
  });
}

/**
 * Size, colours and pixels of the pictures, as a text that is the same for the same form.
 *
 * @param unit With its header; undefined: it cannot be read so far.
 */
export function pictureForm(codec: "avc" | "hevc", unit: Uint8Array): string | undefined {
  return ifWhole(() => {
    const bits = new Bits(withoutEmulation(unit));
    const form = readForm(codec, bits);
    if (bits.read(1) === 0) return [...form, 1, 1, ...UNSPECIFIED_COLOURS].join();
    const { num, den } = readAspect(bits) ?? { num: 1, den: 1 };
    return [...form, num, den, ...readColours(bits)].join();
  });
}

function ifWhole<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** As far as vui_parameters_present_flag. */
function readForm(codec: "avc" | "hevc", bits: Bits): number[] {
  return codec === "avc" ? readFormH264(bits) : readFormHevc(bits);
}

/** The first of the usability information (H.264, E.1.1; H.265, E.2.1). */
function readAspect(bits: Bits): PixelAspect | undefined {
  if (bits.read(1) === 0) return undefined;
  const aspect = bits.read(8);
  const [num, den] = aspect === EXTENDED ? [bits.read(16), bits.read(16)] : ASPECTS[aspect - 1] ?? [0, 0];
  return num > 0 && den > 0 ? { num, den } : undefined;
}

/** What follows: whether all values are in use, primaries, transfer and matrix. */
function readColours(bits: Bits): readonly number[] {
  if (bits.read(1) === 1) bits.skip(1);
  if (bits.read(1) === 0) return UNSPECIFIED_COLOURS;
  bits.skip(3);
  const fullRange = bits.read(1);
  if (bits.read(1) === 0) return [fullRange, ...UNSPECIFIED_COLOURS.slice(1)];
  return [fullRange, bits.read(8), bits.read(8), bits.read(8)];
}

const UNSPECIFIED_COLOURS: readonly number[] = [0, 2, 2, 2];

/** Profiles whose parameter sets tell of chroma and scaling (H.264, 7.3.2.1.1). */
const CHROMA_PROFILES: ReadonlySet<number> = new Set([
  ...[100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135],
]);

/** H.264, 7.3.2.1.1. */
function readFormH264(bits: Bits): number[] {
  bits.skip(8);
  const profile = bits.read(8);
  bits.skip(16);
  bits.golomb();
  let [chroma, separate, lumaDepth, chromaDepth] = [1, 0, 0, 0]; // 4:2:0 of 8 bits
  if (CHROMA_PROFILES.has(profile)) {
    chroma = bits.golomb();
    if (chroma === 3) separate = bits.read(1);
    [lumaDepth, chromaDepth] = [bits.golomb(), bits.golomb()];
    bits.skip(1);
    if (bits.read(1) === 1) {
      for (let i = 0; i < (chroma === 3 ? 12 : 8); i++) {
        if (bits.read(1) === 1) skipScalingList(bits, i < 6 ? 16 : 64);
      }
    }
  }
  bits.golomb();
  const orderType = bits.golomb();
  if (orderType === 0) bits.golomb();
  if (orderType === 1) {
    bits.skip(1);
    bits.golomb();
    bits.golomb();
    for (let left = bits.golomb(); left > 0; left--) bits.golomb();
  }
  bits.golomb();
  bits.skip(1);
  const [width, height] = [bits.golomb(), bits.golomb()];
  const framesOnly = bits.read(1);
  if (framesOnly === 0) bits.skip(1);
  bits.skip(1);
  return [chroma, separate, lumaDepth, chromaDepth, width, height, framesOnly, ...readWindow(bits)];
}

/** H.264, 7.3.2.1.1.1. */
function skipScalingList(bits: Bits, length: number): void {
  let [last, next] = [8, 8];
  for (let i = 0; i < length && next !== 0; i++) {
    next = (last + bits.signedGolomb() + 256) % 256;
    if (next !== 0) last = next;
  }
}

/** H.265, 7.3.2.2.1. */
function readFormHevc(bits: Bits): number[] {
  bits.skip(16 + 4);
  const subLayers = bits.read(3);
  bits.skip(1);
  skipProfile(bits, subLayers);
  bits.golomb();
  const chroma = bits.golomb();
  const separate = chroma === 3 ? bits.read(1) : 0;
  const [width, height] = [bits.golomb(), bits.golomb()];
  const window = readWindow(bits);
  const [lumaDepth, chromaDepth] = [bits.golomb(), bits.golomb()];
  const orderBits = bits.golomb() + 4;
  for (let i = bits.read(1) === 1 ? 0 : subLayers; i <= subLayers; i++) {
    bits.golomb();
    bits.golomb();
    bits.golomb();
  }
  for (let i = 0; i < 6; i++) bits.golomb();
  if (bits.read(1) === 1 && bits.read(1) === 1) skipScalingData(bits);
  bits.skip(2);
  if (bits.read(1) === 1) {
    bits.skip(8);
    bits.golomb();
    bits.golomb();
    bits.skip(1);
  }
  skipReferenceSets(bits);
  if (bits.read(1) === 1) {
    for (let left = bits.count(MOST_IN_SET); left > 0; left--) bits.skip(orderBits + 1);
  }
  bits.skip(2);
  return [chroma, separate, lumaDepth, chromaDepth, width, height, ...window];
}

/** H.265, 7.3.3. */
function skipProfile(bits: Bits, subLayers: number): void {
  bits.skip(88 + 8);
  const present = Array.from({ length: subLayers }, () => [bits.read(1), bits.read(1)] as const);
  if (subLayers > 0) bits.skip(2 * (8 - subLayers));
  for (const [profile, level] of present) bits.skip(88 * profile + 8 * level);
}

/** H.265, 7.3.4. */
function skipScalingData(bits: Bits): void {
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (bits.read(1) === 0) {
        bits.golomb();
        continue;
      }
      if (size > 1) bits.signedGolomb();
      for (let left = Math.min(64, 1 << (4 + 2 * size)); left > 0; left--) bits.signedGolomb();
    }
  }
}

/** H.265, 7.3.7. */
function skipReferenceSets(bits: Bits): void {
  let pictures = 0;
  for (let set = 0, sets = bits.count(MOST_IN_SET); set < sets; set++) {
    if (set > 0 && bits.read(1) === 1) {
      bits.skip(1);
      bits.golomb();
      let kept = 0;
      for (let i = 0; i <= pictures; i++) if (bits.read(1) === 1 || bits.read(1) === 1) kept++;
      pictures = kept;
    } else {
      pictures = bits.count(MOST_IN_SET) + bits.count(MOST_IN_SET);
      for (let i = 0; i < pictures; i++) {
        bits.golomb();
        bits.skip(1);
      }
    }
  }
}

/** What a cropping or conformance window takes off each side. */
function readWindow(bits: Bits): number[] {
  return bits.read(1) === 1 ? Array.from({ length: 4 }, () => bits.golomb()) : [0, 0, 0, 0];
}

/** A 3 behind two zeros keeps them from looking like a start code (H.264, 7.4.1.1). */
function withoutEmulation(unit: Uint8Array): Uint8Array {
  return unit.filter((byte, at) => !(byte === 3 && at >= 2 && unit[at - 1] === 0 && unit[at - 2] === 0));
}

/** Throws a RangeError past the end. */
class Bits {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  skip(bits: number): void {
    this.#at += bits;
    if (this.#at > 8 * this.#bytes.length) throw new RangeError("The parameter set ends too early");
  }

  read(bits: number): number {
    let value = 0;
    for (let i = 0; i < bits; i++) {
      const at = this.#at;
      this.skip(1);
      value = value * 2 + ((this.#bytes[at >> 3]! >> (7 - (at & 7))) & 1);
    }
    return value;
  }

  /** H.264, 9.1; H.265, 9.2. */
  golomb(): number {
    let zeros = 0;
    while (this.read(1) === 0) zeros++;
    if (zeros > 32) throw new RangeError("The parameter set has a number that is too large");
    return 2 ** zeros - 1 + this.read(zeros);
  }

  /** Its sign matters to nobody here but to scaling lists. */
  signedGolomb(): number {
    const code = this.golomb();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }

  /** How many of something follow. */
  count(most: number): number {
    const value = this.golomb();
    if (value > most) throw new RangeError(`The parameter set has a list of ${value}`);
    return value;
  }
}
