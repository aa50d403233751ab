/** Fleets of real workers that encode tiny chunks, and what the tests of them share. */
import { createHash } from "node:crypto";
import { DEFAULT_SETTINGS, type EncodeSettings } from "../../lib/encode/settings.ts";
import type { ChunkTask, Fleet, ShardRef, TaskEvent } from "../../lib/fleet/fleet.ts";
import { connectFleet, type ConnectFleetOptions } from "../../lib/fleet/grpc_fleet.ts";
import type { WorkerFleet } from "../../lib/fleet/worker_fleet.ts";
import { type Chunk, wholeChunk } from "./encode_media.ts";

/** A worker that is gone is noticed within three seconds. */
export const QUICK_HEALTH = { intervalMs: 500, timeoutMs: 1_000, unhealthyThreshold: 2 } as const;

const FAST: EncodeSettings = { ...DEFAULT_SETTINGS, preset: "ultrafast" };

export function fleetOf(workers: readonly string[], options: Partial<ConnectFleetOptions> = {}): WorkerFleet {
  return connectFleet({ workers, health: QUICK_HEALTH, ...options });
}

/** Half a second of a small picture: a few hundred milliseconds to encode, mostly to start the encoder. */
export function shortChunk(): Promise<Chunk> {
  return wholeChunk({ seconds: 0.5, width: 64, height: 64 });
}

/** As many seconds to encode as any test waits. */
export async function longChunk(): Promise<{ readonly chunk: Chunk; readonly settings: EncodeSettings }> {
  const chunk = await wholeChunk({ seconds: 20, width: 640, height: 480, preset: "ultrafast" });
  return { chunk, settings: { ...DEFAULT_SETTINGS, preset: "veryslow" } };
}

export interface EncodeCall {
  readonly fleet: Fleet;
  readonly chunk: Chunk;
  readonly build: string;
  readonly signal: AbortSignal;
  readonly index?: number;
  readonly settings?: EncodeSettings;
  readonly onEvent?: (event: TaskEvent) => void;
  /** What the shard's bytes have to pass. */
  readonly check?: (bytes: Uint8Array) => void;
}

export interface Encoded {
  readonly shard: ShardRef;
  readonly bytes: Uint8Array;
}

/** A chunk's whole way: a place, the encode, and the shard fetched. */
export async function encodeThrough(
  { fleet, chunk, build, signal, index = 0, settings = FAST, onEvent = () => {}, check = () => {} }:
    EncodeCall,
): Promise<Encoded> {
  using place = await fleet.place({ jobId: "fleet-test", priority: 0, build, signal });
  return await place.encode(taskOf(chunk, { index, settings, build }), chunk.bytes, async (shard, signal) => {
    const bytes = await new Response(await fleet.open(shard, { signal })).bytes();
    check(bytes);
    return { shard, bytes };
  }, onEvent);
}

function taskOf(
  { bytes, segment }: Chunk,
  { index, settings, build }: {
    readonly index: number;
    readonly settings: EncodeSettings;
    readonly build: string;
  },
): ChunkTask {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { jobId: "fleet-test", chunkIndex: index, sha256, settings, segment, build };
}
