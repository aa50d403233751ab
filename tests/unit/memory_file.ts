import type { SeekableFile } from "../../lib/assemble/seekable_sink.ts";

/** A file that starts as nothing, and what it holds. */
export class MemoryFile implements SeekableFile {
  #bytes = new Uint8Array(1024);
  #position = 0;
  #length = 0;

  seek(offset: number): Promise<number> {
    return Promise.resolve(this.#position = offset);
  }

  write(bytes: Uint8Array): Promise<number> {
    const end = this.#position + bytes.length;
    if (this.#bytes.length < end) {
      const larger = new Uint8Array(2 * end);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#position);
    this.#position = end;
    this.#length = Math.max(this.#length, end);
    return Promise.resolve(bytes.length);
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }
}
