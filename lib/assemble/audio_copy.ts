/** The source's sound, copied packet by packet beside the new video. */
import {
  type AudioTrackMetadata,
  EncodedAudioPacketSource,
  type EncodedPacket,
  type Output,
} from "mediabunny";
import type { SourceFile, TrackLabels } from "../chunk/source_file.ts";
import { audioExtent, audioPackets } from "./audio_packets.ts";
import type { CopiableAudio } from "./audio_plan.ts";
import type { TrackFeed } from "./interleave.ts";
import { type Container, reservesIndex } from "./output_container.ts";

/** Adds a track for `audio` to an output that has not started, and what will fill it. */
export async function addAudioCopy(
  output: Output,
  container: Container,
  source: SourceFile,
  audio: CopiableAudio,
): Promise<TrackFeed> {
  const track = new EncodedAudioPacketSource(audio.codec);
  const metadata: AudioTrackMetadata = labelMetadata(audio);
  if (reservesIndex(container)) metadata.maximumPacketCount = await mostPackets(source, audio);
  output.addAudioTrack(track, metadata);
  return {
    packets: reservesIndex(container) ? audioPackets(source, audio) : audiblePackets(source, audio),
    add: (packet) => track.add(packet, { decoderConfig: audio.decoderConfig }),
    close: () => track.close(),
  };
}

/**
 * Without what an edit list hides at the start, which would be heard where there is none. The packet just before time 0
 * stays: decoders need it to be right from then on.
 */
async function* audiblePackets(
  source: SourceFile,
  audio: CopiableAudio,
): AsyncGenerator<EncodedPacket, void, undefined> {
  for await (const packet of audioPackets(source, audio)) {
    const isHidden = source.video.hidesBeforeZero && packet.timestamp + 2 * packet.duration <= 0;
    if (!isHidden) yield packet;
  }
}

/** What the container says of a track for people and players, as a muxer takes it. */
export function labelMetadata({ languageCode, name, disposition }: TrackLabels): AudioTrackMetadata {
  return { languageCode, disposition, ...(name !== undefined && { name }) };
}

async function mostPackets(source: SourceFile, audio: CopiableAudio): Promise<number> {
  const { packets } = await audioExtent(source, audio);
  // A gap in uncompressed sound is filled with one packet of silence.
  return audio.codec.startsWith("pcm-") ? 2 * packets : packets;
}
