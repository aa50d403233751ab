/** The encoder for bytes of any kind, which cannot be encoded: it keeps the beginning of them. */
import { type Bytes, EncodeError, type EncodeFacts, type Encoder, type Encoding } from "./encoder.ts";
import { failedEncoding } from "./failed_encoding.ts";

/** What is held back at most, and so the most by which a chunk gets smaller. */
const HELD_BACK_BYTES = 4 * 1024 * 1024;

/**
 * Gives a prefix of the chunk: its first half, rounded up, or all but the last 4 MiB where that is more. So
 * the prefix of a stream is known as it grows, and memory is bounded.
 */
export function createSimulatedEncoder(): Encoder {
  return {
    name: "simulated",
    version: "1",
    supports: () => false,
    encode(source, { segment }, { signal } = {}) {
      if (!segment) return keepPrefix(source, signal);
      return failedEncoding(source, new EncodeError("Cannot encode video by simulation"));
    },
    pids: new Set(),
  };
}

/** Pure: how much of a chunk of so many bytes is kept. */
export function prefixBytes(chunkBytes: number): number {
  return Math.max(Math.ceil(chunkBytes / 2), chunkBytes - HELD_BACK_BYTES);
}

function keepPrefix(source: Bytes, signal: AbortSignal | undefined): Encoding {
  const facts = Promise.withResolvers<EncodeFacts>();
  facts.promise.catch(() => {}); // whoever reads the shard sees it as well
  const held: Uint8Array[] = [];
  let seenBytes = 0;
  let keptBytes = 0;

  const prefix = new TransformStream<Uint8Array, Uint8Array>({
    transform(part, controller) {
      held.push(part);
      seenBytes += part.length;
      for (let next = held[0]; next && keptBytes < prefixBytes(seenBytes); next = held[0]) {
        const kept = next.subarray(0, prefixBytes(seenBytes) - keptBytes);
        controller.enqueue(kept);
        keptBytes += kept.length;
        if (kept.length === next.length) held.shift();
        else held[0] = next.subarray(kept.length);
      }
    },
    flush() {
      if (seenBytes === 0) {
        const error = new EncodeError("Cannot encode the chunk: it is empty");
        facts.reject(error);
        throw error;
      }
      facts.resolve({ encoder: "simulated", frameCount: 0, notes: [] });
    },
    cancel: (reason) => facts.reject(reason),
  });
  return { shard: source.pipeThrough(prefix, signal ? { signal } : {}), facts: facts.promise };
}
