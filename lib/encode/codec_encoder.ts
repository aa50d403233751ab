/** FFmpeg's encoder for each codec, and how it is told what to do; the same for both encoders of ours. */
import { ASSUMED_FRAME_RATE, type SegmentSpan } from "./encoder.ts";
import { masteringDisplayInSteps, masteringDisplayInUnits } from "./hdr_metadata.ts";
import type { PictureFacts } from "./picture_facts.ts";
import type { Codec, EncodeSettings, PixelFormat, Preset } from "./settings.ts";

/** Named as FFmpeg names them. */
export interface CodecEncoder {
  readonly name: string;
  /** Pixel formats that it takes as they are, full-range ones included. */
  readonly formats: readonly string[];
  /** How MP4 names the codec, where FFmpeg's own choice does not play everywhere. */
  readonly tag?: string;
  /**
   * Everything that shapes the bytes but the threads of FFmpeg's own. Of what is in the chunk only that counts which
   * all pictures of a video share: shards can be joined only where their parameter sets are the same.
   *
   * @param picture As it comes to the encoder.
   */
  readonly options: (
    settings: EncodeSettings,
    segment: SegmentSpan,
    picture: Pick<PictureFacts, "fields" | "hdr">,
  ) => Record<string, string>;
  /** Whether it can code a frame as two fields. */
  readonly codesFields?: true;
  /** Whether it takes pictures of odd sides whose colours are coded at half the size. */
  readonly takesOddSides?: true;
  /** Whether its bitstream has no place for {@link PictureFacts.hdr}. */
  readonly losesHdrMetadata?: true;
}

const PLANAR_8 = ["yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p"] as const;
const PLANAR_10 = ["yuv420p10le", "yuv422p10le", "yuv444p10le"] as const;

export const CODEC_ENCODERS: Readonly<Record<Codec, CodecEncoder>> = {
  h264: {
    name: "libx264",
    formats: [...PLANAR_8, ...PLANAR_10, "gray", "gray10le"],
    codesFields: true,
    options: (settings, segment, { fields, hdr }) => ({
      preset: settings.preset,
      ...rateOptions(settings),
      ...keyframeOptions(settings),
      ...(fields !== "whole" && { flags: "+ildct" }),
      "x264-params": [
        // Times come with the frames; the rate only sets the level.
        `fps=${frameRate(segment)}`,
        // Of several threads the one that looks ahead would choose by how far it has come: other bytes in some runs.
        "sync-lookahead=0",
        // FFmpeg tells it by the first frame alone, when it is open already, which costs losslessness.
        ...(fields === "whole" ? [] : [fields === "top first" ? "tff=1" : "bff=1"]),
        ...(hdr.masteringDisplay
          ? [`mastering-display=${masteringDisplayInSteps(hdr.masteringDisplay)}`]
          : []),
        ...(hdr.contentLight ? [`cll=${hdr.contentLight.max},${hdr.contentLight.maxAverage}`] : []),
      ].join(":"),
    }),
  },
  hevc: {
    name: "libx265",
    formats: [...PLANAR_8, ...PLANAR_10, "gray", "gray10le"],
    tag: "hvc1", // Apple's players know no other
    options: (settings, segment, { hdr }) => ({
      preset: settings.preset,
      ...rateOptions(settings),
      ...keyframeOptions(settings),
      "x265-params": [
        "log-level=error",
        "open-gop=0",
        `fps=${frameRate(segment)}`,
        // its own pool would take every core of the machine
        `pools=${settings.threads}`,
        // with three or more the bytes are others in some runs
        `frame-threads=${Math.min(settings.threads, 2)}`,
        ...(hdr.masteringDisplay ? [`master-display=${masteringDisplayInSteps(hdr.masteringDisplay)}`] : []),
        ...(hdr.contentLight ? [`max-cll=${hdr.contentLight.max},${hdr.contentLight.maxAverage}`] : []),
      ].join(":"),
    }),
  },
  vp9: {
    name: "libvpx-vp9",
    formats: ["yuv420p", "yuv422p", "yuv444p", ...PLANAR_10],
    takesOddSides: true,
    losesHdrMetadata: true,
    options: (settings) => ({
      deadline: "good",
      "cpu-used": String(VP9_SPEEDS[settings.preset]),
      "row-mt": "1",
      // constant quality is only that where the bit rate is no limit
      ...(settings.rate.kind === "crf" && { b: "0" }),
      ...rateOptions(settings),
      ...keyframeOptions(settings),
    }),
  },
  av1: {
    name: "libsvtav1",
    formats: ["yuv420p", "yuv420p10le"],
    options: (settings, segment, { hdr }) => {
      const { num, den } = segment.frameRate ?? ASSUMED_FRAME_RATE;
      return {
        preset: String(AV1_PRESETS[settings.preset]),
        ...rateOptions(settings),
        ...keyframeOptions(settings),
        "svtav1-params": [
          `lp=${settings.threads}:fps-num=${num}:fps-denom=${den}`,
          ...(hdr.masteringDisplay
            ? [`mastering-display=${masteringDisplayInUnits(hdr.masteringDisplay)}`]
            : []),
          ...(hdr.contentLight
            ? [`content-light=${hdr.contentLight.max},${hdr.contentLight.maxAverage}`]
            : []),
        ].join(":"),
      };
    },
  },
};

/** libvpx's `cpu-used` at deadline good: 0 (slowest) to 5. */
const VP9_SPEEDS: Readonly<Record<Preset, number>> = {
  ultrafast: 5,
  superfast: 5,
  veryfast: 5,
  faster: 4,
  fast: 3,
  medium: 2,
  slow: 1,
  slower: 1,
  veryslow: 0,
};

/** SVT-AV1's presets: 0 (slowest) to 13, of which those below 3 are for research. */
const AV1_PRESETS: Readonly<Record<Preset, number>> = {
  ultrafast: 12,
  superfast: 11,
  veryfast: 10,
  faster: 9,
  fast: 8,
  medium: 7,
  slow: 5,
  slower: 4,
  veryslow: 3,
};

/** Each with its full-range twin, so that a full-range source keeps its range. */
const REQUESTED_FORMATS: Readonly<Record<PixelFormat, readonly string[]>> = {
  yuv420p: ["yuv420p", "yuvj420p"],
  yuv422p: ["yuv422p", "yuvj422p"],
  yuv444p: ["yuv444p", "yuvj444p"],
  yuv420p10: ["yuv420p10le"],
};

/** The formats that a frame may have when it reaches the encoder; none where the codec has not what is asked for. */
export function encodableFormats({ codec, pixelFormat }: EncodeSettings): readonly string[] {
  const { formats } = CODEC_ENCODERS[codec];
  if (pixelFormat === "source") return formats;
  return REQUESTED_FORMATS[pixelFormat].filter((format) => formats.includes(format));
}

function rateOptions({ rate }: EncodeSettings): Record<string, string> {
  if (rate.kind === "crf") return { crf: String(rate.crf) };
  return { b: String(rate.bitsPerSecond) };
}

function keyframeOptions({ keyframeInterval }: EncodeSettings): Record<string, string> {
  return keyframeInterval === 0 ? {} : { g: String(keyframeInterval) };
}

function frameRate({ frameRate }: SegmentSpan): string {
  const { num, den } = frameRate ?? ASSUMED_FRAME_RATE;
  return `${num}/${den}`;
}
