/** The colour matrix of a VP9 video in Matroska or WebM, which mediabunny would write into the pictures as well. */
import type { DecoderConfig } from "../chunk/source_file.ts";

/** As ISO/IEC 23091-2 (ITU-T H.273), table 4, numbers them. */
export const MATRIX_NUMBERS: Readonly<Record<string, number>> = {
  "rgb": 0,
  "bt709": 1,
  "bt470bg": 5,
  "smpte170m": 6,
  "bt2020-ncl": 9,
};

const TRACKS_ID = [0x16, 0x54, 0xae, 0x6b];
/** MatrixCoefficients (RFC 9559, 5.1.4.1.28.17) of one byte, unspecified. */
const UNSPECIFIED_MATRIX = [0x55, 0xb1, 0x81, 2];

/**
 * What a Matroska muxer is to be told instead of `config`: with a matrix, mediabunny changes the frame headers of
 * keyframes, to "unknown" even where the matrix is one that it has no number for.
 */
export function withoutMatrix(config: DecoderConfig): DecoderConfig {
  const { matrix: _, ...colorSpace } = config.colorSpace ?? {};
  return config.codec.startsWith("vp09") && config.colorSpace ? { ...config, colorSpace } : config;
}

/**
 * Where the matrix that {@link withoutMatrix} took out belongs in the file, and its number.
 *
 * @param header The start of the file, with its tracks.
 */
export function matrixPatch(
  header: Uint8Array,
  config: DecoderConfig,
): { readonly position: number; readonly bytes: Uint8Array } | undefined {
  const number = MATRIX_NUMBERS[config.colorSpace?.matrix ?? ""];
  if (!config.codec.startsWith("vp09") || number === undefined) return undefined;
  const tracks = indexOf(header, TRACKS_ID, 0);
  const matrix = tracks < 0 ? -1 : indexOf(header, UNSPECIFIED_MATRIX, tracks);
  if (matrix < 0) return undefined;
  return { position: matrix + UNSPECIFIED_MATRIX.length - 1, bytes: Uint8Array.of(number) };
}

function indexOf(bytes: Uint8Array, wanted: readonly number[], from: number): number {
  for (let at = bytes.indexOf(wanted[0]!, from); at >= 0; at = bytes.indexOf(wanted[0]!, at + 1)) {
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}
