/** A video file as segments that each begin with a keyframe, and the chunks that carry them. */
import type { EncodedPacket } from "mediabunny";
import { writeChunk } from "./chunk_writer.ts";
import { withoutKnownSets } from "./known_parameter_sets.ts";
import { MPEG_TS_CLOCK, MPEG_TS_WRAP_TICKS } from "./mpeg_ts_packets.ts";
import type { PacketTable } from "./packet_table.ts";
import {
  type PlanLimits,
  planSegments,
  type Segment,
  type SegmentPlan,
  type SegmentTarget,
} from "./plan_segments.ts";
import { readPacketTable } from "./read_packet_table.ts";
import { damaged, findingTime, shownAt, type SourceFile, type VideoFacts, videoSink } from "./source_file.ts";
import { SourceError } from "./source_error.ts";
import {
  areKeysTrue,
  backwardKey,
  isKeyPicture,
  verifyAllKeys,
  verifyFirstKey,
  verifyParameters,
} from "./verify_keyframes.ts";

/** How a video is cut, and when each of its frames is shown. */
export interface VideoPlan extends SegmentPlan {
  /** When the last frame ends. */
  readonly endTicks: number;
  /** Frames that are over before 0, where an edit list begins to show them: decoded, and part of the plan. */
  readonly hiddenFirst: number;
  /** Frames from where an edit list ends: no part of the plan. */
  readonly hiddenLast: number;
  /** The frame, in decode order, from which on decoding takes other parameters; undefined: none is known to. */
  readonly parametersChangeAt: number | undefined;
}

/**
 * A segment, and an MP4 (index first, video only, on the source's clock) whose first frame is shown at 0. What lies
 * before that is hidden by its edit list: decoders decode and drop it.
 */
