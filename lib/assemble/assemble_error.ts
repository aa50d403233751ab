/** What can be wrong with the shards of a video, or with what became of them. */

/** Which chunk of the video a shard is, and who encoded it. */
export interface ShardOrigin {
  /** Index of the segment, which is also the chunk's. */
  readonly segment: number;
  readonly worker: string;
}

/** The shards do not make the planned video. */
export class AssembleError extends Error {
  override readonly name = "AssembleError";
  /** The shards at fault: none where the fault is not theirs, two where they do not fit together. */
  readonly shards: readonly ShardOrigin[];

  constructor(message: string, options: ErrorOptions & { readonly shards?: readonly ShardOrigin[] } = {}) {
    super(message, options);
    this.shards = options.shards ?? [];
  }
}

/** Such as `chunk 3 (worker b:50061)`. */
export function describeShard({ segment, worker }: ShardOrigin): string {
  return `chunk ${segment} (worker ${worker})`;
}
