/** A Matroska file of which a track is stored in ways that ffmpeg does not write. */
import { deflateSync } from "node:zlib";
import { element } from "../../lib/assemble/ebml_bytes.ts";
import { BLOCK_HEADER_BYTES, MATROSKA_ID as ID, rewritten, trackNumberOf } from "./matroska_rewrite.ts";

/** ContentEncodings of one ContentEncoding, with ContentCompression by zlib; with ContentEncryption. */
const ZLIB = element(0x6d80, element(0x6240, element(0x5034, element(0x4254, 0))));
const ENCRYPTION = element(0x6d80, element(0x6240, element(0x5033, 1), element(0x5035)));
/** FlagEnabled. */
const DISABLED = element(0xb9, 0);

/** @param parts The file as ffmpeg writes it, without lacing. */
export function compressedTrack(number: number): (parts: readonly Uint8Array[]) => Uint8Array<ArrayBuffer> {
  return ([file]) => stored(file!, number, ZLIB, (data) => deflateSync(data));
}

/** Its blocks are without their first bytes, which are the same in all, as mkvmerge once made them. */
export function strippedTrack(
  number: number,
  start: Uint8Array,
): (parts: readonly Uint8Array[]) => Uint8Array<ArrayBuffer> {
  const compression = element(0x5034, element(0x4254, 3), element(0x4255, start));
  const encodings = element(0x6d80, element(0x6240, compression));
  return ([file]) =>
    stored(file!, number, encodings, (data) => {
      if (!start.every((byte, at) => data[at] === byte)) throw new Error("a block begins with other bytes");
      return data.subarray(start.length);
    });
}

/** It says that it is encrypted, and is not. */
export function encryptedTrack(number: number): (parts: readonly Uint8Array[]) => Uint8Array<ArrayBuffer> {
  return ([file]) => stored(file!, number, ENCRYPTION, (data) => data);
}

export function disableTrack(number: number): (parts: readonly Uint8Array[]) => Uint8Array<ArrayBuffer> {
  return ([file]) => stored(file!, number, DISABLED, (data) => data);
}

/** @param added To the track's entry. @param change Of the data of its blocks. */
function stored(
  file: Uint8Array,
  number: number,
  added: Uint8Array,
  change: (data: Uint8Array) => Uint8Array,
): Uint8Array<ArrayBuffer> {
  return rewritten(file, (id, bytes) => {
    if (id === ID.TrackEntry && trackNumberOf(bytes) === number) return element(id, bytes, added);
    const isBlock = id === ID.SimpleBlock || id === ID.Block;
    if (!isBlock || bytes[0] !== (0x80 | number)) return undefined;
    const [header, data] = [bytes.subarray(0, BLOCK_HEADER_BYTES), bytes.subarray(BLOCK_HEADER_BYTES)];
    return element(id, header, change(data));
  });
}
