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
  /**
   * Presentation time of the next segment's first frame; of the last segment, when the video's edits end, and
   * undefined where nothing ends it.
   */
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
   * Whether the chunk has packets shown at or after `endTicks`, which the encoder drops once they are decoded:
   * frames of this segment follow the next segment's keyframe in decode order (open GOP), of which it carries a
   * copy, or need one that an edit hides.
   */
  readonly hasLeadOut: boolean;
  /**
   * From this time on the chunk has frames that no segment has, hidden before `startTicks`: what is shown may need
   * them. Absent: from `startTicks`.
   */
  readonly leadInTicks?: number;
}

export interface SegmentPlan {
  readonly timescale: number;
  readonly segments: readonly Segment[];
  /** Presentation times of all frames in display order, which the segments cover without gap or overlap. */
  readonly shownTicks: Float64Array;
  /**
   * Packets before the first keyframe, and those after it that need them: nothing can decode them, and no segment
   * has them.
   */
  readonly undecodablePackets: number;
  /** Frames before {@link PlanLimits.fromTicks}: no segment has them. */
  readonly droppedFirst: number;
}

/** What is no part of the video that segments are planned for. */
export interface PlanLimits {
  /** Leave out what follows the first keyframe but is shown before it: it needs frames that are not there. */
  readonly withoutLeading?: boolean;
  /** Leave out what is shown before this time. */
  readonly fromTicks?: number | undefined;
  /** Leave out what is shown at or after this time. */
  readonly untilTicks?: number | undefined;
}

/**
 * Plans segments that each begin with a keyframe and decode alone. Linear in the packets, but for one sort of
 * their times and a binary search each.
 *
 * A keyframe is no place to cut where a packet before it in decode order is shown with it or after it. Frames
 * that follow the very first keyframe but are shown before it stay in the first segment, unless they are left out.
 *
 * @throws {RangeError} If the target is not positive, the timescale no positive integer, or there is no keyframe,
 * or none that the limits leave.
 */
export function planSegments(
  packets: PacketTable,
  target: SegmentTarget,
  timescale: number,
  { withoutLeading = false, fromTicks = -Infinity, untilTicks = Infinity }: PlanLimits = {},
): SegmentPlan {
  const limit = target.kind === "bytes" ? target.bytes : target.seconds;
  if (!(limit > 0 && Number.isFinite(limit))) {
    throw new RangeError(`Cannot cut segments of ${limit} ${target.kind}: it must be a positive number`);
  }
  if (!Number.isSafeInteger(timescale) || timescale <= 0) {
    throw new RangeError(`Cannot plan with a timescale of ${timescale}: it must be a positive integer`);
  }
  const firstKey = packets.keys.indexOf(1);
  if (firstKey < 0) throw new RangeError("Cannot plan segments: there is no keyframe");

  const decodableTicks = withoutLeading ? packets.ticks[firstKey]! : -Infinity;
  const decodable = packets.ticks.subarray(firstKey).filter((ticks) => ticks >= decodableTicks);
  const shownTicks = decodable.filter((ticks) => ticks >= fromTicks && ticks < untilTicks).sort();
  if (shownTicks.length === 0) throw new RangeError("Cannot plan segments: no frame is shown");
  const firstCut = lastKeyBefore(packets, firstKey, fromTicks);
  const cuts = findCuts(packets, firstCut, target, timescale).filter((cut) =>
    cut === firstCut || packets.ticks[cut]! < untilTicks
  );
  return {
    timescale,
    segments: segmentsBetween(cuts, packets, shownTicks, { timescale, untilTicks }),
    shownTicks,
    undecodablePackets: packets.length - decodable.length,
    droppedFirst: decodable.filter((ticks) => ticks < fromTicks).length,
  };
}

/** The last keyframe that all frames shown at or after `fromTicks` follow; the first one where there is none. */
function lastKeyBefore({ ticks, keys, length }: PacketTable, firstKey: number, fromTicks: number): number {
  let last = firstKey;
  let latestTicks = -Infinity;
  for (let i = firstKey; i < length && latestTicks < fromTicks; i++) {
    if (keys[i] === 1 && ticks[i]! > latestTicks && ticks[i]! <= fromTicks) last = i;
    latestTicks = Math.max(latestTicks, ticks[i]!);
  }
  return last;
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
  { timescale, untilTicks }: { readonly timescale: number; readonly untilTicks: number },
): Segment[] {
  const { ticks } = packets;
  const cutTicks = Float64Array.from(cuts, (packet) => ticks[packet]!);
  const frameCounts = new Uint32Array(cuts.length);
  const endPackets = new Uint32Array(cuts.length);
  // The first packets of each that are shown once it has ended.
  const leadOuts = new Uint32Array(cuts.length).fill(packets.length);
  for (let packet = cuts[0]!; packet < packets.length; packet++) {
    if (ticks[packet]! >= untilTicks) leadOuts[cuts.length - 1] = Math.min(leadOuts.at(-1)!, packet);
    if (ticks[packet]! < shownTicks[0]! || ticks[packet]! >= untilTicks) continue;
    const segment = lastAtOrBefore(cutTicks, ticks[packet]!);
    frameCounts[segment]!++;
    endPackets[segment] = packet + 1;
  }
  let firstFrame = 0;
  return cuts.map((firstPacket, index) => {
    const startTicks = shownTicks[firstFrame]!;
    const keyTicks = cutTicks[index]!;
    const segment = {
      index,
      timescale,
      startTicks,
      endTicks: cutTicks[index + 1] ?? (untilTicks === Infinity ? undefined : untilTicks),
      frameCount: frameCounts[index]!,
      firstFrame,
      firstPacket,
      endPacket: endPackets[index]!,
      hasLeadOut: endPackets[index]! > (cuts[index + 1] ?? leadOuts[index]!),
      ...(keyTicks < startTicks && { leadInTicks: keyTicks }),
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
