/** Where the packets of an MPEG transport stream lie in a file (ISO/IEC 13818-1, 2.4.3.2). */
import type { ByteSource } from "./container_outline.ts";

/** Ticks a second of its times. */
export const MPEG_TS_CLOCK = 90_000;
/** When they start again from 0. */
export const MPEG_TS_WRAP_TICKS = 2 ** 33;
export const SYNC_BYTE = 0x47;
export const PACKET_BYTES = 188;
/** Packets of 192 or 204 bytes have as many more around each. */
const STRIDES_BYTES = [188, 192, 204] as const;
/** Of those of 192 bytes, so many of them come first. */
const TIMECODE_BYTES = 4;
/** A capture may begin with what its program or server has put before it. */
const MOST_SKIPPED_BYTES = 64 * 1024;
/** Noise, text and other containers do not have so many headers at such distances. */
const PACKETS_IN_ROW = 8;

export interface PacketGrid {
  /** Of the first whole packet, with what belongs to it. */
  readonly startBytes: number;
  /** From the start of one packet to that of the next. */
  readonly strideBytes: number;
  /** Where the header is in each. */
  readonly headerBytes: number;
}

/** Looks for packets one after another; undefined: there are none near the start. */
export async function findPackets(file: ByteSource): Promise<PacketGrid | undefined> {
  const longestBytes = MOST_SKIPPED_BYTES + PACKETS_IN_ROW * STRIDES_BYTES.at(-1)!;
  const bytes = await file.read(0, Math.min(longestBytes, file.sizeBytes));
  for (let at = 0; at < Math.min(bytes.length, MOST_SKIPPED_BYTES); at++) {
    if (bytes[at] !== SYNC_BYTE) continue;
    const strideBytes = STRIDES_BYTES.find((stride) => areHeaders(bytes, at, stride));
    if (strideBytes === undefined) continue;
    const headerBytes = strideBytes === PACKET_BYTES + TIMECODE_BYTES ? TIMECODE_BYTES : 0;
    // What begins within the time of a packet goes on from the next one.
    const startBytes = at >= headerBytes ? at - headerBytes : at + strideBytes - headerBytes;
    return { startBytes, strideBytes, headerBytes };
  }
  return undefined;
}

function areHeaders(bytes: Uint8Array, start: number, strideBytes: number): boolean {
  if (start + (PACKETS_IN_ROW - 1) * strideBytes + PACKET_BYTES > bytes.length) return false;
  for (let packet = 0; packet < PACKETS_IN_ROW; packet++) {
    const at = start + packet * strideBytes;
    const flags = bytes[at + 3]!;
    // Table 2-5: 00 is reserved, as 01 is in the two bits of scrambling, which all letters of a text would have.
    if (bytes[at] !== SYNC_BYTE || (flags & 0x30) === 0 || (flags & 0xc0) === 0x40) return false;
  }
  return true;
}

/** A file without its first bytes. */
export function beginningAt(file: ByteSource, startBytes: number): ByteSource {
  if (startBytes === 0) return file;
  return {
    sizeBytes: file.sizeBytes - startBytes,
    read: (start, end, into) => file.read(start + startBytes, end + startBytes, into),
  };
}
