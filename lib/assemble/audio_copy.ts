/** The source's sound, copied packet by packet beside the new video. */
import {
  type AudioCodec,
  type AudioTrackMetadata,
  EncodedAudioPacketSource,
  type EncodedPacket,
  type Output,
} from "mediabunny";
import {
  type AudioDecoderConfig,
  type AudioFacts,
  damaged,
  packetsOf,
  type SourceFile,
  type TrackLabels,
} from "../chunk/source_file.ts";
import { audioFits, type Container, reservesIndex } from "./output_container.ts";
import type { TrackFeed } from "./interleave.ts";

/** An audio track that the output can hold. */
export interface CopyableAudio extends AudioFacts {
  readonly codec: AudioCodec;
  readonly decoderConfig: AudioDecoderConfig;
}

/** Which of the source's audio tracks a container can hold, in their order. */
export function copyableAudio(
  source: SourceFile,
  container: Container,
): { readonly tracks: readonly CopyableAudio[]; readonly notCarried: readonly string[] } {
  const fits = (audio: AudioFacts): audio is CopyableAudio =>
    audio.codec !== undefined && audio.decoderConfig !== undefined && audioFits(container, audio.codec);
  return {
    tracks: source.audio.filter(fits),
    notCarried: source.audio.filter((audio) => !fits(audio)).map((audio) => audio.title),
  };
}

/** Adds a track for `audio` to an output that has not started, and what will fill it. */
export async function addAudioCopy(
  output: Output,
  container: Container,
  source: SourceFile,
  audio: CopyableAudio,
): Promise<TrackFeed> {
  const track = new EncodedAudioPacketSource(audio.codec);
  const metadata: AudioTrackMetadata = labelMetadata(audio);
  if (reservesIndex(container)) metadata.maximumPacketCount = await mostPackets(source, audio);
  output.addAudioTrack(track, metadata);
  return {
    packets: audioPackets(source, audio),
    add: (packet) => track.add(packet, { decoderConfig: audio.decoderConfig }),
    close: () => track.close(),
  };
}

/** What the container says of a track for people and players, as a muxer takes it. */
export function labelMetadata({ languageCode, name, disposition }: TrackLabels): AudioTrackMetadata {
  return { languageCode, disposition, ...(name !== undefined && { name }) };
}

async function mostPackets(source: SourceFile, audio: CopyableAudio): Promise<number> {
  let count = 0;
  try {
    for await (const _ of packetsOf(audio.track, { metadataOnly: true })) count++;
  } catch (error) {
    throw damaged(source.path, `its ${audio.title} cannot be read`, error);
  }
  // A gap in uncompressed sound is filled with one packet of silence.
  return audio.codec.startsWith("pcm-") ? 2 * count : count;
}

async function* audioPackets(
  source: SourceFile,
  audio: CopyableAudio,
): AsyncGenerator<EncodedPacket, void, undefined> {
  const { delaySeconds, track, title } = audio;
  try {
    for await (const packet of packetsOf(track)) {
      yield delaySeconds === 0 ? packet : packet.clone({ timestamp: packet.timestamp - delaySeconds });
    }
  } catch (error) {
    throw damaged(source.path, `its ${title} cannot be read`, error);
  }
}
