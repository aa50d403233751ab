/** How long a packet of sound is, as its codec tells: pure. */
import { alacPacketSamples } from "../chunk/alac_config.ts";
import { descriptionBytes } from "../chunk/description_bytes.ts";
import { mpegFrameSamples } from "../chunk/mpeg_audio.ts";
import type { AudioDecoderConfig, SourceAudioCodec } from "../chunk/source_audio.ts";

export interface SoundFormat {
  readonly codec: SourceAudioCodec | undefined;
  readonly decoderConfig:
    | Pick<AudioDecoderConfig, "sampleRate" | "numberOfChannels" | "description">
    | undefined;
}

/**
 * @param data The packet; an empty one where only its size is known.
 * @returns Seconds; undefined: the codec does not tell, or not in this packet.
 */
export function frameSeconds(
  { codec, decoderConfig }: SoundFormat,
  data: Uint8Array,
  sizeBytes: number = data.length,
): number | undefined {
  if (!codec || !decoderConfig) return undefined;
  const { sampleRate, numberOfChannels } = decoderConfig;
  if (codec === "opus") return opusSeconds(data);
  if (codec === "aac") return 1024 / (coreRate(descriptionBytes(decoderConfig.description)) ?? sampleRate);
  if (codec === "truehd") return 1 / (sampleRate % 44_100 === 0 ? TRUEHD_UNITS[1] : TRUEHD_UNITS[0]);
  if (codec === "alac") {
    const samples = alacPacketSamples(descriptionBytes(decoderConfig.description));
    return samples === undefined ? undefined : samples / sampleRate;
  }
  const samples = PCM_BYTES[codec] === undefined
    ? SAMPLES[codec]?.(data)
    : sizeBytes / (PCM_BYTES[codec] * numberOfChannels);
  return samples === undefined ? undefined : samples / sampleRate;
}

/** Access units a second, for sample rates of 48 and of 44.1 kHz and their multiples: 40 samples at the lowest. */
const TRUEHD_UNITS = [1_200, 1_102.5] as const;

/** Codecs that tell in each packet how many samples it holds; Vorbis would need its tables, DTS goes on evenly. */
const SAMPLES: Partial<Record<SourceAudioCodec, (data: Uint8Array) => number | undefined>> = {
  mp1: mpegFrameSamples,
  mp2: mpegFrameSamples,
  mp3: mpegFrameSamples,
  ac3: () => 1536,
  eac3: eac3Samples,
  flac: flacSamples,
};

/** Of a sample of one channel. */
const PCM_BYTES: Partial<Record<SourceAudioCodec, number>> = {
  "ulaw": 1,
  "alaw": 1,
  "pcm-u8": 1,
  "pcm-s8": 1,
  "pcm-s16": 2,
  "pcm-s16be": 2,
  "pcm-s24": 3,
  "pcm-s24be": 3,
  "pcm-s32": 4,
  "pcm-s32be": 4,
  "pcm-f32": 4,
  "pcm-f32be": 4,
  "pcm-f64": 8,
  "pcm-f64be": 8,
};

/** @see ISO/IEC 14496-3, 1.6.3.4, samplingFrequencyIndex. */
const AAC_RATES = [
  96_000,
  88_200,
  64_000,
  48_000,
  44_100,
  32_000,
  24_000,
  22_050,
  16_000,
  12_000,
  11_025,
  8_000,
  7_350,
] as const;

/** Of an AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1): what is heard may be of twice as many samples a second. */
function coreRate(config: Uint8Array): number | undefined {
  const [first, second] = config;
  if (first === undefined || second === undefined || first >> 3 === 31) return undefined;
  return AAC_RATES[(first & 7) * 2 + (second >> 7)];
}

/** ETSI TS 102 366, E.1.2.2. */
function eac3Samples(data: Uint8Array): number | undefined {
  if (data.length < 5 || data[0] !== 0x0b || data[1] !== 0x77) return undefined;
  const isReducedRate = data[4]! >> 6 === 3;
  return 256 * (isReducedRate ? 6 : [1, 2, 3, 6][(data[4]! >> 4) & 3]!);
}

/** RFC 9639, 9.1.1. */
function flacSamples(data: Uint8Array): number | undefined {
  if (data.length < 8 || data[0] !== 0xff || (data[1]! & 0xfc) !== 0xf8) return undefined;
  const code = data[2]! >> 4;
  if (code === 1) return 192;
  if (code >= 2 && code <= 5) return 144 << code;
  if (code >= 8) return 1 << code;
  // The size stands behind the frame's number, which is coded as UTF-8 codes a letter.
  const at = 4 + Math.max(1, Math.clz32(~data[4]! << 24));
  if (code === 6) return data[at]! + 1;
  return code === 7 ? data[at]! * 256 + data[at + 1]! + 1 : undefined;
}

/** Of each configuration, the milliseconds of a frame. @see RFC 6716, 3.1. */
const OPUS_MS = [
  [10, 20, 40, 60],
  [10, 20, 40, 60],
  [10, 20, 40, 60],
  [10, 20, 10, 20],
  [2.5, 5, 10, 20],
  [2.5, 5, 10, 20],
  [2.5, 5, 10, 20],
  [2.5, 5, 10, 20],
].flat();

function opusSeconds(data: Uint8Array): number | undefined {
  if (data.length === 0) return undefined;
  const count = [1, 2, 2, (data[1] ?? 0) & 0x3f][data[0]! & 3]!;
  return count === 0 ? undefined : count * OPUS_MS[data[0]! >> 3]! / 1000;
}
