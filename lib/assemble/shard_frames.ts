/** The frames of all shards, one after another, with the times that they have in the source. */
import type { EncodedPacket, VideoCodec } from "mediabunny";
import type { VideoPlan } from "../chunk/keyframe_segments.ts";
import type { Segment } from "../chunk/plan_segments.ts";
import {
  type DecoderConfig,
  openSource,
  openSourceBytes,
  packetsOf,
  type SourceFile,
} from "../chunk/source_file.ts";
import { AssembleError, describeShard, type ShardOrigin } from "./assemble_error.ts";
import { codecDifferences } from "./codec_agreement.ts";
import { restoreTimes } from "./restore_times.ts";

/** An encoded chunk. */
export interface EncodedShard extends ShardOrigin {
  /** A path, or the bytes themselves. */
  readonly data: string | Uint8Array;
}

export interface ShardFrame {
  readonly packet: EncodedPacket;
  readonly codec: VideoCodec;
  readonly decoderConfig: DecoderConfig;
  readonly segment: Segment;
}

interface CheckedShard {
  readonly origin: ShardOrigin;
  readonly decoderConfig: DecoderConfig;
}

/**
 * Reads shards in the order of their segments, one open at a time, and yields their frames in decode order.
 *
 * @throws {AssembleError} If a shard is missing, out of order, unreadable, of other frames than its segment, or
 * encoded otherwise than the first; chunks and workers are named.
 */
export async function* shardFrames(
  plan: VideoPlan,
  shards: AsyncIterable<EncodedShard>,
): AsyncGenerator<ShardFrame, void, undefined> {
  let first: CheckedShard | undefined;
  let expected = 0;
  for await (const shard of shards) {
    const segment = plan.segments[shard.segment];
    if (!segment || shard.segment !== expected) {
      throw new AssembleError(
        `Cannot use ${describeShard(shard)}: the next of the ${plan.segments.length} chunks is ${expected}`,
        { shards: [shard] },
      );
    }
    using file = await openShard(shard);
    const checked = { origin: shard, decoderConfig: file.video.decoderConfig };
    checkAgreement(first ?? checked, checked);
    first ??= checked;
    yield* retimedFrames(plan, segment, shard, file);
    expected++;
  }
  if (expected < plan.segments.length) {
    throw new AssembleError(
      `Cannot assemble the video: chunk ${expected} of ${plan.segments.length} is missing`,
    );
  }
}

async function openShard(shard: EncodedShard): Promise<SourceFile> {
  try {
    return typeof shard.data === "string"
      ? await openSource(shard.data)
      : await openSourceBytes(describeShard(shard), shard.data);
  } catch (error) {
    throw unreadable(shard, error);
  }
}

function unreadable(shard: EncodedShard, cause: unknown): AssembleError {
  if (cause instanceof AssembleError) return cause;
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new AssembleError(`Cannot read ${describeShard(shard)}: ${detail}`, { cause, shards: [shard] });
}

function checkAgreement(first: CheckedShard, other: CheckedShard): void {
  const differences = codecDifferences(first.decoderConfig, other.decoderConfig);
  if (differences.length === 0) return;
  const names = `${describeShard(first.origin)} and ${describeShard(other.origin)}`;
  throw new AssembleError(`Cannot join ${names}: they differ in ${differences.join(", ")}`, {
    shards: [first.origin, other.origin],
  });
}

async function* retimedFrames(
  plan: VideoPlan,
  { firstFrame, frameCount, timescale }: Segment,
  shard: EncodedShard,
  file: SourceFile,
): AsyncGenerator<ShardFrame, void, undefined> {
  const { codec, decoderConfig } = file.video;
  const shownTicks = plan.shownTicks.subarray(firstFrame, firstFrame + frameCount);
  const restored = restoreTimes(await shardSeconds(shard, file), shownTicks, timescale);
  if (typeof restored === "string") {
    throw new AssembleError(`Cannot use ${describeShard(shard)}: ${restored}`, { shards: [shard] });
  }
  const packets = packetsOf(file.video.track);
  for (const rank of restored.ranks) {
    const packet = await nextPacket(packets, shard);
    const frame = firstFrame + rank;
    const ticks = plan.shownTicks[frame]!;
    const nextTicks = plan.shownTicks[frame + 1] ?? plan.endTicks;
    const retimed = packet.clone({
      timestamp: ticks / timescale,
      duration: Math.max(0, nextTicks - ticks) / timescale,
    });
    yield { packet: retimed, codec, decoderConfig, segment: plan.segments[shard.segment]! };
  }
}

async function shardSeconds(shard: EncodedShard, file: SourceFile): Promise<number[]> {
  const seconds: number[] = [];
  try {
    for await (
      const { timestamp } of packetsOf(file.video.track, { metadataOnly: true })
    ) {
      seconds.push(timestamp);
    }
  } catch (error) {
    throw unreadable(shard, error);
  }
  return seconds;
}

async function nextPacket(
  packets: AsyncGenerator<EncodedPacket>,
  shard: EncodedShard,
): Promise<EncodedPacket> {
  try {
    const { value, done } = await packets.next();
    if (done) throw new Error("it ends too early");
    return value;
  } catch (error) {
    throw unreadable(shard, error);
  }
}
