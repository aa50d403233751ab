/** The headers of MPEG audio frames (ISO/IEC 11172-3, 2.4.1.3, and 13818-3): pure. */

export type MpegLayer = 1 | 2 | 3;

/** The layer that a frame is of; undefined: this is no MPEG audio frame. */
export function mpegLayer(frame: Uint8Array): MpegLayer | undefined {
  if (frame.length < 4 || frame[0] !== 0xff || (frame[1]! & 0xe0) !== 0xe0) return undefined;
  return LAYERS[(frame[1]! >> 1) & 3];
}

/** By the two bits for it; 0 is reserved, and what ADTS has there. */
const LAYERS = [undefined, 3, 2, 1] as const;

/** How many samples a frame holds for each channel; undefined: this is no MPEG audio frame. */
export function mpegFrameSamples(frame: Uint8Array): number | undefined {
  switch (mpegLayer(frame)) {
    case 1:
      return 384;
    case 2:
      return 1152;
    case 3:
      return (frame[1]! & 0x18) === 0x18 ? 1152 : 576;
    default:
      return undefined;
  }
}
