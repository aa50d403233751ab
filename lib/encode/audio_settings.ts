/** What sound is encoded to: pure. */

export const AUDIO_CODECS = ["aac", "opus"] as const;
export type AudioCodecName = typeof AUDIO_CODECS[number];

export interface AudioTarget {
  readonly codec: AudioCodecName;
  /** Of the whole track. Undefined: {@link CHANNEL_BITS_PER_SECOND} for each channel. */
  readonly bitsPerSecond?: number | undefined;
}

/** 128k for stereo. */
export const CHANNEL_BITS_PER_SECOND = 64_000;

/** What an encoder is set up for. */
export interface AudioFormat {
  readonly sampleRate: number;
  readonly channels: number;
  /** FFmpeg's name of the layout of the channels. */
  readonly layout: string;
  readonly bitsPerSecond: number;
}

/** Hz, as AAC's own table has them. @see ISO/IEC 14496-3, 1.6.3.4, samplingFrequencyIndex. */
const AAC_RATES = [
  7_350,
  8_000,
  11_025,
  12_000,
  16_000,
  22_050,
  24_000,
  32_000,
  44_100,
  48_000,
  64_000,
] as const;
const MAX_AAC_RATE = 96_000;
/** Opus always decodes at this rate. */
const OPUS_RATE = 48_000;

/**
 * By number of channels less one. AAC has no code for seven channels, so these get an eighth. Opus orders its
 * channels as Vorbis does.
 *
 * @see ISO/IEC 14496-3, 1.6.3.5, channelConfiguration; RFC 7845, 5.1.1.2.
 */
const LAYOUTS: Readonly<Record<AudioCodecName, readonly string[]>> = {
  aac: ["mono", "stereo", "3.0", "4.0", "5.0", "5.1", "7.1", "7.1"],
  opus: ["mono", "stereo", "3.0", "quad", "5.0", "5.1", "6.1", "7.1"],
};
const MAX_CHANNELS = 8;

/** What a packet of each codec holds, and the most samples a second there are. */
export const AUDIO_FRAMES = {
  aac: { samples: 1_024, maxSampleRate: MAX_AAC_RATE },
  opus: { samples: 960, maxSampleRate: OPUS_RATE },
} as const;

/** Bits of an AAC frame of 1024 samples, for each channel. */
const MAX_AAC_FRAME_BITS = 6_144;
/** Bits a second: what libopus takes. */
const OPUS_MIN = 6_000;
const OPUS_CHANNEL_MAX = 256_000;

/** How the encoder is set up for sound that was decoded so: as it is, or the next that the codec has. */
export function audioFormat(
  { codec, bitsPerSecond }: AudioTarget,
  decoded: { readonly sampleRate: number; readonly channels: number },
): AudioFormat {
  const layout = LAYOUTS[codec][Math.min(Math.max(decoded.channels, 1), MAX_CHANNELS) - 1]!;
  const channels = LAYOUTS[codec].lastIndexOf(layout) + 1;
  const sampleRate = codec === "opus" ? OPUS_RATE : aacRate(decoded.sampleRate);
  const wanted = bitsPerSecond ?? CHANNEL_BITS_PER_SECOND * channels;
  return { sampleRate, channels, layout, bitsPerSecond: within(codec, wanted, { sampleRate, channels }) };
}

function aacRate(sampleRate: number): number {
  if (sampleRate > 64_000) return sampleRate === 88_200 ? 88_200 : MAX_AAC_RATE;
  return AAC_RATES.find((rate) => rate >= sampleRate) ?? MAX_AAC_RATE;
}

function within(
  codec: AudioCodecName,
  bitsPerSecond: number,
  { sampleRate, channels }: { readonly sampleRate: number; readonly channels: number },
): number {
  const most = codec === "opus"
    ? OPUS_CHANNEL_MAX * channels
    : Math.floor(MAX_AAC_FRAME_BITS * sampleRate / 1_024) * channels;
  return Math.min(Math.max(bitsPerSecond, OPUS_MIN), most);
}
