/** A file through the pieces in one process: planned, split, copied or encoded, and put together. */
import { assemble, type AssembleResult } from "../../lib/assemble/assemble.ts";
import type { EncodedShard } from "../../lib/assemble/shard_frames.ts";
import { type SegmentChunk, segmentChunks, type VideoPlan } from "../../lib/chunk/keyframe_segments.ts";
import type { SourceFile } from "../../lib/chunk/source_file.ts";
import type { Encoder, SegmentSpan } from "../../lib/encode/encoder.ts";
import type { EncodeSettings } from "../../lib/encode/settings.ts";
import { averageFrameRate } from "../../lib/fleet/frame_rate.ts";

export interface RoundTrip {
  readonly source: SourceFile;
  readonly plan: VideoPlan;
  /** Of the video that is made; its extension chooses the container. */
  readonly path: string;
}

/** Puts the chunks together as they are. */
export async function copyThrough({ source, plan, path }: RoundTrip): Promise<AssembleResult> {
  return await assemble({ source, plan, path, copied: true, shards: chunksAsShards(source, plan) });
}

async function* chunksAsShards(source: SourceFile, plan: VideoPlan): AsyncGenerator<EncodedShard> {
  for await (const { segment, bytes } of segmentChunks(source, plan)) {
    yield { segment: segment.index, worker: "copy", data: bytes };
  }
}

export interface EncodeOptions {
  readonly encoder: Encoder;
  readonly settings: EncodeSettings;
}

/** Encodes chunk after chunk, and puts the shards together. */
export async function encodeThrough(
  { source, plan, path }: RoundTrip,
  options: EncodeOptions,
): Promise<AssembleResult> {
  return await assemble({ source, plan, path, shards: shardsOf(source, plan, options) });
}

async function* shardsOf(
  source: SourceFile,
  plan: VideoPlan,
  { encoder, settings }: EncodeOptions,
): AsyncGenerator<EncodedShard> {
  for await (const chunk of segmentChunks(source, plan, { toEncode: true })) {
    const input = new Blob([chunk.bytes]).stream();
    const { shard, facts } = encoder.encode(input, { settings, segment: spanOf(plan, chunk) });
    const data = await new Response(shard).bytes();
    await facts;
    yield { segment: chunk.segment.index, worker: encoder.name, data };
  }
}

/** What a master tells a worker of a chunk. */
function spanOf({ shownTicks, endTicks: end, timescale }: VideoPlan, { segment }: SegmentChunk): SegmentSpan {
  const { startTicks, endTicks, frameCount, hasLeadOut } = segment;
  const frameRate = averageFrameRate({
    frameCount: shownTicks.length,
    durationTicks: end - shownTicks[0]!,
    timescale,
  });
  return { timescale, startTicks, frameCount, frameRate, ...(hasLeadOut && { endTicks }) };
}
