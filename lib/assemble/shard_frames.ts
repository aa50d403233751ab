/** The frames of all shards, one after another, with the times that they have in the source. */
import type { EncodedPacket, VideoCodec } from "mediabunny";
import type { VideoPlan } from "../chunk/keyframe_segments.ts";
import { distinctTicks } from "../chunk/distinct_ticks.ts";
import type { Segment } from "../chunk/plan_segments.ts";
import {
  type DecoderConfig,
  openSource,
  openSourceBytes,
  packetsOf,
  type SourceFile,
} from "../chunk/source_file.ts";
import { LeadOut } from "./lead_out.ts";
import { AssembleError, describeShard, type ShardOrigin } from "./assemble_error.ts";
import { codecDifferences, vp9Level } from "./codec_agreement.ts";
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

export interface ShardFramesOptions {
  /** Whether the shards are the chunks themselves, with their lead-outs. */
  readonly copied?: boolean | undefined;
  /** Told of the level of each VP9 shard: the highest is that of the video. */
  readonly onVp9Level?: ((level: number) => void) | undefined;
}

/** A shard, and how it is decoded. */
export interface CheckedShard {
  readonly origin: ShardOrigin;
  readonly decoderConfig: DecoderConfig;
}

/**
 * Reads shards in the order of their segments, one open at a time, and yields their frames in decode order: that
 * of the source where the shards are copies.
 *
 * @throws {AssembleError} If a shard is missing, out of order, unreadable, of other frames than its segment, or
 * encoded otherwise than the first; chunks and workers are named.
 */
export async function* shardFrames(
  plan: VideoPlan,
  shards: AsyncIterable<EncodedShard>,
  { copied = false, onVp9Level }: ShardFramesOptions = {},
): AsyncGenerator<ShardFrame, void, undefined> {
  const leadOut = new LeadOut<ShardFrame>();
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
    const level = vp9Level(checked.decoderConfig);
    if (level !== undefined) onVp9Level?.(level);
    const frames = retimedFrames(plan, segment, shard, file, copied);
    if (copied) yield* leadOut.reordered(frames);
    else for await (const frame of frames) if (frame) yield frame;
    expected++;
  }
  if (expected < plan.segments.length) {
    throw new AssembleError(
      `Cannot assemble the video: chunk ${expected} of ${plan.segments.length} is missing`,
    );
  }
}

/** @throws {AssembleError} If the shard cannot be read. */
export async function openShard(shard: EncodedShard): Promise<SourceFile> {
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

/** @throws {AssembleError} If the two cannot stand in one track, naming both. */
export function checkAgreement(first: CheckedShard, other: CheckedShard): void {
  const differences = codecDifferences(first.decoderConfig, other.decoderConfig);
  if (differences.length === 0) return;
  const names = `${describeShard(first.origin)} and ${describeShard(other.origin)}`;
  throw new AssembleError(`Cannot join ${names}: they differ in ${differences.join(", ")}`, {
    shards: [first.origin, other.origin],
  });
}

/** The frames of a shard; undefined stands for one of the next segment, of which a copied chunk has a copy. */
async function* retimedFrames(
  plan: VideoPlan,
  segment: Segment,
  shard: EncodedShard,
  file: SourceFile,
  copied: boolean,
): AsyncGenerator<ShardFrame | undefined, void, undefined> {
  const { firstFrame, frameCount, timescale } = segment;
  const { codec, decoderConfig } = file.video;
  const shownTicks = plan.shownTicks.subarray(firstFrame, firstFrame + frameCount);
  const all = await shardSeconds(shard, file);
  const isOwn = copied ? ownFrames(segment, all) : () => true;
  const chunkTicks = distinctTicks(shownTicks, segment.endTicks) ?? shownTicks;
  const restored = restoreTimes(all.filter((_, index) => isOwn(index)), chunkTicks, timescale);
  if (typeof restored === "string") {
    throw new AssembleError(`Cannot use ${describeShard(shard)}: ${restored}`, { shards: [shard] });
  }
  const packets = packetsOf(file.video);
  let own = 0;
  for (const index of all.keys()) {
    const packet = await nextPacket(packets, shard);
    if (!isOwn(index)) {
      yield undefined;
      continue;
    }
    const frame = firstFrame + restored.ranks[own++]!;
    const ticks = plan.shownTicks[frame]!;
    const nextTicks = plan.shownTicks[frame + 1] ?? plan.endTicks;
    const retimed = packet.clone({
      timestamp: ticks / timescale,
      duration: Math.max(0, nextTicks - ticks) / timescale,
    });
    yield { packet: retimed, codec, decoderConfig, segment };
  }
}

/** Which frames of a chunk are its segment's own: the others are its lead-out. */
function ownFrames({ startTicks, endTicks = Infinity, timescale }: Segment, seconds: readonly number[]) {
  return (index: number) => startTicks + Math.round(seconds[index]! * timescale) < endTicks;
}

/**
 * Presentation times of a shard's frames in decode order.
 *
 * @throws {AssembleError} If the shard cannot be read.
 */
export async function shardSeconds(shard: EncodedShard, file: SourceFile): Promise<number[]> {
  const seconds: number[] = [];
  try {
    for await (
      const { timestamp } of packetsOf(file.video, { metadataOnly: true })
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
