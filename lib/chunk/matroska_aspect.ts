/** The shape of the pixels of a Matroska video. */
import { elementsIn, unsignedInt } from "./ebml.ts";
import type { StatedAspect } from "./pixel_aspect.ts";

/** RFC 9559, 5.1.4.1.28. */
const ID = {
  PixelWidth: 0xb0,
  PixelHeight: 0xba,
  PixelCropBottom: 0x54aa,
  PixelCropTop: 0x54bb,
  PixelCropLeft: 0x54cc,
  PixelCropRight: 0x54dd,
  DisplayWidth: 0x54b0,
  DisplayHeight: 0x54ba,
  DisplayUnit: 0x54b2,
} as const;
const UNIT_PIXELS = 0;
const UNIT_UNKNOWN = 4;

/** @param video Contents of the Video element of a track; undefined: it says nothing of it. */
export function matroskaPixelAspect(video: Uint8Array): StatedAspect | undefined {
  const fields = new Map([...elementsIn(video)].map(({ id, bytes }) => [id, unsignedInt(bytes)]));
  const of = (id: number) => fields.get(id) ?? 0;
  const width = of(ID.PixelWidth) - of(ID.PixelCropLeft) - of(ID.PixelCropRight);
  const height = of(ID.PixelHeight) - of(ID.PixelCropTop) - of(ID.PixelCropBottom);
  const displayWidth = of(ID.DisplayWidth) || width;
  const displayHeight = of(ID.DisplayHeight) || height;
  const isStated = fields.has(ID.DisplayWidth) || fields.has(ID.DisplayHeight);
  if (!isStated || of(ID.DisplayUnit) === UNIT_UNKNOWN || width <= 0 || height <= 0) return undefined;
  return {
    num: displayWidth * height,
    den: displayHeight * width,
    isRounded: of(ID.DisplayUnit) === UNIT_PIXELS,
  };
}
