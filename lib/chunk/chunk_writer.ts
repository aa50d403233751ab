/** A segment's packets as a file of their own. */
import type { EncodedPacket } from "mediabunny";
import { displayRanks } from "./display_order.ts";
import { distinctTicks } from "./distinct_ticks.ts";
import type { Segment, SegmentPlan } from "./plan_segments.ts";
import { SourceError } from "./source_error.ts";
import { shownAt, type SourceFile } from "./source_file.ts";
import { videoMp4 } from "./video_mp4.ts";
import { setVp8Colours } from "./vp8_colours.ts";

/**
 * Writes a segment's packets, given in decode order, as an MP4 on the source's clock, its first frame shown at 0, each
 * at a time of its own; a lead-in lies before 0, hidden by an edit list. Rotation is left to the finished video, lest
 * a decoder apply it. The same packets give the same bytes.
 *
 * @throws {SourceError} If there are more frames than ticks in which to show them.
 */
export async function writeChunk(
  { path, video }: Pick<SourceFile, "path" | "video">,
  plan: SegmentPlan,
  segment: Segment,
  packets: readonly EncodedPacket[],
): Promise<Uint8Array<ArrayBuffer>> {
  const times = chunkTimes(packets.map((packet) => shownAt(video, packet)), plan, segment);
  if (!times) {
    const { index, frameCount } = segment;
    const what = `the ${frameCount} frames of its segment ${index} are more than its clock has ticks for`;
    throw new SourceError("unsupported", path, what);
  }
  const retimed = packets.map((packet, index) => {
    const { ticks, durationTicks } = times[index]!;
    const duration = durationTicks === undefined ? packet.duration : durationTicks / segment.timescale;
    return packet.clone({ timestamp: (ticks - segment.startTicks) / segment.timescale, duration });
  });
  // Index first, so that it can be read from a pipe. Not fragmented: FFmpeg shifts the times of what follows the
  // first fragment in which a frame is shown before the time that its place in decode order gives it.
  const { bytes, movie } = await videoMp4(video, segment.timescale, retimed);
  setVp8Colours(movie, video.decoderConfig.colorSpace);
  return bytes;
}

interface ChunkTime {
  readonly ticks: number;
  /** Undefined: the packet's own. */
  readonly durationTicks: number | undefined;
}

/** @param packetTicks When the packets are shown in the source, in decode order: lead-in, the segment's own, lead-out. */
function chunkTimes(
  packetTicks: readonly number[],
  { shownTicks }: SegmentPlan,
  { startTicks, endTicks, firstFrame, frameCount }: Segment,
): ChunkTime[] | undefined {
  const inOrder = Float64Array.from(packetTicks).sort();
  const first = inOrder.findIndex((ticks) => ticks >= startTicks);
  const end = first + frameCount;
  const own = distinctTicks(inOrder.subarray(first, end), endTicks);
  const leadOut = distinctTicks(inOrder.subarray(end));
  if (!own || !leadOut) return undefined;
  const distinct = [...inOrder.subarray(0, first), ...own, ...leadOut];
  return Array.from(displayRanks(packetTicks), (rank) => {
    const ticks = distinct[rank]!;
    if (rank < first || rank >= end) return { ticks, durationTicks: undefined };
    // Some containers state no durations, and a lead-out may be without some of the frames shown between.
    const nextTicks = rank + 1 < end ? distinct[rank + 1] : shownTicks[firstFrame + frameCount];
    return { ticks, durationTicks: nextTicks === undefined ? undefined : nextTicks - ticks };
  });
}
