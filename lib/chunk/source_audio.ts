/** The audio tracks of a source. */
import { type AudioCodec, EncodedPacketSink, type Input, type InputAudioTrack } from "mediabunny";
import type { ContainerOutline } from "./container_outline.ts";
import { mpegLayer } from "./mpeg_audio.ts";
import type { TrackPackets } from "./packet_reader.ts";
import { labelsOf, type TrackLabels } from "./track_labels.ts";

export type AudioDecoderConfig = NonNullable<Awaited<ReturnType<InputAudioTrack["getDecoderConfig"]>>>;

/** Codecs that neither demuxer nor muxers know: what a demuxer takes for MP3, and lossless ones. */
const FURTHER_CODECS = ["mp1", "mp2", "truehd", "alac"] as const;
type FurtherCodec = typeof FURTHER_CODECS[number];
/** By the demuxer's names. */
export type SourceAudioCodec = AudioCodec | FurtherCodec;

export interface AudioFacts extends TrackLabels, TrackPackets {
  readonly track: InputAudioTrack;
  /** Undefined: not known here. */
  readonly codec: SourceAudioCodec | undefined;
  readonly decoderConfig: AudioDecoderConfig | undefined;
  /** Such as `audio track 2 (dts, eng)`. */
  readonly title: string;
  /** To take off every packet's time: Matroska states the codec's delay apart from the times. */
  readonly delaySeconds: number;
  /** What is heard at or after it is hidden by an edit list; undefined: nothing is. */
  readonly shownUntilSeconds: number | undefined;
}

/** An audio track whose packets can be read and decoded. */
export interface ReadableAudio extends AudioFacts {
  readonly codec: SourceAudioCodec;
  readonly decoderConfig: AudioDecoderConfig;
}

export function isReadable(audio: AudioFacts): audio is ReadableAudio {
  return audio.codec !== undefined && audio.decoderConfig !== undefined;
}

/** Whether a muxer knows what it is. */
export function isMuxable(audio: AudioFacts): boolean {
  return isReadable(audio) && !FURTHER_CODECS.some((codec) => codec === audio.codec);
}

/** @param shiftSeconds To add to all times. */
export async function audioTracks(
  input: Input,
  outline: ContainerOutline,
  shiftSeconds: number,
): Promise<AudioFacts[]> {
  const facts: AudioFacts[] = [];
  for (const track of await input.getAudioTracks()) {
    const codec = await codecOf(track);
    const labels = await labelsOf(track, outline.labels?.get(track.id), outline.roles?.get(track.id));
    const codecName = codec ?? await track.getInternalCodecId() ?? "unknown codec";
    facts.push({
      track,
      codec,
      decoderConfig: await decoderConfigOf(track, codec, outline),
      title: `audio track ${track.number} (${codecName}, ${labels.languageCode})`,
      delaySeconds: (outline.delaysSeconds.get(track.id) ?? 0) - shiftSeconds,
      shownUntilSeconds: outline.shownUntilSeconds?.get(track.id),
      ...labels,
    });
  }
  return facts;
}

/** MP4 and MPEG-TS have one code for all layers of MPEG audio, which the demuxer takes for the third. */
async function codecOf(track: InputAudioTrack): Promise<SourceAudioCodec | undefined> {
  const codec = await track.getCodec();
  if (codec === null) return BY_CODEC_ID.get(await track.getInternalCodecId());
  if (codec !== "mp3") return codec;
  // What is wrong with its packets is told by whoever needs them.
  const first = await new EncodedPacketSink(track).getFirstPacket().catch(() => null);
  const layer = first && mpegLayer(first.data);
  return layer ? `mp${layer}` : codec;
}

/** As Matroska and MP4 call them. */
const BY_CODEC_ID: ReadonlyMap<unknown, FurtherCodec> = new Map([
  ["A_MPEG/L1", "mp1"],
  ["A_MPEG/L2", "mp2"],
  ["A_TRUEHD", "truehd"],
  ["A_ALAC", "alac"],
  ["alac", "alac"],
]);

async function decoderConfigOf(
  track: InputAudioTrack,
  codec: SourceAudioCodec | undefined,
  { alacConfigs }: ContainerOutline,
): Promise<AudioDecoderConfig | undefined> {
  switch (codec) {
    case "alac": {
      const config = alacConfigs?.get(track.id);
      return config && { codec, ...config };
    }
    case "mp1":
    case "mp2":
    case "truehd":
      return {
        codec,
        sampleRate: await track.getSampleRate(),
        numberOfChannels: await track.getNumberOfChannels(),
      };
  }
  return await track.getDecoderConfig() ?? undefined;
}
