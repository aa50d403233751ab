/** Tracks of Matroska that can go into another file of the kind as they are stored, whatever is in them. */
import type { EncodedPacket } from "mediabunny";
import type { ByteSource } from "./container_outline.ts";
import { IndexedPackets } from "./indexed_packets.ts";
import type { SampleIndex } from "./sample_index.ts";

/** What the container says of one. */
export interface StoredOutline {
  /** Track number. */
  readonly id: number;
  readonly isSound: boolean;
  /** Such as `subtitles (S_HDMV/PGS, eng)`. */
  readonly title: string;
  /** Contents of its `TrackEntry`. */
  readonly entry: Uint8Array;
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
    readIndex: () => samplesOf(outline.id),
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
