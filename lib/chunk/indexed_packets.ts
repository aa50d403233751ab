/** The packets of a track, by its index. */
import { EncodedPacket, type PacketRetrievalOptions } from "mediabunny";
import type { ByteSource } from "./container_outline.ts";
import type { PacketReader, PacketReadOptions } from "./packet_reader.ts";
import { ReadAhead } from "./read_ahead.ts";
import type { SampleIndex } from "./sample_index.ts";

const NO_DATA = new Uint8Array();

/** Reads as the demuxer does: a packet's sequence number is its place in decode order, from 0. */
export class IndexedPackets implements PacketReader {
  readonly #index: SampleIndex;
  readonly #sizeBytes: number;
  readonly #data: ReadAhead;

  constructor(file: ByteSource, index: SampleIndex) {
    this.#index = index;
    this.#sizeBytes = file.sizeBytes;
    this.#data = new ReadAhead(file);
  }

  getFirstPacket(options: PacketReadOptions = {}): Promise<EncodedPacket | null> {
    return this.#packet(0, options);
  }

  getNextPacket(packet: EncodedPacket, options: PacketReadOptions = {}): Promise<EncodedPacket | null> {
    return this.#packet(packet.sequenceNumber + 1, options);
  }

  /** The packet that is shown at `seconds`; null before the first. */
  getPacket(seconds: number, options: PacketRetrievalOptions = {}): Promise<EncodedPacket | null> {
    return this.#packet(this.#sample(this.#rankAt(seconds)), options);
  }

  /** The keyframe shown last by `seconds`; null before the first. */
  getKeyPacket(seconds: number, options: PacketRetrievalOptions = {}): Promise<EncodedPacket | null> {
    let rank = this.#rankAt(seconds);
    while (rank >= 0 && this.#index.keys[this.#sample(rank)] === 0) rank--;
    return this.#packet(this.#sample(rank), options);
  }

  /** How many are shown up to then, less one. */
  #rankAt(seconds: number): number {
    const { length, ticks, timescale } = this.#index;
    const atTicks = seconds * timescale;
    // A product that should be whole may be off by a little.
    const wholeTicks = Math.round(atTicks);
    const soughtTicks = Math.abs(atTicks - wholeTicks) < 1e-6 ? wholeTicks : atTicks;
    let [low, high] = [0, length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ticks[this.#sample(middle)]! <= soughtTicks) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #sample(rank: number): number {
    return this.#index.displayOrder?.[rank] ?? rank;
  }

  async #packet(
    sample: number,
    { metadataOnly = false, headBytes = Infinity }: PacketReadOptions,
  ): Promise<EncodedPacket | null> {
    const { length, timescale, ticks, durationTicks, positions, sizesBytes, keys } = this.#index;
    if (sample < 0 || sample >= length) return null;
    const [start, sizeBytes] = [positions[sample]!, sizesBytes[sample]!];
    // The file has no such bytes: as if it ended here.
    if (!metadataOnly && start + sizeBytes > this.#sizeBytes) return null;
    return new EncodedPacket(
      metadataOnly ? NO_DATA : await this.#data.read(start, start + Math.min(sizeBytes, headBytes)),
      keys[sample] === 1 ? "key" : "delta",
      ticks[sample]! / timescale,
      durationTicks[sample]! / timescale,
      sample,
      sizeBytes,
    );
  }
}
