/** What is known of a track's packets without their data, in little memory. */

const FIRST_ROWS = 1024;

/** One packet, as {@link PacketTable.push} takes it. */
export interface PacketRow {
  /** Presentation time in ticks of the track's clock. */
  readonly ticks: number;
  /** Whether it can be decoded without any packet before it. */
  readonly key: boolean;
  readonly sizeBytes: number;
}

/** Packets in decode order, 13 bytes each. */
export class PacketTable {
  #ticks = new Float64Array(FIRST_ROWS);
  #sizesBytes = new Uint32Array(FIRST_ROWS);
  #keys = new Uint8Array(FIRST_ROWS);
  #length = 0;

  static from(rows: Iterable<PacketRow>): PacketTable {
    const table = new PacketTable();
    for (const row of rows) table.push(row);
    return table;
  }

  push({ ticks, key, sizeBytes }: PacketRow): void {
    if (this.#length === this.#ticks.length) this.#grow();
    this.#ticks[this.#length] = ticks;
    this.#sizesBytes[this.#length] = sizeBytes;
    this.#keys[this.#length] = key ? 1 : 0;
    this.#length++;
  }

  /** What was called a keyframe needs others after all. */
  clearKey(index: number): void {
    this.keys[index] = 0;
  }

  get length(): number {
    return this.#length;
  }

  /** Presentation times, a view that is good until the next push. */
  get ticks(): Float64Array {
    return this.#ticks.subarray(0, this.#length);
  }

  /** Sizes of the packets' data, a view that is good until the next push. */
  get sizesBytes(): Uint32Array {
    return this.#sizesBytes.subarray(0, this.#length);
  }

  /** 1 for a keyframe and 0 for another, a view that is good until the next push. */
  get keys(): Uint8Array {
    return this.#keys.subarray(0, this.#length);
  }

  #grow(): void {
    const rows = 2 * this.#length;
    this.#ticks = grown(new Float64Array(rows), this.#ticks);
    this.#sizesBytes = grown(new Uint32Array(rows), this.#sizesBytes);
    this.#keys = grown(new Uint8Array(rows), this.#keys);
  }
}

function grown<T extends Float64Array | Uint32Array | Uint8Array>(larger: T, smaller: T): T {
  larger.set(smaller);
  return larger;
}
