/** The packets of the source's sound at the times at which they are heard. */
import type { EncodedPacket } from "mediabunny";
import { type AudioFacts, damaged, packetsOf, type SourceFile } from "../chunk/source_file.ts";

/**
 * Reads a track packet by packet, in decode order; what an edit list hides at its end is left out.
 *
 * @throws {SourceError} If it cannot be read, naming the track.
 */
export async function* audioPackets(
  source: SourceFile,
  { delaySeconds, shownUntilSeconds = Infinity, track, title }: AudioFacts,
  options: { readonly metadataOnly?: boolean } = {},
): AsyncGenerator<EncodedPacket, void, undefined> {
  try {
    for await (const packet of packetsOf(track, options)) {
      const timestamp = packet.timestamp - delaySeconds;
      if (timestamp >= shownUntilSeconds) continue;
      yield delaySeconds === 0 ? packet : packet.clone({ timestamp });
    }
  } catch (error) {
    throw damaged(source.path, `its ${title} cannot be read`, error);
  }
}

export interface AudioExtent {
  readonly packets: number;
  /** When the first packet begins; 0 without any. */
  readonly startSeconds: number;
  /** When the last one ends, as far as it says how long it is. */
  readonly endSeconds: number;
}

/**
 * Counts the packets of a track, without reading what is in them.
 *
 * @throws {SourceError} If it cannot be read, naming the track.
 */
export async function audioExtent(source: SourceFile, audio: AudioFacts): Promise<AudioExtent> {
  let packets = 0;
  let startSeconds = Infinity;
  let endSeconds = 0;
  for await (const { timestamp, duration } of audioPackets(source, audio, { metadataOnly: true })) {
    packets++;
    startSeconds = Math.min(startSeconds, timestamp);
    endSeconds = Math.max(endSeconds, timestamp + duration);
  }
  return { packets, startSeconds: packets === 0 ? 0 : startSeconds, endSeconds };
}
