/** How packets of a track are found and read, whoever reads the container. */
import type { EncodedPacket, InputAudioTrack, InputVideoTrack, PacketRetrievalOptions } from "mediabunny";

export interface PacketReadOptions extends PacketRetrievalOptions {
  /** How much of its data is needed, from its beginning: a reader may give no more. */
  readonly headBytes?: number;
}

/** What of the demuxer's own reader is used here. */
export interface PacketReader {
  getFirstPacket(options?: PacketReadOptions): Promise<EncodedPacket | null>;
  getNextPacket(packet: EncodedPacket, options?: PacketReadOptions): Promise<EncodedPacket | null>;
  getPacket(seconds: number, options?: PacketRetrievalOptions): Promise<EncodedPacket | null>;
  getKeyPacket(seconds: number, options?: PacketRetrievalOptions): Promise<EncodedPacket | null>;
}

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

  async getFirstPacket(options?: PacketReadOptions): Promise<EncodedPacket | null> {
    return await (await this.#made()).getFirstPacket(options);
  }

  async getNextPacket(
    packet: EncodedPacket,
    options?: PacketReadOptions,
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
