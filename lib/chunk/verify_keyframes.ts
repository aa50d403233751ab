/** Keyframes as the pictures themselves tell of them: an index may call one what cannot be decoded alone. */
import type { EncodedPacket } from "mediabunny";
import { parameterSetsIn, pictureKind } from "./coded_picture.ts";
import type { PacketTable } from "./packet_table.ts";
import type { Segment } from "./plan_segments.ts";
import { findingTime, type SourceFile, type VideoFacts, videoSink } from "./source_file.ts";

/** Leading pictures are a few, right behind their keyframe. */
const MOST_LEADING = 64;

export interface VerifyOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Whether decoding can start with a packet that its container calls a keyframe. */
export async function isKeyPicture(video: VideoFacts, packet: EncodedPacket): Promise<boolean> {
  if (video.codec !== "avc" && video.codec !== "hevc") {
    return await video.track.determinePacketType(packet) !== "delta";
  }
  const kind = pictureKind(video, packet.data);
  return kind === undefined || kind === "open" || kind === "closed";
}

/**
 * Takes the marks off keyframes that are none, up to the first that is one.
 *
 * @returns Whether packets that follow that one but are shown before it can be decoded.
 */
export async function verifyFirstKey(
  source: SourceFile,
  packets: PacketTable,
  { signal }: VerifyOptions,
): Promise<{ readonly leadingDecodable: boolean }> {
  const { video } = source;
  const sink = videoSink(source);
  let key: { readonly index: number; readonly isClosed: boolean } | undefined;
  let leadingDecodable = true;
  let packet = await sink.getFirstPacket({ metadataOnly: packets.keys[0] === 0 });
  for (let index = 0; packet && index < packets.length; index++) {
    signal?.throwIfAborted();
    if (!key && packets.keys[index] === 1) {
      if (await isKeyPicture(video, packet)) {
        key = { index, isClosed: pictureKind(video, packet.data) !== "open" };
      } else packets.clearKey(index);
    } else if (key && packets.ticks[index]! < packets.ticks[key.index]!) {
      const kind = pictureKind(video, packet.data);
      // What the picture does not tell is left to whoever decodes it.
      leadingDecodable &&= kind === undefined || kind === "leading-decodable" ||
        (key.isClosed && kind === "other");
    }
    if (key && (key.isClosed || index > key.index + MOST_LEADING)) break;
    const needsData = key !== undefined || packets.keys[index + 1] === 1;
    packet = await sink.getNextPacket(packet, { metadataOnly: !needsData });
  }
  return { leadingDecodable };
}

/** Whether all segments begin with a keyframe that is one; the first of the track is known to be. */
export async function areKeysTrue(
  source: SourceFile,
  segments: readonly Segment[],
  packets: PacketTable,
  { signal }: VerifyOptions,
): Promise<boolean> {
  const sink = videoSink(source);
  const firstKey = packets.keys.indexOf(1);
  for (const { firstPacket } of segments) {
    if (firstPacket === firstKey) continue;
    signal?.throwIfAborted();
    const packet = await sink.getKeyPacket(findingTime(source.video, packets.ticks[firstPacket]!));
    if (packet && !await isKeyPicture(source.video, packet)) return false;
  }
  return true;
}

/** Takes the marks off all keyframes that are none: reads every one. */
export async function verifyAllKeys(
  source: SourceFile,
  packets: PacketTable,
  { signal }: VerifyOptions,
): Promise<void> {
  const sink = videoSink(source);
  let packet = await sink.getFirstPacket({ metadataOnly: packets.keys[0] === 0 });
  for (let index = 0; packet && index < packets.length; index++) {
    signal?.throwIfAborted();
    if (packets.keys[index] === 1 && !await isKeyPicture(source.video, packet)) packets.clearKey(index);
    packet = await sink.getNextPacket(packet, { metadataOnly: packets.keys[index + 1] !== 1 });
  }
}

/** The keyframes, in decode order, at which parameter sets first differ from those that a track begins with. */
export interface ParameterChanges {
  /** Those that the size of the picture depends on; undefined: nowhere. */
  readonly sequence: number | undefined;
  /** The others; undefined: nowhere. */
  readonly picture: number | undefined;
}

/**
 * Whether parameter sets change on the way, in a track that carries them in its packets: reads every keyframe that
 * is marked as one.
 */
export async function findParameterChanges(
  source: SourceFile,
  packets: PacketTable,
  { signal }: VerifyOptions,
): Promise<ParameterChanges> {
  const { video } = source;
  const changes: { sequence: number | undefined; picture: number | undefined } = {
    sequence: undefined,
    picture: undefined,
  };
  const isInBand = (video.codec === "avc" || video.codec === "hevc") && !video.decoderConfig.description;
  if (!isInBand) return changes;
  const sink = videoSink(source);
  let first: { readonly sequence: string; readonly picture: string } | undefined;
  let packet = await sink.getFirstPacket({ metadataOnly: packets.keys[0] === 0 });
  for (let index = 0; packet && index < packets.length; index++) {
    signal?.throwIfAborted();
    if (packets.keys[index] === 1) {
      const sets = parameterSetsIn(video, packet.data);
      first ??= sets;
      if (sets.sequence !== "" && sets.sequence !== first.sequence) changes.sequence ??= index;
      if (sets.picture !== "" && sets.picture !== first.picture) changes.picture ??= index;
    }
    packet = await sink.getNextPacket(packet, { metadataOnly: packets.keys[index + 1] !== 1 });
  }
  return changes;
}

/** The first keyframe that is shown before a packet that comes before it: times go back there. */
export function backwardKey(
  packets: PacketTable,
): { readonly index: number; readonly latestTicks: number } | undefined {
  const { ticks, keys } = packets;
  let latestTicks = -Infinity;
  for (let index = keys.indexOf(1); index < packets.length; index++) {
    if (keys[index] === 1 && ticks[index]! < latestTicks) return { index, latestTicks };
    latestTicks = Math.max(latestTicks, ticks[index]!);
  }
  return undefined;
}
