/** How packets of a track are found and read, whoever reads the container. */
import type {
  EncodedPacket,
  EncodedPacketSink,
  InputAudioTrack,
  InputVideoTrack,
  PacketRetrievalOptions,
} from "mediabunny";

/** What of the demuxer's own reader is used here. */
export type PacketReader = Pick<
  EncodedPacketSink,
  "getFirstPacket" | "getNextPacket" | "getPacket" | "getKeyPacket"
>;

/** A track, and who reads its packets. */
export interface TrackPackets {
  /** What the demuxer says of it. Of its packets it may know no more than the first. */
  readonly track: InputVideoTrack | InputAudioTrack;
  /** Each has its place in the file; absent: the demuxer reads them. */
  readonly reader?: () => PacketReader;
}

/** A reader that is made when the first packet is asked for. */
export class DeferredReader implements PacketReader {
  readonly #make: () => Promise<PacketReader>;
  #reader: Promise<PacketReader> | undefined;

  constructor(make: () => Promise<PacketReader>) {
    this.#make = make;
  }

  async getFirstPacket(options?: PacketRetrievalOptions): Promise<EncodedPacket | null> {
    return await (await this.#made()).getFirstPacket(options);
  }

  async getNextPacket(
    packet: EncodedPacket,
    options?: PacketRetrievalOptions,
  ): Promise<EncodedPacket | null> {
    return await (await this.#made()).getNextPacket(packet, options);
  }

  async getPacket(seconds: number, options?: PacketRetrievalOptions): Promise<EncodedPacket | null> {
    return await (await this.#made()).getPacket(seconds, options);
  }

  async getKeyPacket(seconds: number, options?: PacketRetrievalOptions): Promise<EncodedPacket | null> {
    return await (await this.#made()).getKeyPacket(seconds, options);
  }

  #made(): Promise<PacketReader> {
    return this.#reader ??= this.#make();
  }
}
