/** Shards kept by what they were made from, so that nothing is encoded twice. */

/** What shapes a shard's bytes. */
export interface ShardKey {
  /** Of the chunk, hexadecimal. */
  readonly chunkSha256: string;
  /** Of the task: settings and segment, in a fixed form, hexadecimal. */
  readonly taskSha256: string;
  /** Such as `libav/libx264 8.1 form 2`. */
  readonly build: string;
}

export interface RememberedShard {
  /** Where its bytes are, for as long as the job that asked holds it. */
  readonly path: string;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly frameCount: number;
  /** Who encoded it, and at which attempt. */
  readonly workerId: string;
  readonly attempt: number;
  readonly encodeSeconds: number;
  readonly notes: readonly string[];
}

/** What is known of a shard before its bytes are kept. */
export type ShardFacts = Omit<RememberedShard, "path" | "sizeBytes">;

export interface MemoryOptions {
  readonly signal: AbortSignal;
}

export interface KeepOptions extends MemoryOptions {
  /** Whether a file of these bytes is what was asked for: what it throws, `keep` throws, and nothing is kept. */
  readonly check?: ((path: string) => Promise<void>) | undefined;
}

export interface ShardMemory {
  /** The shard, once its bytes have been compared with their SHA-256; undefined: not there, or damaged. */
  find(key: ShardKey, options: MemoryOptions): Promise<RememberedShard | undefined>;
  /**
   * Keeps a shard; once it returns, a power cut does not lose it. Where one is there already, that one stays.
   *
   * @throws {ShardCorruptError} If the bytes do not have the SHA-256 that `facts` states.
   * @throws {StoreFullError} @throws {StoreUnwritableError} @throws What the stream and the check do.
   */
  keep(
    key: ShardKey,
    facts: ShardFacts,
    bytes: ReadableStream<Uint8Array>,
    options: KeepOptions,
  ): Promise<RememberedShard>;
  /** Removes a shard that turned out to be of no use, if it is there. */
  forget(key: ShardKey, options: MemoryOptions): Promise<void>;
  /**
   * A name for a file in the folder of `target` and with its extension. The file goes when it is disposed of; if
   * the process dies first, when the memory is next opened.
   *
   * @throws {StoreFullError} @throws {StoreUnwritableError}
   */
  temporaryFor(target: string): Promise<AsyncDisposable & { readonly path: string }>;
}
