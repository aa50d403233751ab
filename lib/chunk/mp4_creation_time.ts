/** When a movie was made, in the header of an MP4 or MOV. @see ISO/IEC 14496-12, 8.2.2 (mvhd). */
import { boxesAt } from "./mp4_boxes.ts";

/** The start of 1904, from which seconds are counted, before 1970. */
const EPOCH_SECONDS = 2_082_844_800n;
const NS_PER_SECOND = 1_000_000_000n;
/** Of 32 bits, which last until 2040. */
const MAX_SECONDS = 2n ** 32n - 1n;

/**
 * @param moov Contents of a movie box.
 * @returns In nanoseconds since 1970; undefined where it is not said, or no time of ours.
 */
export function creationNs(moov: DataView): bigint | undefined {
  for (const mvhd of boxesAt(moov, "mvhd")) {
    if (mvhd.byteLength < 20) return undefined;
    const seconds = mvhd.getUint8(0) === 1 ? mvhd.getBigUint64(4) : BigInt(mvhd.getUint32(4));
    return isWritten(seconds) ? (seconds - EPOCH_SECONDS) * NS_PER_SECOND : undefined;
  }
  return undefined;
}

/** Whether {@link setCreation} can write it. */
export function hasCreationSeconds(createdNs: bigint): boolean {
  return isWritten(secondsOf(createdNs));
}

/** Puts it into a movie box, header included, for its making and its last change, in whole seconds. */
export function setCreation(moov: Uint8Array, createdNs: bigint): void {
  const view = new DataView(moov.buffer, moov.byteOffset, moov.byteLength);
  const seconds = secondsOf(createdNs);
  for (const mvhd of boxesAt(view, "moov", "mvhd")) {
    for (const index of [0, 1]) {
      if (mvhd.getUint8(0) === 1) mvhd.setBigUint64(4 + 8 * index, seconds);
      else mvhd.setUint32(4 + 4 * index, Number(seconds));
    }
  }
}

/** 0 stands for unknown. */
function isWritten(seconds: bigint): boolean {
  return seconds > 0n && seconds <= MAX_SECONDS;
}

function secondsOf(createdNs: bigint): bigint {
  const seconds = createdNs / NS_PER_SECOND;
  return (createdNs < seconds * NS_PER_SECOND ? seconds - 1n : seconds) + EPOCH_SECONDS;
}
