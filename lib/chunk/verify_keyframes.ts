/** Keyframes as the pictures themselves tell of them: an index may call one what cannot be decoded alone. */
import type { EncodedPacket } from "mediabunny";
import { parameterSetsIn, pictureKind, statedSets } from "./coded_picture.ts";
import type { PacketTable } from "./packet_table.ts";
import type { Segment } from "./plan_segments.ts";
import { findingTime, type SourceFile, type VideoFacts, videoSink } from "./source_file.ts";
import { pictureForm } from "./sps_aspect.ts";

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
  /** Where they change the form of the picture, such as its size; undefined: nowhere. */
  readonly form: number | undefined;
  /** Where they leave it as it is; undefined: nowhere. */
  readonly sets: number | undefined;
}

/** Parameter sets come before the picture, and after little else. */
const MOST_BYTES_OF_SETS = 64 * 1024;
const KINDS = ["sequence", "picture"] as const;

/**
 * Whether parameter sets change on the way, which any muxer may put into packets, whatever the track's configuration
 * has: reads the beginning of every keyframe that is marked as one. Takes the marks off those that rely on sets of an
 * earlier packet: decoding cannot start there.
 */
export async function verifyParameters(
  source: SourceFile,
  packets: PacketTable,
  { signal }: VerifyOptions,
): Promise<ParameterChanges> {
  const { video } = source;
  const changes: { form: number | undefined; sets: number | undefined } = {
    form: undefined,
    sets: undefined,
  };
  if (video.codec !== "avc" && video.codec !== "hevc") return changes;
  const sink = videoSink(source);
  const stated = statedSets(video);
  const inForce = { ...stated };
  let first: { sequence: readonly string[]; picture: readonly string[] } | undefined;
  const options = (index: number) => ({
    metadataOnly: packets.keys[index] !== 1,
    headBytes: MOST_BYTES_OF_SETS,
  });
  let packet = await sink.getFirstPacket(options(0));
  for (let index = 0; packet && index < packets.length; index++) {
    signal?.throwIfAborted();
    if (packets.keys[index] === 1) {
      const own = parameterSetsIn(video, packet.data);
      for (const kind of KINDS) {
        if (own[kind].length > 0) inForce[kind] = own[kind];
        else if (first && hasOther(inForce[kind], stated[kind])) packets.clearKey(index);
      }
      // The first keyframe's own, where it has others than the configuration, are what pictures begin with.
      first ??= KINDS.some((kind) => hasOther(own[kind], stated[kind])) ? { ...inForce } : { ...stated };
      for (const kind of KINDS) if (first[kind].length === 0) first[kind] = own[kind];
      if (hasOther(own.sequence, first.sequence)) {
        changes[isOfForm(video.codec, first.sequence, own.sequence) ? "sets" : "form"] ??= index;
      }
      if (hasOther(own.picture, first.picture)) changes.sets ??= index;
    }
    packet = await sink.getNextPacket(packet, options(index + 1));
  }
  return changes;
}

function hasOther(sets: readonly string[], known: readonly string[]): boolean {
  return sets.some((set) => !known.includes(set));
}

function isOfForm(codec: "avc" | "hevc", known: readonly string[], sets: readonly string[]): boolean {
  const formOf = (set: string) => pictureForm(codec, Uint8Array.fromHex(set));
  const forms = new Set(known.map(formOf));
  return sets.every((set) => formOf(set) !== undefined && forms.has(formOf(set)));
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
