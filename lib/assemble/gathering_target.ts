/** A file as the target of a Matroska muxer, which writes each number of a header by itself. */
import { StreamTarget } from "mediabunny";
import { type SeekableFile, writeAt } from "./seekable_sink.ts";

const BUFFER_BYTES = 256 * 1024;
/** Regions of so many bytes are kept without a buffer for more. */
const SMALL_BYTES = 16 * 1024;
const MOST_LEFT_OUT_BYTES = 64;

/** What lies one after another in the file. */
interface Region {
  readonly position: number;
  readonly buffer: Uint8Array<ArrayBuffer>;
  length: number;
}

/**
 * Gathers what is written one after another, in a few buffers for all of the file. mediabunny (1.61) itself copies
 * every write three times into buffers of its own, and small ones each into one: for two hours of video a few million,
 * which pile up faster than they are collected. It does so again where it should no longer call what is overridden.
 */
export class GatheringTarget extends StreamTarget {
  readonly #file: SeekableFile;
  readonly #buffers: Uint8Array<ArrayBuffer>[] = [];
  /** In the order in which they were written, since a later one may lie over an earlier one. */
  readonly #full: Region[] = [];
  #open: Region | undefined;
  #endPosition = 0;

  constructor(file: SeekableFile) {
    super(new WritableStream({ write: ({ data, position }) => writeAt(file, data, position) }));
    this.#file = file;
  }

  _write(data: Uint8Array, position: number): void {
    const region = this.#regionFor(position, data.length);
    const offset = position - region.position;
    if (offset > region.length) region.buffer.fill(0, region.length, offset);
    region.buffer.set(data, offset);
    region.length = Math.max(region.length, offset + data.length);
    this.#endPosition = Math.max(this.#endPosition, position + data.length);
  }

  async _flush(): Promise<void> {
    for (let region = this.#full.shift(); region; region = this.#full.shift()) {
      await writeAt(this.#file, region.buffer.subarray(0, region.length), region.position);
      if (region.buffer.length === BUFFER_BYTES) this.#buffers.push(region.buffer);
    }
  }

  async _finalize(): Promise<void> {
    this.#close();
    await this._flush();
    await (StreamTarget.prototype as unknown as { _finalize(): Promise<void> })._finalize.call(this);
  }

  #regionFor(position: number, sizeBytes: number): Region {
    const open = this.#open;
    const offset = position - (open?.position ?? 0);
    // At the end of the file, room is left for sizes that are not known yet.
    const isLast = open && open.position + open.length === this.#endPosition;
    const mostOffset = (open?.length ?? 0) + (isLast ? MOST_LEFT_OUT_BYTES : 0);
    if (open && offset >= 0 && offset <= mostOffset && offset + sizeBytes <= open.buffer.length) return open;
    return this.#openAt(position, sizeBytes);
  }

  #close(): void {
    const region = this.#open;
    this.#open = undefined;
    if (!region) return;
    if (region.length > SMALL_BYTES) return void this.#full.push(region);
    this.#full.push({ ...region, buffer: region.buffer.slice(0, region.length) });
    this.#buffers.push(region.buffer);
  }

  #openAt(position: number, leastBytes: number): Region {
    this.#close();
    const buffer = leastBytes > BUFFER_BYTES
      ? new Uint8Array(leastBytes)
      : this.#buffers.pop() ?? new Uint8Array(BUFFER_BYTES);
    return this.#open = { position, buffer, length: 0 };
  }
}
