/** Chunks to encode, and what a shard turns out to be, read with mediabunny. */
import {
  ALL_FORMATS,
  BufferSource,
  BufferTarget,
  type EncodedPacket,
  EncodedPacketSink,
  EncodedVideoPacketSource,
  Input,
  type InputVideoTrack,
  Mp4OutputFormat,
  Output,
} from "mediabunny";
import type { SegmentSpan } from "../../lib/encode/encoder.ts";
import { makeVideo, type MakeVideoOptions } from "../../lib/encode/make_video.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** A chunk, the span to encode it by, and when its frames are to be shown, in ticks from the first. */
export interface Chunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly segment: SegmentSpan;
  readonly shownTicks: readonly number[];
}

const videos = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

/** The bytes of a silent video, a fragmented MP4 unless told otherwise; made once for the same options. */
export function videoBytes(options: MakeVideoOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const key = JSON.stringify(options);
  const video = videos.get(key) ?? makeVideoBytes({ tone: null, layout: "fragmented", ...options });
  videos.set(key, video);
  return video;
}

async function makeVideoBytes(options: MakeVideoOptions): Promise<Uint8Array<ArrayBuffer>> {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/video.mp4`;
  await makeVideo(path, options);
  return await Deno.readFile(path);
}

/** A whole video as one chunk. */
export async function wholeChunk(options: MakeVideoOptions = {}): Promise<Chunk> {
  return await chunkOfBytes(await videoBytes({ seconds: 2, ...options }));
}

/** A video file as one chunk. */
export async function chunkOfBytes(bytes: Uint8Array<ArrayBuffer>): Promise<Chunk> {
  const { timescale, shownTicks, startTicks } = await readVideo(bytes);
  return { bytes, segment: { timescale, startTicks, frameCount: shownTicks.length }, shownTicks };
}

/**
 * One group of pictures of a video, with a copy of the next keyframe and of the frames shown before it: what a
 * cut at open groups makes. Frames that belong to the group before are left out.
 */
export async function groupChunk(index: number, options: MakeVideoOptions): Promise<Chunk> {
  const video = await openVideo(await videoBytes(options));
  const timescale = video.track.timeResolution;
  const ticksOf = (packet: EncodedPacket): number => Math.round(packet.timestamp * timescale);
  const keys = video.packets.filter(({ type }) => type === "key");
  const [first, next] = [keys[index]!, keys[index + 1]!];
  const [startTicks, endTicks] = [ticksOf(first), ticksOf(next)];
  const following = video.packets.slice(video.packets.indexOf(first));
  const own = following.filter((packet) => ticksOf(packet) >= startTicks && ticksOf(packet) < endTicks);
  const packets = following.filter((packet) => own.includes(packet) || packet === next);
  const bytes = await writeVideo(video.track, packets, startTicks);
  const shownTicks = own.map((packet) => ticksOf(packet) - startTicks).sort((a, b) => a - b);
  return { bytes, segment: { timescale, startTicks, endTicks, frameCount: own.length }, shownTicks };
}

interface OpenVideo {
  readonly track: InputVideoTrack;
  readonly packets: readonly EncodedPacket[];
}

async function openVideo(bytes: Uint8Array<ArrayBuffer>): Promise<OpenVideo> {
  const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(bytes) });
  const tracks = await input.getTracks();
  const track = await input.getPrimaryVideoTrack();
  if (!track || tracks.length !== 1) throw new Error(`${tracks.length} tracks, not one of video`);
  return { track, packets: await Array.fromAsync(new EncodedPacketSink(track).packets()) };
}

export interface WriteVideoOptions {
  /** Tracks of the same packets. Default 1. */
  readonly tracks?: number;
  /** Packets to leave out at the end. Default 0. */
  readonly without?: number;
  /** Parameter sets (avcC) to state instead of the video's own. */
  readonly description?: Uint8Array;
}

async function writeVideo(
  track: InputVideoTrack,
  packets: readonly EncodedPacket[],
  startTicks: number,
  { tracks = 1, without = 0, description }: WriteVideoOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const target = new BufferTarget();
  const output = new Output({ format: new Mp4OutputFormat({ fastStart: "fragmented" }), target });
  const sources = Array.from({ length: tracks }, () => new EncodedVideoPacketSource("avc"));
  for (const source of sources) output.addVideoTrack(source, { frameRate: track.timeResolution });
  await output.start();
  const decoderConfig = { ...(await track.getDecoderConfig())!, ...(description && { description }) };
  for (const packet of packets.slice(0, packets.length - without)) {
    const timestamp = Math.round(packet.timestamp * track.timeResolution - startTicks) / track.timeResolution;
    for (const source of sources) await source.add(packet.clone({ timestamp }), { decoderConfig });
  }
  await output.finalize();
  return new Uint8Array(target.buffer!);
}

/** A video written anew, otherwise than its own. */
export async function rewrittenVideo(
  bytes: Uint8Array<ArrayBuffer>,
  options: WriteVideoOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { track, packets } = await openVideo(bytes);
  return await writeVideo(track, packets, 0, options);
}

/** What is in a file with one video track. */
export interface VideoReport {
  readonly timescale: number;
  /** When the first frame is shown. */
  readonly startTicks: number;
  /** When each frame is shown, from the first. */
  readonly shownTicks: readonly number[];
  readonly keyframes: number;
  readonly width: number;
  readonly height: number;
  /** With the pixels' shape. */
  readonly aspect: number;
  /** RFC 6381, such as `avc1.64000c`. */
  readonly codec: string;
  readonly transfer: string | undefined;
  /** SPS and PPS. */
  readonly parameterSets: Uint8Array;
}

export async function readVideo(bytes: Uint8Array<ArrayBuffer>): Promise<VideoReport> {
  const { track, packets } = await openVideo(bytes);
  const ticks = packets.map(({ timestamp }) => Math.round(timestamp * track.timeResolution));
  const startTicks = Math.min(...ticks);
  const config = (await track.getDecoderConfig())!;
  return {
    timescale: track.timeResolution,
    startTicks,
    shownTicks: ticks.map((tick) => tick - startTicks).sort((a, b) => a - b),
    keyframes: packets.filter(({ type }) => type === "key").length,
    width: track.codedWidth,
    height: track.codedHeight,
    aspect: track.displayWidth / track.displayHeight,
    codec: config.codec,
    transfer: config.colorSpace?.transfer ?? undefined,
    parameterSets: new Uint8Array(config.description as Uint8Array<ArrayBuffer>),
  };
}
