/** How the packets of one audio track go through a pipe: pure, and the same in both directions. */

/** What a decoder is set up with; the first record of a stream. */
export interface AudioHead {
  /** Hz; also the ticks a second of the records that follow. */
  readonly sampleRate: number;
  readonly channels: number;
  /** As a container states it (AudioSpecificConfig, OpusHead, ...); empty for codecs that need none. */
  readonly description: Uint8Array;
}

export interface AudioRecord {
  readonly startTicks: number;
  /** 0 where it is not known. */
  readonly durationTicks: number;
  readonly data: Uint8Array;
}

/** Length of the data, then two numbers. */
const HEADER_BYTES = 4 + 8 + 8;
/** Ten seconds of uncompressed sound in eight channels are as much. */
const MAX_DATA_BYTES = 32 * 1024 * 1024;

export function encodeRecord({ startTicks, durationTicks, data }: AudioRecord): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  view.setFloat64(4, startTicks);
  view.setFloat64(12, durationTicks);
  bytes.set(data, HEADER_BYTES);
  return bytes;
}

export function encodeHead({ sampleRate, channels, description }: AudioHead): Uint8Array<ArrayBuffer> {
  return encodeRecord({ startTicks: sampleRate, durationTicks: channels, data: description });
}

/** The first record of a stream, read as what it is. */
export function headOf({ startTicks, durationTicks, data }: AudioRecord): AudioHead {
  return { sampleRate: startTicks, channels: durationTicks, description: data };
}

/** Finds the records in a stream of bytes, however that is cut. */
export class RecordSplitter {
  readonly #header = new Uint8Array(HEADER_BYTES);
  #headerFilled = 0;
  #data: Uint8Array | undefined;
  #dataFilled = 0;

  /**
   * @returns The records that end in `bytes`.
   * @throws {RangeError} If a record is too long to be one.
   */
  *push(bytes: Uint8Array): Generator<AudioRecord, void, undefined> {
    for (let rest = bytes; rest.length > 0;) {
      rest = this.#data ? this.#fillData(this.#data, rest) : this.#fillHeader(rest);
      if (this.#isWhole()) yield this.#take();
    }
  }

  /** @throws {RangeError} If the stream ends within a record. */
  end(): void {
    if (this.#headerFilled > 0) {
      throw new RangeError("Cannot read the last packet: the stream ends within it");
    }
  }

  #fillHeader(bytes: Uint8Array): Uint8Array {
    const part = bytes.subarray(0, HEADER_BYTES - this.#headerFilled);
    this.#header.set(part, this.#headerFilled);
    this.#headerFilled += part.length;
    if (this.#headerFilled === HEADER_BYTES) {
      const sizeBytes = new DataView(this.#header.buffer).getUint32(0);
      if (sizeBytes > MAX_DATA_BYTES) {
        throw new RangeError(`Cannot read a packet of ${sizeBytes} bytes: the limit is ${MAX_DATA_BYTES}`);
      }
      this.#data = new Uint8Array(sizeBytes);
      this.#dataFilled = 0;
    }
    return bytes.subarray(part.length);
  }

  #fillData(data: Uint8Array, bytes: Uint8Array): Uint8Array {
    const part = bytes.subarray(0, data.length - this.#dataFilled);
    data.set(part, this.#dataFilled);
    this.#dataFilled += part.length;
    return bytes.subarray(part.length);
  }

  #isWhole(): boolean {
    return this.#data !== undefined && this.#dataFilled === this.#data.length;
  }

  #take(): AudioRecord {
    const view = new DataView(this.#header.buffer);
    const record = {
      startTicks: view.getFloat64(4),
      durationTicks: view.getFloat64(12),
      data: this.#data ?? new Uint8Array(),
    };
    this.#data = undefined;
    this.#headerFilled = 0;
    return record;
  }
}
