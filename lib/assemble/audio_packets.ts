/** The packets of the source's sound at the times at which they are heard. */
import type { EncodedPacket } from "mediabunny";
import { type AudioFacts, damaged, packetsOf, type SourceFile } from "../chunk/source_file.ts";
import { frameSeconds, type SoundFormat } from "./audio_frame_length.ts";
import { type SoundBounds, withinBounds } from "./sound_bounds.ts";

/** So many frames there are in a block of Matroska at most (RFC 9559, 10.3). */
const MOST_LACED = 256;

/**
 * Reads a track packet by packet, in decode order; what an edit list hides at its end is left out. Where the
 * container does not say how long a packet is (Matroska: the last one), its codec does, else the one before; where it
 * gives several one time (Matroska: frames of one block, of no stated duration), each begins where the one before ends.
 *
 * @throws {SourceError} If it cannot be read, naming the track.
 */
export async function* audioPackets(
  source: SourceFile,
  audio: AudioFacts,
  options: { readonly metadataOnly?: boolean } = {},
): AsyncGenerator<EncodedPacket, void, undefined> {
  const { delaySeconds, shownUntilSeconds = Infinity, title } = audio;
  try {
    for await (const packet of packetsInTurn(audio, packetsOf(audio, options))) {
      const timestamp = packet.timestamp - delaySeconds;
      if (timestamp >= shownUntilSeconds) continue;
      yield timestamp === packet.timestamp ? packet : packet.clone({ timestamp });
    }
  } catch (error) {
    throw damaged(source.path, `its ${title} cannot be read`, error);
  }
}

/** Each as long as it is, and behind the one before it. */
export async function* packetsInTurn(
  audio: SoundFormat,
  packets: AsyncIterable<EncodedPacket>,
): AsyncGenerator<EncodedPacket, void, undefined> {
  let lastSeconds = 0;
  /** Of one time, but for the last of them of unknown length. */
  let held: EncodedPacket[] = [];
  const placed = function* (untilSeconds: number): Generator<EncodedPacket, void, undefined> {
    for (const packet of inTurn(audio, held, { untilSeconds, lastSeconds })) {
      lastSeconds = packet.duration;
      yield packet;
    }
    held = [];
  };
  for await (const packet of packets) {
    const { timestamp, duration } = packet;
    const isApart = held.length === MOST_LACED || held.length > 0 && held[0]!.timestamp !== timestamp;
    if (isApart) yield* placed(timestamp);
    held.push(packet);
    if (duration > 0) yield* placed(timestamp + duration);
  }
  yield* placed(Infinity);
}

/** Packets that have one time: one after another until the next one begins, or for as long as each is. */
function* inTurn(
  audio: SoundFormat,
  packets: readonly EncodedPacket[],
  { untilSeconds, lastSeconds }: { readonly untilSeconds: number; readonly lastSeconds: number },
): Generator<EncodedPacket, void, undefined> {
  if (packets.length === 0) return;
  if (packets.length === 1) {
    const [packet] = packets;
    const duration = packet!.duration || (lengthOf(audio, packet!) ?? lastSeconds);
    return yield duration === packet!.duration ? packet! : packet!.clone({ duration });
  }
  const room = untilSeconds - packets[0]!.timestamp;
  const even = room > 0 && room < Infinity ? room / packets.length : 0;
  const lengths = packets.map((packet) => lengthOf(audio, packet) ?? (lastSeconds || even));
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const scale = total > room ? Math.max(0, room) / total : 1;
  let { timestamp } = packets[0]!;
  for (const [index, packet] of packets.entries()) {
    const length = lengths[index]!;
    yield packet.clone({ timestamp, duration: length * scale || length });
    timestamp += length * scale;
  }
}

function lengthOf(
  audio: SoundFormat,
  { data, byteLength, isMetadataOnly }: EncodedPacket,
): number | undefined {
  return frameSeconds(audio, isMetadataOnly ? new Uint8Array() : data, byteLength);
}

export interface AudioExtent {
  readonly packets: number;
  /** When the first packet begins; 0 without any. */
  readonly startSeconds: number;
  /** When the last one ends. */
  readonly endSeconds: number;
}

/**
 * Counts the packets of a track, without reading what is in them.
 *
 * @throws {SourceError} If it cannot be read or is out of bounds, naming the track.
 */
export async function audioExtent(
  source: SourceFile,
  audio: AudioFacts,
  bounds: SoundBounds,
): Promise<AudioExtent> {
  let packets = 0;
  let startSeconds = Infinity;
  let endSeconds = 0;
  const all = audioPackets(source, audio, { metadataOnly: true });
  for await (const { timestamp, duration } of withinBounds(all, source, audio, bounds)) {
    packets++;
    startSeconds = Math.min(startSeconds, timestamp);
    endSeconds = Math.max(endSeconds, timestamp + duration);
  }
  return { packets, startSeconds: packets === 0 ? 0 : startSeconds, endSeconds };
}
