/** What a Matroska video says of high-dynamic-range pictures. Pure. */
import { elementsIn, unsignedInt } from "./ebml.ts";
import { isDisplay, type StatedHdr } from "./stated_hdr.ts";

/** RFC 9559, 5.1.4.1.28.16 and on. */
export const COLOUR_ID = {
  Colour: 0x55b0,
  MatrixCoefficients: 0x55b1,
  Range: 0x55b9,
  TransferCharacteristics: 0x55ba,
  Primaries: 0x55bb,
  MaxCLL: 0x55bc,
  MaxFALL: 0x55bd,
  MasteringMetadata: 0x55d0,
} as const;

/** In MasteringMetadata, in the order of the elements' ids: x and y of each, then luminances. */
export const MASTERING_IDS = [
  ...[0x55d1, 0x55d2, 0x55d3, 0x55d4, 0x55d5, 0x55d6, 0x55d7, 0x55d8],
  ...[0x55d9, 0x55da],
] as const;

/**
 * @param video Contents of the Video element of a track.
 * @returns Undefined: it says nothing; "unreadable": numbers are missing, or are of no display.
 */
export function matroskaHdr(video: Uint8Array): StatedHdr | "unreadable" | undefined {
  const colour = fieldsIn(fieldsIn(video).get(COLOUR_ID.Colour) ?? new Uint8Array());
  const mastering = colour.get(COLOUR_ID.MasteringMetadata);
  const masteringDisplay = mastering && displayIn(fieldsIn(mastering));
  if (mastering && !masteringDisplay) return "unreadable";
  const [max, maxAverage] = [COLOUR_ID.MaxCLL, COLOUR_ID.MaxFALL].map((id) => colour.get(id));
  if (!masteringDisplay && !max && !maxAverage) return undefined;
  return {
    ...(masteringDisplay && { masteringDisplay }),
    ...((max || maxAverage) && {
      contentLight: { max: numberIn(max), maxAverage: numberIn(maxAverage) },
    }),
  };
}

function displayIn(fields: ReadonlyMap<number, Uint8Array>): StatedHdr["masteringDisplay"] {
  const numbers = MASTERING_IDS.map((id) => floatIn(fields.get(id)));
  if (numbers.includes(undefined)) return undefined;
  const at = (index: number) => numbers[index]!;
  const display = {
    red: [at(0), at(1)],
    green: [at(2), at(3)],
    blue: [at(4), at(5)],
    white: [at(6), at(7)],
    maxLuminance: at(8),
    minLuminance: at(9),
  } as const;
  return isDisplay(display) ? display : undefined;
}

function fieldsIn(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> {
  return new Map([...elementsIn(bytes)].map(({ id, bytes }) => [id, bytes]));
}

function numberIn(bytes: Uint8Array | undefined): number {
  return bytes ? unsignedInt(bytes) : 0;
}

/** RFC 8794, 7.3: 0, 4 or 8 bytes. */
function floatIn(bytes: Uint8Array | undefined): number | undefined {
  if (!bytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length === 4) return view.getFloat32(0);
  if (bytes.length === 8) return view.getFloat64(0);
  return bytes.length === 0 ? 0 : undefined;
}
