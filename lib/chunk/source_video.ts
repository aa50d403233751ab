/** The video tracks of a source. */
import {
  EncodedPacketSink,
  type Input,
  type InputVideoTrack,
  IsobmffInputFormat,
  Mp4OutputFormat,
  type Rotation,
  type VideoCodec,
} from "mediabunny";
import { codecName } from "./codec_name.ts";
import type { ContainerOutline } from "./container_outline.ts";
import { descriptionBytes } from "./description_bytes.ts";
import type { TrackPackets } from "./packet_reader.ts";
import type { DolbyVision } from "./dolby_vision.ts";
import { aspectInPictures, exactAspect } from "./pixel_aspect.ts";
import { SourceError } from "./source_error.ts";
import type { StatedHdr } from "./stated_hdr.ts";
import { labelsOf, type TrackLabels } from "./track_labels.ts";

/** The finest clock that mediabunny writes into an MP4 track. */
const MAX_TIMESCALE = 1_000_000;
/** The largest picture that any encoder here takes. */
const MAX_PICTURE = { sidePixels: 16_384, pixels: 8_192 * 8_192 } as const;

export type DecoderConfig = NonNullable<Awaited<ReturnType<InputVideoTrack["getDecoderConfig"]>>>;

export interface VideoFacts extends TrackLabels, TrackPackets {
  readonly track: InputVideoTrack;
  readonly codec: VideoCodec;
  /** How to decode it: codec string, coded size, pixel aspect, colour, and parameter sets. */
  readonly decoderConfig: DecoderConfig;
  readonly codedWidth: number;
  readonly codedHeight: number;
  /** Degrees clockwise, applied before the flip. */
  readonly rotation: Rotation;
  /** Whether frames are mirrored left to right. */
  readonly flip: boolean;
  /** Ticks a second that hold all times of the track; one million where its own clock is finer than that. */
  readonly timescale: number;
  /** To add to every packet's time: a recording over which the clock of MPEG-TS wraps begins before 0 otherwise. */
  readonly shiftTicks: number;
  /** Frames shown at or after it are hidden by an edit list; undefined: none. */
  readonly shownUntilTicks: number | undefined;
  /** Whether frames before 0 are hidden, as by the edit list of an MP4. */
  readonly hidesBeforeZero: boolean;
  /** What the container says of their light, whether or not they say it themselves; absent: nothing. */
  readonly hdr?: StatedHdr | undefined;
  /** Absent: the container has none. */
  readonly dolbyVision?: DolbyVision | undefined;
}

interface VideoContext {
  readonly outline: ContainerOutline;
  readonly shiftSeconds: number;
  readonly unknownStreams: readonly string[];
}

/** @throws {SourceError} If there is none, or none that can be taken. */
export async function videoTracks(
  path: string,
  input: Input,
  { outline, shiftSeconds, unknownStreams }: VideoContext,
): Promise<{ readonly video: VideoFacts; readonly furtherVideo: readonly string[] }> {
  const [track, ...further] = await input.getVideoTracks();
  if (!track) throw withoutVideo(path, unknownStreams);
  const codec = await track.getCodec();
  const statedConfig = await track.getDecoderConfig();
  const chunkCodecs = new Mp4OutputFormat().getSupportedVideoCodecs();
  if (!codec || !statedConfig || !chunkCodecs.includes(codec)) {
    const name = codec ?? codecName(await track.getInternalCodecId());
    throw new SourceError("unsupported-codec", path, `its video codec (${name}) is not supported`);
  }
  const timescale = timescaleOf(await track.getTimeResolution());
  const untilSeconds = outline.shownUntilSeconds?.get(track.id);
  const video = {
    track,
    codec,
    decoderConfig: await withExactAspect(track, codec, statedConfig, outline),
    codedWidth: await track.getCodedWidth(),
    codedHeight: await track.getCodedHeight(),
    rotation: await track.getRotation(),
    flip: await track.getFlip(),
    timescale,
    shiftTicks: Math.round(shiftSeconds * timescale),
    shownUntilTicks: untilSeconds === undefined ? undefined : Math.ceil(untilSeconds * timescale - 1e-6),
    hidesBeforeZero: await input.getFormat() instanceof IsobmffInputFormat,
    hdr: outline.hdr?.get(track.id),
    dolbyVision: outline.dolbyVision?.get(track.id),
    ...await labelsOf(track, outline.labels?.get(track.id), outline.roles?.get(track.id)),
  };
  checkPicture(path, video);
  if (await isTransparent(track, codec)) {
    throw new SourceError("unsupported", path, "its pictures are partly transparent, which would be lost");
  }
  const furtherVideo = await Promise.all(further.map(async (track) => {
    const codec = await track.getCodec() ?? codecName(await track.getInternalCodecId());
    return `video track ${track.number} (${codec})`;
  }));
  return { video, furtherVideo };
}

