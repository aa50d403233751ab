/** One chunk, from its first byte to its durable shard. */
import type { ChosenEncoders } from "../encode/choose_encoder.ts";
import { EncodeError, type Encoder, EncoderUnavailableError } from "../encode/encoder.ts";
import type { ShardStore, StoredShard } from "../store/shard_store.ts";
import type { Admission } from "./admission.ts";
import { checkChunk } from "./checked_chunk.ts";
import type { ChunkOrder } from "./chunk_order.ts";

export interface ChunkProcessor {
  readonly store: ShardStore;
  readonly admission: Admission;
  readonly encoders: ChosenEncoders;
  readonly limits: ProcessLimits;
}

export interface ProcessLimits {
  /** How long nothing may come of a chunk. */
  readonly stallMs: number;
  /** How long a chunk in one message may take to come. */
  readonly messageMs: number;
  /** How long one chunk may take in all, once it has a place. */
  readonly encodeMs: number;
}

export interface ProcessedChunk {
  readonly shard: StoredShard;
  /** What was changed without being asked for, a sentence each. */
  readonly notes: readonly string[];
  /** From the place among the running tasks to the durable shard. */
  readonly seconds: number;
}

export interface ProcessOptions {
  readonly signal: AbortSignal;
  /** Told when the whole chunk has come. */
  readonly onReceived?: ((sizeBytes: number) => void) | undefined;
}

/** The chunk took longer than any may. */
export class EncodeTimeoutError extends Error {
  override readonly name = "EncodeTimeoutError";
}

/**
 * Encodes a chunk as it comes in and stores the shard as it comes out; memory does not grow with either.
 *
 * @throws What toStatus() knows; nothing is stored then.
 */
export async function processChunk(
  processor: ChunkProcessor,
  order: ChunkOrder,
  source: ReadableStream<Uint8Array>,
  { signal, onReceived }: ProcessOptions,
): Promise<ProcessedChunk> {
  const encoder = encoderFor(processor, order);
  return await processor.admission.run(async () => {
    const startMs = performance.now();
    using limit = timeLimit(processor.limits.encodeMs);
    const made = await encodeAndStore(processor, order, source, encoder, {
      signal: AbortSignal.any([signal, limit.signal]),
      onReceived,
    });
    return { ...made, seconds: (performance.now() - startMs) / 1000 };
  }, { signal });
}

async function encodeAndStore(
  { store, limits }: ChunkProcessor,
  { key, task, sha256 }: ChunkOrder,
  source: ReadableStream<Uint8Array>,
  encoder: Encoder,
  { signal, onReceived }: ProcessOptions,
): Promise<Omit<ProcessedChunk, "seconds">> {
  const chunk = checkChunk(source, { sha256, stallMs: limits.stallMs, onEnd: onReceived });
  try {
    const encoding = encoder.encode(chunk.bytes, task, { signal });
    let notes: readonly string[] = [];
    const facts = async () => {
      const { encoder, frameCount, ...facts } = await encoding.facts;
      notes = facts.notes;
      return {
        originalSize: chunk.sizeBytes,
        encoder,
        frameCount,
        settings: task.segment ? { ...task.settings } : null,
      };
    };
    const shard = await store.put(key, encoding.shard, facts, { signal });
    return { shard, notes };
  } catch (error) {
    signal.throwIfAborted();
    // what is wrong with the chunk itself explains what the encoder made of it
    if (error instanceof EncodeError) await chunk.verify({ signal });
    throw error;
  }
}

function encoderFor({ encoders }: ChunkProcessor, { task }: ChunkOrder): Encoder {
  if (!task.segment) return encoders.opaque;
  if (!encoders.media) {
    throw new EncoderUnavailableError("Cannot process chunk: this worker encodes no media segments");
  }
  if (encoders.media.supports(task.settings)) return encoders.media;
  throw new EncoderUnavailableError(
    `Cannot process chunk: ${encoders.media.name} ${encoders.media.version} here has no ${task.settings.codec} encoder`,
  );
}

function timeLimit(limitMs: number): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const timer = setTimeout(
    () =>
      controller.abort(new EncodeTimeoutError(`Cannot process chunk: not done after ${limitMs / 1000} s`)),
    limitMs,
  );
  return { signal: controller.signal, [Symbol.dispose]: () => clearTimeout(timer) };
}
