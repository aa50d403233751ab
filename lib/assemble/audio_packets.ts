/** The packets of the source's sound at the times at which they are heard. */
import type { EncodedPacket } from "mediabunny";
import { type AudioFacts, damaged, packetsOf, type SourceFile } from "../chunk/source_file.ts";
import { frameSeconds } from "./audio_frame_length.ts";
import { type SoundBounds, withinBounds } from "./sound_bounds.ts";

/**
 * Reads a track packet by packet, in decode order; what an edit list hides at its end is left out. Where the
 * container does not say how long a packet is (Matroska: the last one), its codec does, else the one before.
 *
 * @throws {SourceError} If it cannot be read, naming the track.
 */
export async function* audioPackets(
  source: SourceFile,
  audio: AudioFacts,
  options: { readonly metadataOnly?: boolean } = {},
): AsyncGenerator<EncodedPacket, void, undefined> {
  const { delaySeconds, shownUntilSeconds = Infinity, title } = audio;
  let lastDuration = 0;
  try {
    for await (const packet of packetsOf(audio, options)) {
      const timestamp = packet.timestamp - delaySeconds;
      if (timestamp >= shownUntilSeconds) continue;
      const duration = packet.duration || (lengthOf(audio, packet) ?? lastDuration);
      lastDuration = duration;
      const isAsRead = timestamp === packet.timestamp && duration === packet.duration;
      yield isAsRead ? packet : packet.clone({ timestamp, duration });
    }
  } catch (error) {
    throw damaged(source.path, `its ${title} cannot be read`, error);
  }
}

function lengthOf(
  audio: AudioFacts,
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
