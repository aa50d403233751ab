/** Videos made in memory, whose packets are only numbered: what is done to packets needs no pictures. */
import {
  BufferTarget,
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedVideoPacketSource,
  type MetadataTags,
  MkvOutputFormat,
  MovOutputFormat,
  Mp4OutputFormat,
  Output,
  type OutputFormat,
  type VideoTrackMetadata,
} from "mediabunny";
import type { PacketRow } from "../../lib/chunk/packet_table.ts";
import { type DecoderConfig, packetsOf, type SourceFile, ticksOf } from "../../lib/chunk/source_file.ts";

/** Of an H.264 video of 320 by 240, as x264 makes them. */
const AVCC = Uint8Array.fromHex(
  "0164000cffe100196764000cacd94141fb0110000003001000000301e0f142996001000468ef8fcbfdf8f800",
);

export interface SyntheticVideo {
  /** In decode order. */
  readonly packets: readonly PacketRow[];
  readonly timescale: number;
  readonly container?: "mp4" | "fragmented" | "mov" | "mkv";
  /** Default 320. */
  readonly width?: number;
  readonly metadata?: VideoTrackMetadata;
  readonly colorSpace?: DecoderConfig["colorSpace"];
  /** Width of the picture over its height, as it is shown; default as many pixels as it has. */
  readonly displayAspect?: { readonly num: number; readonly den: number };
  readonly tags?: MetadataTags;
  /** Start times in seconds of the packets of an AAC track of 48 kHz; default none. */
  readonly audioSeconds?: readonly number[];
}

export async function syntheticVideo(video: SyntheticVideo): Promise<Uint8Array<ArrayBuffer>> {
  const { packets, timescale, container = "mp4", width = 320, audioSeconds = [] } = video;
  const target = new BufferTarget();
  const output = new Output({ format: formatOf(container), target });
  const track = new EncodedVideoPacketSource("avc");
  output.addVideoTrack(track, { ...(container !== "mkv" && { frameRate: timescale }), ...video.metadata });
  const audio = new EncodedAudioPacketSource("aac");
  if (audioSeconds.length > 0) output.addAudioTrack(audio);
  output.setMetadataTags(video.tags ?? {});
  await output.start();
  const decoderConfig = {
    codec: "avc1.64000c",
    codedWidth: width,
    codedHeight: 240,
    description: AVCC,
    ...(video.colorSpace && { colorSpace: video.colorSpace }),
    ...(video.displayAspect && {
      displayAspectWidth: video.displayAspect.num,
      displayAspectHeight: video.displayAspect.den,
    }),
  };
  for (const [index, { ticks, key, sizeBytes }] of packets.entries()) {
    const packet = new EncodedPacket(
      payload(index, sizeBytes),
      key ? "key" : "delta",
      ticks / timescale,
      1 / timescale,
    );
    await track.add(packet, { decoderConfig });
  }
  track.close();
  const audioConfig = {
    codec: "mp4a.40.2",
    numberOfChannels: 1,
    sampleRate: 48_000,
    description: Uint8Array.of(0x11, 0x88),
  };
  for (const [index, seconds] of audioSeconds.entries()) {
    const packet = new EncodedPacket(payload(index, 10), "key", seconds, 1024 / 48_000);
    await audio.add(packet, { decoderConfig: audioConfig });
  }
  await output.finalize();
  return new Uint8Array(target.buffer!);
}

function formatOf(container: "mp4" | "fragmented" | "mov" | "mkv"): OutputFormat {
  switch (container) {
    case "mp4":
      return new Mp4OutputFormat({ fastStart: false });
    case "fragmented":
      return new Mp4OutputFormat({ fastStart: "fragmented", minimumFragmentDuration: 0 });
    case "mov":
      return new MovOutputFormat({ fastStart: "in-memory" });
    case "mkv":
      return new MkvOutputFormat();
  }
}

/** Starts with the packet's number, so that no two are the same. */
function payload(index: number, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(4, sizeBytes));
  new DataView(bytes.buffer).setUint32(0, index);
  return bytes;
}

/** A packet as {@link readPackets} finds it. */
export interface FoundPacket {
  /** Its place in the synthetic video it comes from, in decode order. */
  readonly number: number;
  readonly ticks: number;
  readonly key: boolean;
}

/** The video packets of a file made from a synthetic video, in decode order. */
export async function readPackets(source: SourceFile): Promise<FoundPacket[]> {
  const found: FoundPacket[] = [];
  for await (const packet of packetsOf(source.video)) {
    const { buffer, byteOffset } = packet.data;
    found.push({
      number: new DataView(buffer, byteOffset).getUint32(0),
      ticks: ticksOf(packet, source.video.timescale),
      key: packet.type === "key",
    });
  }
  return found;
}

/** Frames at even times, `count` of them, a keyframe every `interval`. */
export function evenPackets(count: number, interval: number, gapTicks = 1): PacketRow[] {
  return Array.from(
    { length: count },
    (_, index) => ({ ticks: index * gapTicks, key: index % interval === 0, sizeBytes: 20 }),
  );
}
