/** A segment's packets as a file of their own. */
import {
  BufferTarget,
  type EncodedPacket,
  EncodedVideoPacketSource,
  Mp4OutputFormat,
  Output,
} from "mediabunny";
import { displayRanks } from "./display_order.ts";
import { setHeaderTimes } from "./mp4_header_times.ts";
import type { Segment, SegmentPlan } from "./plan_segments.ts";
import { shownAt, type VideoFacts } from "./source_file.ts";

/**
 * Writes a segment's packets, given in decode order, as an MP4 on the source's clock, its first frame shown at 0.
 * Rotation is left to the finished video, lest a decoder apply it. The same packets give the same bytes.
 */
export async function writeChunk(
  video: VideoFacts,
  { shownTicks }: SegmentPlan,
  { timescale, startTicks, firstFrame, frameCount }: Segment,
  packets: readonly EncodedPacket[],
): Promise<Uint8Array<ArrayBuffer>> {
  let moov = { position: 0, sizeBytes: 0 };
  const format = new Mp4OutputFormat({
    // Index first, so that it can be read from a pipe. Not fragmented: FFmpeg shifts the times of what follows the
    // first fragment in which a frame is shown before the time that its place in decode order gives it.
    fastStart: "in-memory",
    onMoov: ({ byteLength }, position) => moov = { position, sizeBytes: byteLength },
  });
  const target = new BufferTarget();
  const output = new Output({ format, target });
  const track = new EncodedVideoPacketSource(video.codec);
  // An MP4 track's clock is taken from its frame rate: this keeps every tick as it is.
  output.addVideoTrack(track, { frameRate: timescale });
  await output.start();
  const ranks = displayRanks(packets.map((packet) => packet.timestamp));
  for (const [index, packet] of packets.entries()) {
    const ticks = shownAt(video, packet);
    // Some containers state no durations, and a lead-out may be without some of the frames shown between.
    const nextTicks = ranks[index]! < frameCount ? shownTicks[firstFrame + ranks[index]! + 1] : undefined;
    const duration = nextTicks === undefined ? packet.duration : (nextTicks - ticks) / timescale;
    const retimed = packet.clone({ timestamp: (ticks - startTicks) / timescale, duration });
    await track.add(retimed, { decoderConfig: video.decoderConfig });
  }
  await output.finalize();
  const bytes = new Uint8Array(target.buffer!);
  setHeaderTimes(bytes.subarray(moov.position, moov.position + moov.sizeBytes));
  return bytes;
}
