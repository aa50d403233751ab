/** Few and bounded reads for pieces that lie close together. */
import type { ByteSource } from "./container_outline.ts";

const FIRST_BYTES = 16 * 1024;
const MOST_BYTES = 256 * 1024;
/** Such as the sound between two pictures. */
const MOST_SKIPPED_BYTES = 16 * 1024;

/**
 * Reads pieces of a file. Whoever goes on where the last piece ended, or a little further on, is served from what was
 * read beyond it: at most 256 KiB, and the more the longer that goes on.
 */
export class ReadAhead {
  readonly #file: ByteSource;
  #start = 0;
  #bytes = new Uint8Array();
  #aheadBytes = FIRST_BYTES;

  constructor(file: ByteSource) {
    this.#file = file;
  }

  /** The bytes from `start` to `end`, exclusive, both within the file. To be left as they are. */
  async read(start: number, end: number): Promise<Uint8Array> {
    const from = this.#start;
    const bytes = this.#bytes;
    const isAhead = start >= from && start <= from + bytes.length + MOST_SKIPPED_BYTES;
    if (isAhead && end <= from + bytes.length) return bytes.subarray(start - from, end - from);
    const aheadBytes = isAhead ? this.#aheadBytes : 0;
    this.#aheadBytes = isAhead ? Math.min(2 * aheadBytes, MOST_BYTES) : FIRST_BYTES;
    const until = Math.min(this.#file.sizeBytes, Math.max(end, start + aheadBytes));
    const read = await this.#file.read(start, until);
    this.#start = start;
    this.#bytes = read as Uint8Array<ArrayBuffer>;
    return read.subarray(0, end - start);
  }
}
