/** A Matroska file of which a track is stored in ways that ffmpeg does not write. */
import { deflateSync } from "node:zlib";
import { elementsIn, unsignedInt } from "../../lib/chunk/ebml.ts";
import { concatenated, element } from "../../lib/assemble/ebml_bytes.ts";

/** RFC 9559, 5.1. */
const ID = {
  Segment: 0x18538067,
  SeekHead: 0x114d9b74,
  Cues: 0x1c53bb6b,
  Tracks: 0x1654ae6b,
  TrackEntry: 0xae,
  TrackNumber: 0xd7,
  Cluster: 0x1f43b675,
  SimpleBlock: 0xa3,
  BlockGroup: 0xa0,
  Block: 0xa1,
} as const;
/** ContentEncodings of one ContentEncoding, with ContentCompression by zlib; with ContentEncryption. */
const ZLIB = element(0x6d80, element(0x6240, element(0x5034, element(0x4254, 0))));
const ENCRYPTION = element(0x6d80, element(0x6240, element(0x5033, 1), element(0x5035)));
/** FlagEnabled. */
const DISABLED = element(0xb9, 0);
/** Of a block, for a track number below 128: number, time, flags. */
const BLOCK_HEADER_BYTES = 4;

/** @param parts The file as ffmpeg writes it, without lacing. */
export function compressedTrack(number: number): (parts: readonly Uint8Array[]) => Uint8Array<ArrayBuffer> {
  return ([file]) => rewritten(file!, number, ZLIB, (data) => deflateSync(data));
}

/** It says that it is encrypted, and is not. */
export function encryptedTrack(number: number): (parts: readonly Uint8Array[]) => Uint8Array<ArrayBuffer> {
  return ([file]) => rewritten(file!, number, ENCRYPTION, (data) => data);
}

export function disableTrack(number: number): (parts: readonly Uint8Array[]) => Uint8Array<ArrayBuffer> {
  return ([file]) => rewritten(file!, number, DISABLED, (data) => data);
}

function rewritten(
  file: Uint8Array,
  number: number,
  added: Uint8Array,
  stored: (data: Uint8Array) => Uint8Array,
): Uint8Array<ArrayBuffer> {
  const block = (bytes: Uint8Array) =>
    bytes[0] !== (0x80 | number) ? bytes : concatenated([
      bytes.subarray(0, BLOCK_HEADER_BYTES),
      stored(bytes.subarray(BLOCK_HEADER_BYTES)),
    ]);
  const made = (bytes: Uint8Array): Uint8Array[] =>
    [...elementsIn(bytes)].flatMap(({ id, bytes }) => {
      switch (id) {
        case ID.SeekHead: // of positions that are others now
        case ID.Cues:
          return [];
        case ID.Segment:
        case ID.Tracks:
        case ID.Cluster:
        case ID.BlockGroup:
          return [element(id, ...made(bytes))];
        case ID.TrackEntry:
          return [element(id, bytes, ...(numberOf(bytes) === number ? [added] : []))];
        case ID.SimpleBlock:
        case ID.Block:
          return [element(id, block(bytes))];
      }
      return [element(id, bytes)];
    });
  return concatenated(made(file));
}

function numberOf(entry: Uint8Array): number {
  const number = [...elementsIn(entry)].find(({ id }) => id === ID.TrackNumber);
  return number ? unsignedInt(number.bytes) : 0;
}
