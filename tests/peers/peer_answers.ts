/** Responses as the Python clients print them: fields named as in the .proto, int64 as text. */

/** How bytes are printed. */
export interface PeerBytes {
  readonly length: number;
  /** Hex. */
  readonly sha256: string;
}

/** A call that was not OK. */
export interface PeerError {
  /** As grpcio names it, such as `NOT_FOUND`. */
  readonly code: string;
  readonly details: string;
  readonly trailers: Readonly<Record<string, string>>;
}

export interface Stored {
  readonly success: boolean;
  readonly worker_id: string;
  readonly shard_location: string;
  readonly original_size: string;
  readonly encoded_size: string;
  readonly message: string;
}

export interface OurStored extends Stored {
  readonly shard_sha256: PeerBytes;
  readonly frame_count: number;
  readonly encoder: string;
  readonly encode_seconds: number;
}

export interface Listing {
  readonly success: boolean;
  readonly message: string;
  readonly videos: readonly ListedVideo[];
}

export interface ListedVideo {
  readonly video_id: string;
  readonly chunks: readonly {
    readonly chunk_index: number;
    readonly shard_location: string;
    readonly size_bytes: string;
  }[];
}

export interface Metadata {
  readonly success: boolean;
  readonly chunks_metadata: readonly {
    readonly chunk_index: number;
    readonly original_size: string;
    readonly encoded_size: string;
    readonly compression_ratio: number;
    readonly shard_location: string;
    readonly timestamp: string;
  }[];
}

export interface Health {
  readonly is_healthy: boolean;
  readonly worker_id: string;
  readonly cpu_utilization: number;
  readonly memory_usage_bytes: string;
  readonly active_tasks: number;
}

export interface StreamedShard {
  readonly header: { readonly size_bytes: number; readonly sha256: string };
  readonly kinds: readonly ("header" | "data")[];
  readonly data: PeerBytes;
}

export interface Deleted {
  readonly success: boolean;
  readonly deleted_chunks: number;
}
