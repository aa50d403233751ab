/** The bit rates that the sample description of a track states, as mediabunny lays them out. */
import { bytesOf } from "./mp4_box_bytes.ts";
import type { BitRates } from "./mp4_sample_tables.ts";

/** A bit rate box (ISO/IEC 14496-12, 8.5.2): size, type, buffer size, highest, average. */
const BTRT_BYTES = 20;
/** Of an elementary stream descriptor, for its decoder's configuration (ISO/IEC 14496-1, 7.2.6.6). */
const DECODER_CONFIG = 0x04;

/** The contents of a sample description box with other rates where it has any. */
export function withBitRates(stsd: DataView, { average, highest }: BitRates): Uint8Array {
  const bytes = bytesOf(stsd).slice();
  const view = new DataView(bytes.buffer);
  const rates = [highest, average].map((rate) => Math.min(rate, 0xffff_ffff));
  for (const position of ratePositions(bytes)) {
    for (const [index, rate] of rates.entries()) view.setUint32(position + 4 * index, rate);
  }
  return bytes;
}

/** Where the highest rate stands, behind it the average. */
function* ratePositions(bytes: Uint8Array): Generator<number> {
  const btrt = bytes.length - BTRT_BYTES; // the last box of an entry
  if (btrt >= 0 && isType(bytes, btrt + 4, "btrt")) yield btrt + 12;
  for (let at = 0; at + 8 <= bytes.length; at++) {
    if (!isType(bytes, at, "esds")) continue;
    const position = configPosition(bytes, at + 8);
    if (position !== undefined) yield position;
    return;
  }
}

/** Behind an object type, a stream type and the size of a buffer. */
function configPosition(bytes: Uint8Array, start: number): number | undefined {
  const inStream = start + 1 + lengthBytes(bytes, start + 1) + 3; // its number and flags
  if (bytes[inStream] !== DECODER_CONFIG) return undefined;
  const position = inStream + 1 + lengthBytes(bytes, inStream + 1) + 5;
  return position + 8 <= bytes.length ? position : undefined;
}

/** A length has as many bytes as have their highest bit set, and one more. */
function lengthBytes(bytes: Uint8Array, start: number): number {
  let count = 1;
  while ((bytes[start + count - 1] ?? 0) >= 0x80) count++;
  return count;
}

function isType(bytes: Uint8Array, at: number, type: string): boolean {
  return [0, 1, 2, 3].every((i) => bytes[at + i] === type.charCodeAt(i));
}
