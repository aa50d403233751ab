/** The colours of a video in Matroska or WebM with what its container says of their light, which mediabunny leaves out. */
import { COLOUR_ID as ID, MASTERING_IDS } from "../chunk/matroska_hdr.ts";
import type { DecoderConfig } from "../chunk/source_file.ts";
import type { StatedHdr } from "../chunk/stated_hdr.ts";
import { element } from "./ebml_bytes.ts";
import { MATRIX_NUMBERS } from "./vp9_colour.ts";

/** As ISO/IEC 23091-2 (ITU-T H.273), tables 2 and 3, number them. */
const PRIMARIES: Readonly<Record<string, number>> = {
  ...{ bt709: 1, bt470bg: 5, smpte170m: 6, bt2020: 9, smpte432: 12 },
};
const TRANSFERS: Readonly<Record<string, number>> = {
  ...{ bt709: 1, smpte170m: 6, linear: 8, "iec61966-2-1": 13, pq: 16, hlg: 18 },
};
const UNSPECIFIED = 2;

/** What the muxer is to be told instead of `config`, so that it writes no `Colour` beside {@link colourElement}. */
export function withoutColour({ colorSpace: _, ...config }: DecoderConfig): DecoderConfig {
  return config;
}

/** `Colour`, for `Video`. @see RFC 9559, 5.1.4.1.28.16 */
export function colourElement(
  colorSpace: DecoderConfig["colorSpace"],
  { masteringDisplay, contentLight }: StatedHdr,
): Uint8Array {
  const { matrix, transfer, primaries, fullRange } = colorSpace ?? {};
  return element(
    ID.Colour,
    element(ID.MatrixCoefficients, MATRIX_NUMBERS[matrix ?? ""] ?? UNSPECIFIED),
    element(ID.Range, fullRange === undefined || fullRange === null ? 0 : fullRange ? 2 : 1),
    element(ID.TransferCharacteristics, TRANSFERS[transfer ?? ""] ?? UNSPECIFIED),
    element(ID.Primaries, PRIMARIES[primaries ?? ""] ?? UNSPECIFIED),
    ...(contentLight
      ? [element(ID.MaxCLL, contentLight.max), element(ID.MaxFALL, contentLight.maxAverage)]
      : []),
    ...(masteringDisplay ? [masteringElement(masteringDisplay)] : []),
  );
}

function masteringElement(display: NonNullable<StatedHdr["masteringDisplay"]>): Uint8Array {
  const { red, green, blue, white, maxLuminance, minLuminance } = display;
  const numbers = [...red, ...green, ...blue, ...white, maxLuminance, minLuminance];
  return element(
    ID.MasteringMetadata,
    ...MASTERING_IDS.map((id, index) => element(id, float(numbers[index]!))),
  );
}

function float(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  return bytes;
}
