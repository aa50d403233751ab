/** H.264 parameter sets that claim a picture larger than any. */

/** An avcC with an SPS of `sidePixels` squared, rounded up to 16, and a PPS; ISO/IEC 14496-15, 5.3.3.1. */
export function hugePictureParameterSets(sidePixels: number): Uint8Array {
  const sideMacroblocks = Math.ceil(sidePixels / 16);
  const sps = nalUnit(0x67, [
    fixed(8, 66), // Baseline
    fixed(8, 0),
    fixed(8, 62),
    ...[0, 0, 2, 1].map(golomb), // id, frame number bits, order type, reference frames
    fixed(1, 0),
    golomb(sideMacroblocks - 1),
    golomb(sideMacroblocks - 1),
    fixed(1, 1), // frames only
    fixed(1, 1),
    fixed(2, 0), // no cropping, no VUI
  ]);
  const pps = nalUnit(0x68, [
    ...[0, 0].map(golomb),
    fixed(2, 0),
    ...[0, 0, 0].map(golomb),
    fixed(3, 0),
    ...[0, 0, 0].map(golomb),
    fixed(3, 0),
  ]);
  return Uint8Array.from([
    ...[1, 66, 0, 62, 0xff],
    ...[0xe1, 0, sps.length, ...sps],
    ...[1, 0, pps.length, ...pps],
  ]);
}

function fixed(bits: number, value: number): string {
  return value.toString(2).padStart(bits, "0");
}

/** Unsigned Exp-Golomb; H.264, 9.1. */
function golomb(value: number): string {
  const binary = (value + 1).toString(2);
  return "0".repeat(binary.length - 1) + binary;
}

function nalUnit(header: number, fields: readonly string[]): number[] {
  const bits = `${fields.join("")}1`;
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, "0");
  return [header, ...padded.match(/.{8}/g)!.map((byte) => parseInt(byte, 2))];
}
