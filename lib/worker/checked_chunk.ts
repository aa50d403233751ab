import { createHash } from "node:crypto";
import { untilAborted } from "../abort_signals.ts";
import { unlessStalled } from "../stalled.ts";

/** What was received is not what was sent. */
export class ChunkChecksumError extends Error {
  override readonly name = "ChunkChecksumError";
}

/** A chunk without a byte. */
export class EmptyChunkError extends Error {
  override readonly name = "EmptyChunkError";

  constructor() {
    super("Cannot process chunk: chunk_data is empty");
  }
}

export interface CheckedChunk {
  readonly bytes: ReadableStream<Uint8Array>;
  /** So far. */
  readonly sizeBytes: number;
  /**
   * For when the encoder failed: throws what is wrong with the chunk itself, if anything is. With a checksum, what
   * the encoder left unread is read to know.
   *
   * @throws {ChunkChecksumError} @throws {EmptyChunkError} @throws {StalledError} @throws What the source threw.
   * @throws `options.signal.reason` once aborted; the source is cancelled.
   */
  verify(options?: { readonly signal?: AbortSignal }): Promise<void>;
}

export interface CheckOptions {
  /** 32 bytes; undefined: not checked. */
  readonly sha256: Uint8Array | undefined;
  /** How long nothing may come. */
  readonly stallMs: number;
  /** Told once, when the last byte has come and all is well. */
  readonly onEnd?: ((sizeBytes: number) => void) | undefined;
}

/**
 * Counts and hashes a chunk on its way to the encoder. The stream errors before its end if the chunk is not what
 * was announced, so that nothing made of it is kept.
 */
export function checkChunk(
  source: ReadableStream<Uint8Array>,
  { sha256, stallMs, onEnd }: CheckOptions,
): CheckedChunk {
  const hash = createHash("sha256");
  const reader = source.getReader();
  let sizeBytes = 0;
  let isOver = false;
  let failure: unknown;

  /** The next bytes; undefined at the end of a chunk that is what was announced. */
  async function next(): Promise<Uint8Array | undefined> {
    if (isOver) return undefined;
    try {
      const { done, value } = await unlessStalled("process chunk", reader.read(), stallMs);
      if (!done) {
        sizeBytes += value.length;
        hash.update(value);
        return value;
      }
      isOver = true;
      if (sizeBytes === 0) throw new EmptyChunkError();
      if (sha256 && !hash.digest().equals(sha256)) {
        throw new ChunkChecksumError(`Cannot process chunk: the SHA-256 of its ${sizeBytes} bytes differs`);
      }
      onEnd?.(sizeBytes);
    } catch (error) {
      isOver = true;
      failure = error;
      reader.cancel(error).catch(() => {}); // it is dropped for the error that is thrown here
      throw error;
    }
  }

  const bytes = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const value = await next();
      if (value) controller.enqueue(value);
      else controller.close();
    },
    // with a checksum, verify() still wants the rest
    cancel: (reason) => sha256 ? undefined : reader.cancel(reason),
  }, { highWaterMark: 0 });

  return {
    bytes,
    get sizeBytes() {
      return sizeBytes;
    },
    async verify({ signal } = {}) {
      if (failure !== undefined) throw failure;
      if (!sha256) return;
      try {
        while (await untilAborted(next(), signal));
      } catch (error) {
        reader.cancel(error).catch(() => {}); // nobody reads on
        throw error;
      }
    },
  };
}
