/** The source's sound, encoded as a whole beside the new video. */
import { descriptionBytes } from "../chunk/description_bytes.ts";
import { type AudioTrackMetadata, EncodedAudioPacketSource, EncodedPacket, type Output } from "mediabunny";
import type { ReadableAudio } from "../chunk/source_audio.ts";
import type { AudioDecoderConfig, SourceFile } from "../chunk/source_file.ts";
import { SourceError } from "../chunk/source_error.ts";
import { type AudioSource, encodeAudio, type EncodedSound } from "../encode/audio_encoder.ts";
import type { AudioHead, AudioRecord } from "../encode/audio_records.ts";
import { AUDIO_FRAMES, type AudioCodecName, type AudioTarget } from "../encode/audio_settings.ts";
import { EncodeError, EncoderCrashedError, EncoderUnavailableError } from "../encode/encoder.ts";
import { AssembleError } from "./assemble_error.ts";
import { labelMetadata } from "./audio_copy.ts";
import { type AudioExtent, audioExtent, audioPackets } from "./audio_packets.ts";
import type { TrackFeed } from "./interleave.ts";
import { asContained } from "./opus_delay.ts";
import { type Container, reservesIndex } from "./output_container.ts";
import { type SoundBounds, type VideoTimes, withinBounds } from "./sound_bounds.ts";

export interface AudioEncodeOptions {
  readonly target: AudioTarget;
  /** Beside which it is heard. */
  readonly video: VideoTimes;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Adds a track for `audio` to an output that has not started, and what will fill it: the encode starts with the
 * first packet that is asked for, and goes on as they are.
 */
export async function addAudioEncode(
  output: Output,
  container: Container,
  source: SourceFile,
  audio: ReadableAudio,
  options: AudioEncodeOptions,
): Promise<TrackFeed> {
  const { codec } = options.target;
  const track = new EncodedAudioPacketSource(codec);
  const metadata: AudioTrackMetadata = labelMetadata(audio);
  if (reservesIndex(container)) {
    metadata.maximumPacketCount = mostEncodedPackets(
      codec,
      await audioExtent(source, audio, boundsOf(options)),
    );
  }
  output.addAudioTrack(track, metadata);
  let decoderConfig: AudioDecoderConfig | undefined;
  return {
    packets: encodedPackets(source, audio, options, (head) => decoderConfig = configOf(codec, head)),
    add: (packet) =>
      track.add(asContained(packet, container, decoderConfig), decoderConfig && { decoderConfig }),
    close: () => track.close(),
  };
}

/** What the last packet's length, where it is not known, and a decoder's own rest come to at most. */
const MARGIN_SECONDS = 2;

/** At most so many packets come of a track: pure. Gaps are silence, so its length decides. */
export function mostEncodedPackets(
  codec: AudioCodecName,
  { startSeconds, endSeconds }: Pick<AudioExtent, "startSeconds" | "endSeconds">,
): number {
  const { samples, maxSampleRate } = AUDIO_FRAMES[codec];
  const seconds = Math.max(0, endSeconds - startSeconds) + MARGIN_SECONDS;
  return Math.ceil(seconds * maxSampleRate / samples);
}

async function* encodedPackets(
  source: SourceFile,
  audio: ReadableAudio,
  options: AudioEncodeOptions,
  onHead: (head: AudioHead) => void,
): AsyncGenerator<EncodedPacket, void, undefined> {
  const { target, signal } = options;
  let head: AudioHead | undefined;
  try {
    for await (const sound of encodeAudio(soundOf(source, audio, options), target, { signal })) {
      if (!head) onHead(head = sound.head);
      yield packetOf(sound);
    }
  } catch (error) {
    throw namedError(source, audio, error);
  }
}

function soundOf(source: SourceFile, audio: ReadableAudio, options: AudioEncodeOptions): AudioSource {
  const { codec, decoderConfig: { sampleRate, numberOfChannels, description }, shownUntilSeconds } = audio;
  return {
    codec,
    head: { sampleRate, channels: numberOfChannels, description: descriptionBytes(description) },
    records: records(source, audio, options),
    endSeconds: shownUntilSeconds,
  };
}

async function* records(
  source: SourceFile,
  audio: ReadableAudio,
  options: AudioEncodeOptions,
): AsyncGenerator<AudioRecord, void, undefined> {
  const { sampleRate } = audio.decoderConfig;
  const all = audioPackets(source, audio);
  for await (const { timestamp, duration, data } of withinBounds(all, source, audio, boundsOf(options))) {
    yield { startTicks: timestamp * sampleRate, durationTicks: duration * sampleRate, data };
  }
}

function boundsOf({ video }: AudioEncodeOptions): SoundBounds {
  return { video, gaps: "encoded" };
}

function packetOf({ head, startTicks, durationTicks, data }: EncodedSound): EncodedPacket {
  return new EncodedPacket(data, "key", startTicks / head.sampleRate, durationTicks / head.sampleRate);
}

/** @see ISO/IEC 14496-3, 1.5.1.1: 2 is AAC-LC. */
const CODEC_STRINGS = { aac: "mp4a.40.2", opus: "opus" } as const;

function configOf(
  codec: AudioCodecName,
  { sampleRate, channels, description }: AudioHead,
): AudioDecoderConfig {
  return { codec: CODEC_STRINGS[codec], sampleRate, numberOfChannels: channels, description };
}

function namedError(source: SourceFile, { title }: ReadableAudio, error: unknown): unknown {
  if (error instanceof EncoderCrashedError || error instanceof EncoderUnavailableError) {
    return new AssembleError(`Cannot encode ${title}: ${error.message}`, { cause: error });
  }
  if (!(error instanceof EncodeError)) return error;
  const said = error.logTail.at(-1);
  const words = said === undefined ? error.message : `${error.message} (${said})`;
  return new SourceError("damaged", source.path, `its ${title} cannot be encoded: ${words}`, {
    cause: error,
  });
}
