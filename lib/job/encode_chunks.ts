/** From chunks to shards that are kept. */
import { createHash } from "node:crypto";
import { AssembleError } from "../assemble/assemble_error.ts";
import { readSegment, type SegmentChunk, segmentChunks } from "../chunk/keyframe_segments.ts";
import type { ChunkTask, Place, ShardRef } from "../fleet/fleet.ts";
import { untilAborted } from "../abort_signals.ts";
import { StoreFullError, StoreUnwritableError } from "../store/store_errors.ts";
import { type Ending, endingWith } from "./ending.ts";
import type { ChunkAhead, EncodeEvent } from "./job.ts";
import { encodedShard, type JobUnderWay } from "./job_under_way.ts";
import type { RememberedShard, ShardFacts, ShardKey } from "./shard_memory.ts";
import { taskSha256 } from "./task_identity.ts";

/** A chunk, read and with what it is to become. */
export interface ReadyChunk {
  readonly task: ChunkTask;
  readonly key: ShardKey;
  readonly bytes: Uint8Array;
}

/**
 * Has all chunks encoded whose shards are not remembered; the first failure ends the rest.
 *
 * @throws As `runJob` says; nothing goes on then.
 */
export async function encodeAll(job: JobUnderWay): Promise<void> {
  using ended = endingWith(job.tools.signal);
  const { signal } = ended;
  const running = new Set<Promise<void>>();
  try {
    for await (const chunk of segmentChunks(job.source, job.plan.chunks, { toEncode: true, signal })) {
      const ready = readyChunk(job, chunk);
      const ahead = job.tools.ahead?.(ready.key);
      // Only those under way go on beside the reading, no more of them than there are places.
      const isUnderWay = ahead !== undefined && !ahead.isOver;
      if (!isUnderWay && await isMade(ahead, job, ready, signal)) continue;
      const work = isUnderWay
        ? encodeUnlessMade(ahead, job, ready, ended)
        : encodeIn(await placeFor(job, signal), job, ready, ended);
      const run = work
        .catch(ended.end)
        .finally(() => running.delete(run));
      running.add(run);
    }
    await Promise.all(running);
    signal.throwIfAborted();
  } catch (error) {
    ended.end(error);
    throw signal.reason; // which was there first
  } finally {
    await Promise.all(running);
  }
}

/** Waits for a shard that is being made, and has the chunk encoded if there is none then. */
async function encodeUnlessMade(
  ahead: ChunkAhead,
  job: JobUnderWay,
  ready: ReadyChunk,
  ended: Ending,
): Promise<void> {
  if (await isMade(ahead, job, ready, ended.signal)) return;
  await encodeIn(await placeFor(job, ended.signal), job, ready, ended);
}

/** Whether there is a shard that fits: made ahead for this job, or remembered from before. */
async function isMade(
  ahead: ChunkAhead | undefined,
  job: JobUnderWay,
  ready: ReadyChunk,
  signal: AbortSignal,
): Promise<boolean> {
  const { task: { chunkIndex }, key } = ready;
  const isOurs = ahead !== undefined && await untilAborted(ahead.follow(chunkIndex, job.emit), signal);
  const shard = await remembered(job, ready, signal);
  if (!shard) return false;
  job.kept[chunkIndex] = { key, shard, isReused: !isOurs };
  if (!isOurs) job.emit({ kind: "reused", chunk: chunkIndex, shardBytes: shard.sizeBytes });
  return true;
}

export function readyChunk(
  { spec: { jobId }, settings, build, spans }: JobUnderWay,
  { segment: { index }, bytes }: SegmentChunk,
): ReadyChunk {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const segment = spans[index]!;
  return {
    task: { jobId, chunkIndex: index, sha256, settings, segment, build },
    key: { chunkSha256: sha256, taskSha256: taskSha256(settings, segment), build },
    bytes,
  };
}

/** The shard, if it is remembered and fits; one that does not fit is forgotten. */
async function remembered(
  job: JobUnderWay,
  { task: { chunkIndex }, key }: ReadyChunk,
  signal: AbortSignal,
): Promise<RememberedShard | undefined> {
  const shard = await job.tools.memory.find(key, { signal });
  if (!shard) return undefined;
  try {
    await job.check(encodedShard(chunkIndex, shard));
    return shard;
  } catch (error) {
    if (!(error instanceof AssembleError)) throw error;
    await job.tools.memory.forget(key, { signal });
    return undefined;
  }
}

function placeFor(
  { spec: { jobId, priority }, tools, build }: JobUnderWay,
  signal: AbortSignal,
): Promise<Place> {
  return tools.fleet.place({ jobId, priority, build, signal });
}

/** Has a chunk encoded, and its shard kept. A disk of ours that takes no more ends all. */
export async function encodeIn(
  given: Place,
  job: JobUnderWay,
  { task, key, bytes }: ReadyChunk,
  ended: Ending,
  emit: (event: EncodeEvent) => void = job.emit,
): Promise<void> {
  using place = given;
  const { fleet, memory } = job.tools;
  const chunk = task.chunkIndex;
  const encoded = await place.encode(task, bytes, async (ref, signal) => {
    const shard = await memory.keep(key, factsOf(ref), await fleet.open(ref, { signal }), {
      check: (path) => job.check({ segment: chunk, worker: ref.workerId, data: path }),
      signal,
    }).catch((error) => {
      // No other worker can help where our own disk takes no more.
      if (error instanceof StoreFullError || error instanceof StoreUnwritableError) ended.end(error);
      throw error;
    });
    return { ref, shard };
  }, (event) => emit({ chunk, ...event }));
  ended.signal.throwIfAborted();
  job.kept[chunk] = { key, shard: encoded.shard, isReused: false };
  const { worker, attempt, encodeSeconds, sizeBytes } = encoded.ref;
  emit({ kind: "encoded", chunk, worker, attempt, shardBytes: sizeBytes, encodeSeconds });
}

function factsOf({ sha256, frameCount, workerId, attempt, encodeSeconds, notes }: ShardRef): ShardFacts {
  return { sha256, frameCount, workerId, attempt, encodeSeconds, notes };
}

/**
 * Has a chunk encoded once more, whose shard is forgotten.
 *
 * @param cause What is wrong with the shard.
 * @throws As {@link encodeAll}.
 */
export async function encodeAgain(job: JobUnderWay, index: number, cause: Error): Promise<void> {
  const { key, shard } = job.kept[index]!;
  job.emit({
    kind: "failed",
    chunk: index,
    worker: shard.workerId,
    attempt: shard.attempt,
    reason: cause.message,
  });
  await job.tools.memory.forget(key, { signal: job.tools.signal });
  using ended = endingWith(job.tools.signal);
  const chunk = await readSegment(job.source, job.plan.chunks, index, {
    toEncode: true,
    signal: ended.signal,
  });
  try {
    await encodeIn(await placeFor(job, ended.signal), job, readyChunk(job, chunk), ended);
  } catch (error) {
    ended.end(error);
    throw ended.signal.reason;
  }
}
