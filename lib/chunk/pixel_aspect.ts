/** The shape of a video's pixels, exactly: the demuxer rounds it to whole pixels of a picture. */
import { nalUnits, recordUnits } from "./nal_units.ts";
import { spsPixelAspect } from "./sps_aspect.ts";

/** Width of a pixel over its height. */
export interface PixelAspect {
  readonly num: number;
  readonly den: number;
}

/** What a container says of it. */
export interface StatedAspect extends PixelAspect {
  /** Whether it comes from a width and height in whole pixels, and may be off by one. */
  readonly isRounded: boolean;
}

interface Picture {
  readonly codedWidth: number;
  readonly codedHeight: number;
}

/**
 * What holds of a container's word and that of the pictures: the container's, unless it may be rounded from theirs.
 *
 * @param inPictures Undefined: they do not say, as in any codec but H.264 and HEVC.
 * @returns In lowest terms; 1:1 where nobody says.
 */
export function exactAspect(
  { codedWidth, codedHeight }: Picture,
  stated: StatedAspect | undefined,
  inPictures: PixelAspect | undefined,
): PixelAspect {
  if (!stated) return lowestTerms(inPictures ?? { num: 1, den: 1 });
  if (!stated.isRounded || !inPictures) return lowestTerms(stated);
  const widthOf = ({ num, den }: PixelAspect) => codedWidth * num / den;
  const heightOf = ({ num, den }: PixelAspect) => codedHeight * den / num;
  const isTheSame = Math.abs(widthOf(stated) - widthOf(inPictures)) <= 1 ||
    Math.abs(heightOf(stated) - heightOf(inPictures)) <= 1;
  return lowestTerms(isTheSame ? inPictures : stated);
}

/**
 * What the sequence parameter set of a track says; undefined: nothing.
 *
 * @param description An AVC or HEVC decoder configuration record (ISO/IEC 14496-15, 5.3.3.1 and 8.3.3.1).
 * @param firstPacket Has the parameter sets where there is no description.
 */
export function aspectInPictures(
  codec: string,
  description: Uint8Array | undefined,
  firstPacket: Uint8Array | undefined,
): PixelAspect | undefined {
  if (codec !== "avc" && codec !== "hevc") return undefined;
  const units = description
    ? recordUnits(codec, description)
    : nalUnits(firstPacket ?? new Uint8Array(), undefined);
  for (const unit of units) {
    const isSequence = codec === "avc" ? (unit[0]! & 0x1f) === 7 : ((unit[0]! >> 1) & 0x3f) === 33;
    if (isSequence) return spsPixelAspect(codec, unit);
  }
  return undefined;
}

function lowestTerms({ num, den }: PixelAspect): PixelAspect {
  if (!(num > 0 && den > 0)) return { num: 1, den: 1 };
  let [a, b] = [num, den];
  while (b > 0) [a, b] = [b, a % b];
  return { num: num / a, den: den / a };
}
