/** Tracks that can go into another file of the kind as they are stored, whatever is in them. */
import type { EncodedPacket } from "mediabunny";
import type { ByteSource } from "./container_outline.ts";
import { IndexedPackets } from "./indexed_packets.ts";
import type { SampleIndex } from "./sample_index.ts";

/** Where it can stand: in Matroska; in MP4, and in MOV too; in MOV alone, as QuickTime describes sound. */
export type StoredKind = "matroska" | "mp4" | "mov";

/** What the container says of one. */
export interface StoredOutline {
  readonly kind: StoredKind;
  /** Track number. */
  readonly id: number;
  readonly isSound: boolean;
  /** Such as `subtitles (S_HDMV/PGS, eng)`. */
  readonly title: string;
  /** Contents of its `TrackEntry`; of an MP4, of its `trak`, of whose sample tables only the description is there. */
  readonly entry: Uint8Array;
  /** Undefined: they are found with those of the other tracks. */
  readonly samples?: SampleIndex | undefined;
}

export interface StoredTrack extends StoredOutline {
  /** To take off every block's time. */
  readonly delaySeconds: number;
  /** Its blocks by their places in the file; undefined: they cannot be carried so. Reads the file when it is called. */
  readonly readIndex: () => Promise<SampleIndex | undefined>;
  /**
   * The contents of the blocks of that index, in its order and at their times; a duration of 0 is none that is stated.
   */
  readonly packets: (index: SampleIndex) => AsyncGenerator<EncodedPacket, void, undefined>;
}

/** @param samplesOf The blocks of a track by its number. */
export function storedTrack(
  file: ByteSource,
  outline: StoredOutline,
  samplesOf: (id: number) => Promise<SampleIndex | undefined>,
): StoredTrack {
  return {
    ...outline,
    delaySeconds: 0,
    readIndex: async () => outline.samples ?? await samplesOf(outline.id),
    packets: (index) => packetsBy(new IndexedPackets(file, index)),
  };
}

async function* packetsBy(reader: IndexedPackets): AsyncGenerator<EncodedPacket, void, undefined> {
  for (
    let packet = await reader.getFirstPacket();
    packet;
    packet = await reader.getNextPacket(packet)
  ) yield packet;
}
