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
import { asContained } from "./opus_delay.ts";
import { type Container, reservesIndex } from "./output_container.ts";
import { packetForm } from "../chunk/mp4_packet_form.ts";
import { type VideoTimes, withinBounds } from "./sound_bounds.ts";

/**
 * Adds a track for `audio` to an output that has not started, and what will fill it.
 *
 * @throws {SourceError} If `audio` cannot be read, or is out of bounds beside `video`: here or as it is read.
 */
export async function addAudioCopy(
  output: Output,
  container: Container,
  source: SourceFile,
  { audio, video }: { readonly audio: CopiableAudio; readonly video: VideoTimes },
): Promise<TrackFeed> {
  const track = new EncodedAudioPacketSource(audio.codec);
  const metadata: AudioTrackMetadata = labelMetadata(audio);
  if (reservesIndex(container)) metadata.maximumPacketCount = await mostPackets(source, audio, video);
  output.addAudioTrack(track, metadata);
  return {
    packets: reservesIndex(container) ? audioPackets(source, audio) : audiblePackets(source, audio, video),
    add: (packet) => {
      const { decoderConfig } = audio;
      return track.add(asContained(packet, container, decoderConfig), { decoderConfig });
    },
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
  video: VideoTimes,
): AsyncGenerator<EncodedPacket, void, undefined> {
  const all = audioPackets(source, audio);
  for await (const packet of withinBounds(all, source, audio, { video, gaps: "times" })) {
    const isHidden = source.video.hidesBeforeZero && packet.timestamp + 2 * packet.duration <= 0;
    if (!isHidden) yield packet;
  }
}

/** What the container says of a track for people and players, as a muxer takes it. */
export function labelMetadata({ languageCode, name, disposition }: TrackLabels): AudioTrackMetadata {
  return { languageCode, disposition, ...(name !== undefined && { name }) };
}

async function mostPackets(source: SourceFile, audio: CopiableAudio, video: VideoTimes): Promise<number> {
  const isFilled = packetForm({ ...audio.decoderConfig, codec: audio.codec }).kind === "pcm";
  const { packets } = await audioExtent(source, audio, { video, gaps: isFilled ? "samples" : "times" });
  // A gap in uncompressed sound is filled with one packet of silence.
  return isFilled ? 2 * packets : packets;
}
