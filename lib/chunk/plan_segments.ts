/** Where a video is cut: pure, from the times and sizes of its packets. */
import type { PacketTable } from "./packet_table.ts";

/** A segment ends before the first keyframe at or past this size or duration. */
export type SegmentTarget =
  | { readonly kind: "bytes"; readonly bytes: number }
  | { readonly kind: "seconds"; readonly seconds: number };

/**
 * The frames shown from one keyframe until another, and the packets that it takes to decode them. Frames count
 * in display order, packets in decode order, both from 0 at the first packet of the track.
 */
export interface Segment {
  readonly index: number;
  /** Ticks a second. */
  readonly timescale: number;
  /** Presentation time of the first frame, in ticks. */
  readonly startTicks: number;
  /** Presentation time of the next segment's first frame; undefined for the last segment. */
  readonly endTicks: number | undefined;
  readonly frameCount: number;
  /** Where its frames begin in {@link SegmentPlan.shownTicks}. */
  readonly firstFrame: number;
  /** The keyframe that it starts with. */
  readonly firstPacket: number;
  /**
   * Exclusive. Of the packets in between, those shown before `startTicks` belong to the segment before and are
   * left out of the chunk; those shown at or after `endTicks` are its lead-out.
   */
  readonly endPacket: number;
  /**
   * Whether frames of this segment follow the next segment's keyframe in decode order (open GOP), so that the
   * chunk carries a copy of that keyframe, which the encoder drops once it is decoded.
   */
  readonly hasLeadOut: boolean;
}

export interface SegmentPlan {
  readonly timescale: number;
  readonly segments: readonly Segment[];
  /** Presentation times of all frames in display order, which the segments cover without gap or overlap. */
  readonly shownTicks: Float64Array;
  /** Packets before the first keyframe: nothing can decode them, and no segment has them. */
  readonly undecodablePackets: number;
}

/**
 * Plans segments that each begin with a keyframe and decode alone. Linear in the packets, but for one sort of
 * their times and a binary search each.
 *
 * A keyframe is no place to cut where a packet before it in decode order is shown with it or after it. Frames
 * that follow the very first keyframe but are shown before it stay in the first segment.
 *
 * @throws {RangeError} If the target is not positive, the timescale no positive integer, or there is no keyframe.
 */
export function planSegments(packets: PacketTable, target: SegmentTarget, timescale: number): SegmentPlan {
  const limit = target.kind === "bytes" ? target.bytes : target.seconds;
  if (!(limit > 0 && Number.isFinite(limit))) {
    throw new RangeError(`Cannot cut segments of ${limit} ${target.kind}: it must be a positive number`);
  }
  if (!Number.isSafeInteger(timescale) || timescale <= 0) {
    throw new RangeError(`Cannot plan with a timescale of ${timescale}: it must be a positive integer`);
  }
  const firstKey = packets.keys.indexOf(1);
  if (firstKey < 0) throw new RangeError("Cannot plan segments: there is no keyframe");

  const shownTicks = packets.ticks.slice(firstKey).sort();
  const cuts = findCuts(packets, firstKey, target, timescale);
  return {
    timescale,
    segments: segmentsBetween(cuts, packets, shownTicks, timescale),
    shownTicks,
    undecodablePackets: firstKey,
  };
}

/** Indexes of the keyframes that segments start with, ascending in decode order and in time. */
function findCuts(
  packets: PacketTable,
  firstKey: number,
  target: SegmentTarget,
  timescale: number,
): readonly number[] {
  const { ticks, keys, sizesBytes } = packets;
  const cuts = [firstKey];
  let bytes = 0;
  let startTicks = ticks[firstKey]!;
  let latestTicks = -Infinity;
  for (let i = firstKey; i < packets.length; i++) {
    const reached = target.kind === "bytes"
      ? bytes >= target.bytes
      : ticks[i]! - startTicks >= target.seconds * timescale;
    if (i > firstKey && keys[i] === 1 && reached && ticks[i]! > latestTicks) {
      cuts.push(i);
      bytes = 0;
      startTicks = ticks[i]!;
    }
    bytes += sizesBytes[i]!;
    latestTicks = Math.max(latestTicks, ticks[i]!);
  }
  return cuts;
}

function segmentsBetween(
  cuts: readonly number[],
  packets: PacketTable,
  shownTicks: Float64Array,
  timescale: number,
): Segment[] {
  const { ticks } = packets;
  const cutTicks = Float64Array.from(cuts, (packet) => ticks[packet]!);
  const frameCounts = new Uint32Array(cuts.length);
  const endPackets = new Uint32Array(cuts.length);
  for (let packet = cuts[0]!; packet < packets.length; packet++) {
    const segment = lastAtOrBefore(cutTicks, ticks[packet]!);
    frameCounts[segment]!++;
    endPackets[segment] = packet + 1;
  }
  let firstFrame = 0;
  return cuts.map((firstPacket, index) => {
    const segment = {
      index,
      timescale,
      startTicks: shownTicks[firstFrame]!,
      endTicks: cutTicks[index + 1],
      frameCount: frameCounts[index]!,
      firstFrame,
      firstPacket,
      endPacket: endPackets[index]!,
      hasLeadOut: endPackets[index]! > (cuts[index + 1] ?? Infinity),
    };
    firstFrame += segment.frameCount;
    return segment;
  });
}

/** Index of the last of the ascending `values` that is not above `value`; 0 where all are. */
function lastAtOrBefore(values: Float64Array, value: number): number {
  let low = 0;
  let high = values.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (values[middle]! <= value) low = middle;
    else high = middle;
  }
  return low;
}