export interface SegmentChunk {
  readonly segment: Segment;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface SegmentOptions {
  /** Whether the chunk is to be encoded: then without parameter sets that only repeat what the track states. */
  readonly toEncode?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PlanOptions extends SegmentOptions {
  /**
   * What becomes of frames that an edit list hides before 0. "keep", the default: they are part of the plan, as a
   * copy needs them. "drop", for an encode: chunks have them only as far as others need them, hidden, and no encoder
   * gives them back; a file whose pictures are known not to be whole is refused.
   */
  readonly hidden?: "keep" | "drop" | undefined;
}

/**
 * Plans the segments of a video in one pass over its packets, of which only times and sizes are kept. The keyframes
 * that segments begin with are read as well, since an index may be wrong about them.
 *
 * @throws {RangeError} If the target is not a positive number.
 * @throws {SourceError} If the file is damaged (for an encode, also where packets of its video are missing), or its
 * times go back.
 * @throws `signal.reason` once aborted.
 */
export async function planSource(
  source: SourceFile,
  target: SegmentTarget,
  { hidden, signal }: PlanOptions = {},
): Promise<VideoPlan> {
  const { packets, endTicks } = await readPacketTable(source, { signal });
  if (packets.length > 0) await readLastFrame(source, packets);
  try {
    return await planVerified(source, packets, endTicks, { target, hidden, signal });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof RangeError) throw error;
    throw damaged(source.path, "its keyframes cannot be read", error);
  }
}

async function planVerified(
  source: SourceFile,
  packets: PacketTable,
  endTicks: number,
  { target, hidden, signal }: PlanOptions & { readonly target: SegmentTarget },
): Promise<VideoPlan> {
  const { path, video } = source;
  const { leadingDecodable } = await verifyFirstKey(source, packets, { signal });
  checkHasKey(path, packets);
  const changes = await verifyParameters(source, packets, { signal });
  const { timescale, shownUntilTicks = Infinity } = video;
  const untilTicks = packets.ticks.some((ticks) => ticks >= shownUntilTicks) ? shownUntilTicks : undefined;
  const ends = { withoutLeading: !leadingDecodable, untilTicks };
  const fromTicks = hidden === "drop" ? firstShown(video, packets, ends, endTicks) : undefined;
  const limits = { ...ends, fromTicks };
  let plan = planSegments(packets, target, timescale, limits);
  if (backwardKey(packets) || !await areKeysTrue(source, plan.segments, packets, { signal })) {
    await verifyAllKeys(source, packets, { signal });
    plan = planSegments(packets, target, timescale, limits);
  }
  checkForward(source, packets);
  if (changes.form !== undefined) throw pictureChanges(path, changes.form);
  if (hidden === "drop") checkWhole(source, plan.shownTicks);
  return {
    ...plan,
    parametersChangeAt: changes.sets,
    endTicks: Math.min(endTicks, untilTicks ?? Infinity),
    hiddenFirst: hiddenFirst(video, plan.shownTicks, endTicks),
    hiddenLast: packets.length - plan.undecodablePackets - plan.droppedFirst - plan.shownTicks.length,
  };
}

function checkHasKey(path: string, packets: PacketTable): void {
  if (packets.keys.includes(1)) return;
  if (packets.length === 0) throw new SourceError("damaged", path, "none of its frames can be found");
  throw new SourceError("damaged", path, `none of its ${packets.length} frames is a keyframe`);
}

function checkForward({ path, video: { timescale } }: SourceFile, packets: PacketTable): void {
  const back = backwardKey(packets);
  if (!back) return;
  const [from, to] = [back.latestTicks, packets.ticks[back.index]!].map((ticks) =>
    (ticks / timescale).toFixed(3)
  );
  throw new SourceError(
    "unsupported",
    path,
    `its times go back at frame ${back.index}, from ${from} s to ${to} s (two recordings in one file?)`,
  );
}

/** What lies before the first frame that can be decoded does not matter. */
function checkWhole({ path, video: { timescale }, losses }: SourceFile, shownTicks: Float64Array): void {
  const wrapTicks = MPEG_TS_WRAP_TICKS * (timescale / MPEG_TS_CLOCK);
  const [firstTicks, lastTicks] = [shownTicks[0]!, shownTicks.at(-1)!];
  const found = (losses?.() ?? []).flatMap(({ positionBytes, ticks }) => {
    if (ticks === undefined) return [];
    const clockTicks = ticks * (timescale / MPEG_TS_CLOCK);
    const shownAtTicks = clockTicks + Math.ceil((firstTicks - clockTicks) / wrapTicks) * wrapTicks;
    return shownAtTicks <= lastTicks ? [{ positionBytes, seconds: shownAtTicks / timescale }] : [];
  });
  const [first] = found;
  if (!first) return;
  const places = found.length === 1 ? "one place" : `${found.length} places, first`;
  throw new SourceError(
    "damaged",
    path,
    `packets of its video are missing in ${places} at ${first.seconds.toFixed(3)} s ` +
      `(byte ${first.positionBytes} of the file): it can be copied (--codec copy) as it is, or encoded once ` +
      `ffmpeg -err_detect ignore_err has made whole pictures of it`,
  );
}

function pictureChanges(path: string, frame: number): SourceError {
  return new SourceError(
    "unsupported",
    path,
    `the form of its picture changes at frame ${frame}, such as its size`,
  );
}

/** When the first frame is shown that no edit list hides; undefined: it is the first one, or there is none. */
function firstShown(
  video: VideoFacts,
  packets: PacketTable,
  limits: PlanLimits,
  endTicks: number,
): number | undefined {
  const { shownTicks } = planSegments(packets, { kind: "seconds", seconds: 1 }, video.timescale, limits);
  const hidden = hiddenFirst(video, shownTicks, endTicks);
  return hidden > 0 ? shownTicks[hidden] : undefined;
}

/** A frame that is still shown at 0 is not hidden. */
function hiddenFirst({ hidesBeforeZero }: VideoFacts, shownTicks: Float64Array, endTicks: number): number {
  let count = 0;
  while (hidesBeforeZero && count < shownTicks.length && (shownTicks[count + 1] ?? endTicks) <= 0) count++;
  return count;
}

/** An index may promise more than the file holds. */
async function readLastFrame(source: SourceFile, packets: PacketTable): Promise<void> {
  const frames = packets.length;
  try {
    const last = await videoSink(source).getPacket(findingTime(source.video, packets.ticks.at(-1)!));
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
  options: SegmentOptions = {},
): ReadableStream<SegmentChunk> {
  let index = 0;
  let cursor: Cursor | undefined;
  return new ReadableStream({
    async pull(controller) {
      const segment = plan.segments[index++];
      if (!segment) return controller.close();
      const chunk = await readChunk(source, plan, segment, cursor, options);
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
  options: SegmentOptions = {},
): Promise<SegmentChunk> {
  const segment = plan.segments[index];
  if (!segment) throw new RangeError(`Cannot read segment ${index}: the plan has ${plan.segments.length}`);
  const { bytes } = await readChunk(source, plan, segment, undefined, options);
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
  { toEncode = false, signal }: SegmentOptions,
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly cursor: Cursor }> {
  const { startTicks, firstPacket, endPacket, index, leadInTicks = startTicks } = segment;
  const sink = videoSink(source);
  const packets: EncodedPacket[] = [];
  let { number, find } = cursor ?? { number: firstPacket, find: () => findKeyPacket(source, segment) };
  let nextSegment: Cursor | undefined;
  try {
    for (; number < endPacket; number++) {
      signal?.throwIfAborted();
      const packet = await find();
      if (!packet) throw new SourceError("damaged", source.path, `it has no frame ${number} any more`);
      if (number >= firstPacket && shownAt(source.video, packet) >= leadInTicks) packets.push(packet);
      if (number === plan.segments[index + 1]?.firstPacket) {
        nextSegment = { number, find: () => Promise.resolve(packet) };
      }
      find = () => sink.getNextPacket(packet);
    }
    await checkUnchanged(source, segment, packets);
    const bytes = await writeChunk(source, plan, segment, toEncode ? lean(source, packets) : packets);
    return { bytes, cursor: nextSegment ?? { number, find } };
  } catch (error) {
    signal?.throwIfAborted();
    throw damaged(source.path, `segment ${index} cannot be read`, error);
  }
}

function lean({ video }: SourceFile, packets: readonly EncodedPacket[]): EncodedPacket[] {
  const data = withoutKnownSets(video, packets.map((packet) => packet.data));
  return packets.map((packet, index) => packet.clone({ data: data[index]! }));
}

async function findKeyPacket(
  source: SourceFile,
  { index, startTicks, firstPacket }: Segment,
): Promise<EncodedPacket | null> {
  const sink = videoSink(source);
  if (index > 0) return await sink.getKeyPacket(findingTime(source.video, startTicks));
  // Its first frame shown need not be the keyframe, and an earlier one may have been called a keyframe wrongly.
  let packet = await sink.getFirstPacket({ metadataOnly: firstPacket > 0 });
  for (let number = 1; packet && number <= firstPacket; number++) {
    packet = await sink.getNextPacket(packet, { metadataOnly: number < firstPacket });
  }
  return packet;
}

/** A file that was replaced since it was planned must not become chunks that look right. */
async function checkUnchanged(
  { path, video }: SourceFile,
  { startTicks, endTicks = Infinity, frameCount, index }: Segment,
  packets: readonly EncodedPacket[],
): Promise<void> {
  const times = packets.map((packet) => shownAt(video, packet));
  const ownFrames = times.filter((ticks) => ticks >= startTicks && ticks < endTicks).length;
  if (packets[0] && await isKeyPicture(video, packets[0]) && ownFrames === frameCount) return;
  throw new SourceError(
    "damaged",
    path,
    `segment ${index} has ${ownFrames} frames instead of ${frameCount}: the file has changed since it was planned`,
  );
}
