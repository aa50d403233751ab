/** A worker as a fleet uses it, however it is reached. */
import type { Codec } from "../encode/settings.ts";
import type { WorkerCapabilities } from "../rpc/worker_client.ts";
import type { ChunkTask, FleetOptions, ShardRef } from "./fleet.ts";
import type { HealthReport } from "./health_state.ts";

/** A shard as its worker tells of it. */
export type EncodedShard = Omit<ShardRef, "worker" | "attempt">;

/** What the end of a call says. */
export type Diagnosis =
  /** The worker has no place, and says when it may have one: no failure of anybody's. */
  | { readonly kind: "busy"; readonly waitMs: number; readonly reason: string }
  /** The worker is about to stop: it takes no more, or ended what it had. That says nothing of the chunk. */
  | { readonly kind: "draining"; readonly reason: string }
  /** The call never got there: it says nothing of the chunk. */
  | { readonly kind: "unreached"; readonly reason: string }
  /** The worker went away while it had the chunk, or did not answer in time. */
  | { readonly kind: "lost"; readonly reason: string }
  /** It answered: it cannot. */
  | { readonly kind: "failed"; readonly reason: string };

/** Who was asked has answered that it takes no such calls, or none of this caller: waiting mends neither. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

/** Every call ends soon after its signal aborts, with the signal's reason. */
export interface WorkerPort extends Disposable {
  /** @throws {RefusedError} */
  checkHealth(options: FleetOptions): Promise<HealthReport>;
  /** What is known by now of the codecs asked for; a worker that cannot tell encodes none. */
  capabilities(codecs: readonly Codec[], options: FleetOptions): Promise<WorkerCapabilities>;
  encode(task: ChunkTask, chunk: Uint8Array, options: FleetOptions): Promise<EncodedShard>;
  open(shard: ShardRef, options: FleetOptions): Promise<ReadableStream<Uint8Array>>;
  deleteVideo(videoId: string, options: FleetOptions): Promise<void>;
  /** What an error of one of these calls says; of another error, that the worker failed. */
  diagnose(error: unknown): Diagnosis;
}
