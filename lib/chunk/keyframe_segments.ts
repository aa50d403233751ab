/** A video file as segments that each begin with a keyframe, and the chunks that carry them. */
import type { EncodedPacket, EncodedPacketSink } from "mediabunny";
import { writeChunk } from "./chunk_writer.ts";
import type { PacketTable } from "./packet_table.ts";
import { planSegments, type Segment, type SegmentPlan, type SegmentTarget } from "./plan_segments.ts";
import { readPacketTable } from "./read_packet_table.ts";
import { damaged, type SourceFile, ticksOf, videoSink } from "./source_file.ts";
import { SourceError } from "./source_error.ts";

/** How a video is cut, and when each of its frames is shown. */
export interface VideoPlan extends SegmentPlan {
  /** When the last frame ends. */
  readonly endTicks: number;
}

/** A segment, and an MP4 (index first, video only, on the source's clock) whose first frame is shown at 0. */
export interface SegmentChunk {
  readonly segment: Segment;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface SegmentOptions {
  readonly signal?: AbortSignal;
}

/**
 * Plans the segments of a video in one pass over its packets, of which only times and sizes are kept.
 *
 * @throws {RangeError} If the target is not a positive number.
 * @throws {SourceError} If the file is damaged.
 * @throws `signal.reason` once aborted.
 */
export async function planSource(
  source: SourceFile,
  target: SegmentTarget,
  { signal }: SegmentOptions = {},
): Promise<VideoPlan> {
  const { packets, endTicks } = await readPacketTable(source, { signal });
  if (packets.length > 0) await readLastFrame(source, packets);
  if (!packets.keys.includes(1)) {
    throw new SourceError("damaged", source.path, `none of its ${packets.length} frames is a keyframe`);
  }
  return { ...planSegments(packets, target, source.video.timescale), endTicks };
}

/** An index may promise more than the file holds. */
async function readLastFrame(source: SourceFile, packets: PacketTable): Promise<void> {
  const { timescale } = source.video;
  const frames = packets.length;
  try {
    const last = await videoSink(source).getPacket((packets.ticks.at(-1)! + 0.5) / timescale);
    if (!last) throw new Error("no such frame");
  } catch (error) {
    throw damaged(source.path, `the last of its ${frames} frames cannot be read`, error);
  }
}

/**
 * The chunks of all segments in order. Pull-driven: a segment is read when it is asked for, and none before.
 *
 * @throws {SourceError} (by the stream) If the file is damaged or is not the one that was planned.
 * @throws `signal.reason` (by the stream) once aborted.
 */
export function segmentChunks(
  source: SourceFile,
  plan: VideoPlan,
  { signal }: SegmentOptions = {},
): ReadableStream<SegmentChunk> {
  let index = 0;
  let cursor: Cursor | undefined;
  return new ReadableStream({
    async pull(controller) {
      const segment = plan.segments[index++];
      if (!segment) return controller.close();
      const chunk = await readChunk(source, plan, segment, cursor, signal);
      cursor = chunk.cursor;
      controller.enqueue({ segment, bytes: chunk.bytes });
    },
  }, { highWaterMark: 0 });
}

/**
 * The chunk of one segment, found through the file's index.
 *
 * @throws {RangeError} If the plan has no segment of that index.
 * @throws {SourceError} If the file is damaged or is not the one that was planned.
 * @throws `signal.reason` once aborted.
 */
export async function readSegment(
  source: SourceFile,
  plan: VideoPlan,
  index: number,
  { signal }: SegmentOptions = {},
): Promise<SegmentChunk> {
  const segment = plan.segments[index];
  if (!segment) throw new RangeError(`Cannot read segment ${index}: the plan has ${plan.segments.length}`);
  const { bytes } = await readChunk(source, plan, segment, undefined, signal);
  return { segment, bytes };
}

/** A place in the file to go on from. */
interface Cursor {
  /** Of the packet that `find` finds, in decode order. */
  readonly number: number;
  readonly find: () => Promise<EncodedPacket | null>;
}

async function readChunk(
  source: SourceFile,
  plan: VideoPlan,
  segment: Segment,
  cursor: Cursor | undefined,
  signal: AbortSignal | undefined,
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly cursor: Cursor }> {
  const { timescale, startTicks, firstPacket, endPacket, index } = segment;
  const sink = videoSink(source);
  const packets: EncodedPacket[] = [];
  let { number, find } = cursor ?? { number: firstPacket, find: () => findKeyPacket(sink, segment) };
  let nextSegment: Cursor | undefined;
  try {
    for (; number < endPacket; number++) {
      signal?.throwIfAborted();
      const packet = await find();
      if (!packet) throw new SourceError("damaged", source.path, `it has no frame ${number} any more`);
      if (number >= firstPacket && ticksOf(packet, timescale) >= startTicks) packets.push(packet);
      if (number === plan.segments[index + 1]?.firstPacket) {
        nextSegment = { number, find: () => Promise.resolve(packet) };
      }
      find = () => sink.getNextPacket(packet);
    }
    checkUnchanged(source, segment, packets);
    const bytes = await writeChunk(source.video, plan, segment, packets);
    return { bytes, cursor: nextSegment ?? { number, find } };
  } catch (error) {
    signal?.throwIfAborted();
    throw damaged(source.path, `segment ${index} cannot be read`, error);
  }
}

function findKeyPacket(sink: EncodedPacketSink, segment: Segment): Promise<EncodedPacket | null> {
  const { index, startTicks, timescale } = segment;
  return index === 0 ? sink.getFirstKeyPacket() : sink.getKeyPacket((startTicks + 0.5) / timescale);
}

/** A file that was replaced since it was planned must not become chunks that look right. */
function checkUnchanged(source: SourceFile, segment: Segment, packets: readonly EncodedPacket[]): void {
  const { timescale, endTicks = Infinity, frameCount, index } = segment;
  const ownFrames = packets.filter((packet) => ticksOf(packet, timescale) < endTicks).length;
  if (packets[0]?.type === "key" && ownFrames === frameCount) return;
  throw new SourceError(
    "damaged",
    source.path,
    `segment ${index} has ${ownFrames} frames instead of ${frameCount}: the file has changed since it was planned`,
  );
}