/** @param config With the size of the picture as the demuxer rounds it. */
async function withExactAspect(
  track: InputVideoTrack,
  codec: VideoCodec,
  { displayAspectWidth: _width, displayAspectHeight: _height, ...config }: DecoderConfig,
  outline: ContainerOutline,
): Promise<DecoderConfig> {
  const [codedWidth, codedHeight] = [await track.getCodedWidth(), await track.getCodedHeight()];
  const first = config.description ? undefined : await new EncodedPacketSink(track).getFirstPacket();
  const inPictures = aspectInPictures(
    codec,
    config.description && descriptionBytes(config.description),
    first?.data,
  );
  const stated = outline.pixelAspects?.get(track.id);
  const { num, den } = exactAspect({ codedWidth, codedHeight }, stated, inPictures);
  if (num === den) return config;
  return { ...config, displayAspectWidth: codedWidth * num, displayAspectHeight: codedHeight * den };
}

function withoutVideo(path: string, unknownStreams: readonly string[]): SourceError {
  const unread = unknownStreams.filter((stream) => stream.startsWith("video track "));
  if (unread.length > 0) {
    const what = `it has no video that can be read, but a ${unread.join(", and a ")}`;
    return new SourceError("unsupported", path, what);
  }
  const name = unknownStreams.find((stream) => stream.endsWith("video") || stream.includes(" video "));
  if (name === undefined) return new SourceError("no-video", path, "it has no video track");
  return new SourceError("unsupported-codec", path, `its video codec (${name}) is not supported`);
}

function checkPicture(path: string, { codedWidth, codedHeight }: VideoFacts): void {
  const isPicture = Math.min(codedWidth, codedHeight) >= 1;
  const fits = Math.max(codedWidth, codedHeight) <= MAX_PICTURE.sidePixels &&
    codedWidth * codedHeight <= MAX_PICTURE.pixels;
  if (isPicture && fits) return;
  const limit = `up to ${MAX_PICTURE.sidePixels} on a side and ${MAX_PICTURE.pixels} in all are possible`;
  throw new SourceError(
    "damaged",
    path,
    `its picture claims ${codedWidth} x ${codedHeight} pixels, and ${limit}`,
  );
}

async function isTransparent(track: InputVideoTrack, codec: VideoCodec): Promise<boolean> {
  if (!await track.canBeTransparent()) return false;
  if (codec !== "prores") return true;
  // The profile only says that they can be. SMPTE RDD 36, 5.3: the low bits of a byte of the frame header say how.
  const first = await new EncodedPacketSink(track).getFirstPacket();
  return ((first?.data[PRORES_ALPHA_BYTE] ?? 0) & 0x0f) !== 0;
}

/** After 8 bytes of size and mark. */
const PRORES_ALPHA_BYTE = 8 + 17;

/** A track's own clock where it is a whole number of ticks a second that a chunk can have too. */
function timescaleOf(ticksPerSecond: number): number {
  return Number.isInteger(ticksPerSecond) && ticksPerSecond <= MAX_TIMESCALE ? ticksPerSecond : MAX_TIMESCALE;
}
