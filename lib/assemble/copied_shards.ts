/** A video's chunks as if they were shards, to be put together again without an encode. */
import { segmentChunks, type VideoPlan } from "../chunk/keyframe_segments.ts";
import type { SourceFile } from "../chunk/source_file.ts";
import type { EncodedShard } from "./shard_frames.ts";

/**
 * One at a time, each read from the source when it is asked for; for `assemble()` with `copied`.
 *
 * @throws {SourceError} If the file is damaged or is not the one that was planned.
 * @throws `signal.reason` once aborted.
 */
export async function* copiedShards(
  source: SourceFile,
  plan: VideoPlan,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<EncodedShard, void, undefined> {
  for await (const { segment, bytes } of segmentChunks(source, plan, signal ? { signal } : {})) {
    yield { segment: segment.index, worker: "none: copied", data: bytes };
  }
}
