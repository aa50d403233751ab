/** A video opened for splitting: what tracks it has, in bounded memory. */
import {
  type AudioCodec,
  CustomSource,
  type EncodedPacket,
  EncodedPacketSink,
  FLAC,
  Input,
  type InputAudioTrack,
  type InputFormat,
  type InputVideoTrack,
  IsobmffInputFormat,
  Logging,
  LogLevel,
  MATROSKA,
  MatroskaInputFormat,
  MP4,
  Mp4OutputFormat,
  MPEG_TS,
  OGG,
  type PacketRetrievalOptions,
  QTFF,
  type Rotation,
  type TrackDisposition,
  type VideoCodec,
  WAVE,
  WEBM,
} from "mediabunny";
import type { ByteSource, ContainerOutline } from "./container_outline.ts";
import { outlineMatroska } from "./matroska_outline.ts";
import { outlineMp4 } from "./mp4_outline.ts";
import { RandomAccessFile } from "./random_access_file.ts";
import { NotMediaError, SourceError } from "./source_error.ts";

// It would write to the console; what it warns of reaches callers as errors here.
Logging.level = LogLevel.Silent;

/** Containers that can hold video; a few audio ones, to be told apart from what is no media; no playlists. */
const FORMATS: InputFormat[] = [MP4, QTFF, MATROSKA, WEBM, MPEG_TS, OGG, WAVE, FLAC];
const CACHE_BYTES = 2 * 1024 * 1024;
/** The finest clock that mediabunny writes into an MP4 track. */
const MAX_TIMESCALE = 1_000_000;

export type DecoderConfig = NonNullable<Awaited<ReturnType<InputVideoTrack["getDecoderConfig"]>>>;
export type AudioDecoderConfig = NonNullable<Awaited<ReturnType<InputAudioTrack["getDecoderConfig"]>>>;

/** What the container says of a track for people and players. */
export interface TrackLabels {
  /** ISO 639-2/T, `und` where it is not known. */
  readonly languageCode: string;
  readonly name: string | undefined;
  readonly disposition: TrackDisposition;
}

export interface VideoFacts extends TrackLabels {
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
}

export interface AudioFacts extends TrackLabels {
  readonly track: InputAudioTrack;
  /** Undefined: not known here. */
  readonly codec: AudioCodec | undefined;
  readonly decoderConfig: AudioDecoderConfig | undefined;
  /** Such as `audio track 2 (dts, eng)`. */
  readonly title: string;
  /** To take off every packet's time: Matroska states the codec's delay apart from the times. */
  readonly delaySeconds: number;
}

export interface SourceFile extends Disposable {
  readonly path: string;
  readonly sizeBytes: number;
  readonly input: Input;
  readonly video: VideoFacts;
  readonly audio: readonly AudioFacts[];
  /** What else it holds, in words: further video tracks, subtitles, chapters, data. */
  readonly otherContents: readonly string[];
}

/**
 * Opens the file at `path`. Needs permission to read it and nothing else; at most 2 MiB of it are cached.
 *
 * @throws {NotMediaError} If it is no video container.
 * @throws {SourceError} If it is missing, a directory, empty, damaged, without video, or of an unknown codec.
 */
export async function openSource(path: string): Promise<SourceFile> {
  const file = await RandomAccessFile.open(path);
  return await openMedia(path, file, () => file[Symbol.dispose]());
}

/** {@link openSource} for a file that is in memory; `name` stands for its path. */
export async function openSourceBytes(name: string, bytes: Uint8Array): Promise<SourceFile> {
  if (bytes.length === 0) throw new SourceError("empty", name, "the file is empty");
  const file = {
    sizeBytes: bytes.length,
    read: (start: number, end: number) => Promise.resolve(bytes.subarray(start, end)),
  };
  return await openMedia(name, file, () => {});
}

async function openMedia(path: string, file: ByteSource, close: () => void): Promise<SourceFile> {
  const source = new CustomSource({
    getSize: () => file.sizeBytes,
    read: (start, end) => file.read(start, end),
    maxCacheSize: CACHE_BYTES,
    prefetchProfile: "fileSystem",
    dispose: close,
    // Of reading ahead: whoever needs those bytes reads them again and is told.
    handleUnhandledError: () => {},
  });
  const input = new Input({ source, formats: FORMATS });
  try {
    const outline = await outlineOf(await formatOf(path, input), file);
    if (outline.claimedBytes > file.sizeBytes) {
      throw new SourceError(
        "damaged",
        path,
        `it ends after ${file.sizeBytes} of ${outline.claimedBytes} bytes (truncated)`,
      );
    }
    const { video, furtherVideo } = await videoTracks(path, input);
    return {
      path,
      sizeBytes: file.sizeBytes,
      input,
      video,
      audio: await audioTracks(input, outline),
      otherContents: [...furtherVideo, ...outline.otherContents],
      [Symbol.dispose]: () => input.dispose(),
    };
  } catch (error) {
    input.dispose();
    throw error instanceof SourceError ? error : damaged(path, "its headers cannot be read", error);
  }
}

/** The error for whatever a demuxer throws at a file that contradicts itself. */
export function damaged(path: string, what: string, cause: unknown): SourceError {
  if (cause instanceof SourceError) return cause;
  const detail = cause instanceof Error ? `: ${cause.message}` : "";
  return new SourceError("damaged", path, `${what} (damaged)${detail}`, { cause });
}

/** Access to the packets of the video track. */
export function videoSink(source: SourceFile): EncodedPacketSink {
  return new EncodedPacketSink(source.video.track);
}

/**
 * The packets of a track in decode order, each read when it is asked for. (mediabunny's own `packets()` reads
 * ahead as much as was used up in the last second, which is no bound, and keeps a list of that length.)
 */
export async function* packetsOf(
  track: InputVideoTrack | InputAudioTrack,
  options: PacketRetrievalOptions = {},
): AsyncGenerator<EncodedPacket, void, undefined> {
  const sink = new EncodedPacketSink(track);
  let packet = await sink.getFirstPacket(options);
  while (packet) {
    yield packet;
    packet = await sink.getNextPacket(packet, options);
  }
}

/** A packet's presentation time; mediabunny gives whole ticks, divided. */
export function ticksOf(packet: EncodedPacket, timescale: number): number {
  return Math.round(packet.timestamp * timescale);
}

async function formatOf(path: string, input: Input): Promise<InputFormat> {
  try {
    return await input.getFormat();
  } catch (error) {
    // Mostly an UnsupportedInputFormatError; what is too short for any format fails in other ways.
    if (error instanceof SourceError) throw error;
    throw new NotMediaError(path, { cause: error });
  }
}

async function outlineOf(format: InputFormat, file: ByteSource): Promise<ContainerOutline> {
  if (format instanceof IsobmffInputFormat) return await outlineMp4(file);
  if (format instanceof MatroskaInputFormat) return await outlineMatroska(file);
  return { claimedBytes: 0, otherContents: [], delaysSeconds: new Map() };
}

async function videoTracks(
  path: string,
  input: Input,
): Promise<{ readonly video: VideoFacts; readonly furtherVideo: readonly string[] }> {
  const [track, ...further] = await input.getVideoTracks();
  if (!track) throw new SourceError("no-video", path, "it has no video track");
  const codec = await track.getCodec();
  const decoderConfig = await track.getDecoderConfig();
  const chunkCodecs = new Mp4OutputFormat().getSupportedVideoCodecs();
  if (!codec || !decoderConfig || !chunkCodecs.includes(codec)) {
    const name = codec ?? await track.getInternalCodecId() ?? "unknown";
    throw new SourceError("unsupported-codec", path, `its video codec (${name}) is not supported`);
  }
  const video = {
    track,
    codec,
    decoderConfig,
    codedWidth: await track.getCodedWidth(),
    codedHeight: await track.getCodedHeight(),
    rotation: await track.getRotation(),
    flip: await track.getFlip(),
    timescale: timescaleOf(await track.getTimeResolution()),
    ...await labelsOf(track),
  };
  const furtherVideo = await Promise.all(further.map(async (track) => {
    return `video track ${track.number} (${await track.getCodec() ?? await track.getInternalCodecId()})`;
  }));
  return { video, furtherVideo };
}

/** A track's own clock where it is a whole number of ticks a second that a chunk can have too. */
function timescaleOf(ticksPerSecond: number): number {
  return Number.isInteger(ticksPerSecond) && ticksPerSecond <= MAX_TIMESCALE ? ticksPerSecond : MAX_TIMESCALE;
}

async function audioTracks(input: Input, outline: ContainerOutline): Promise<AudioFacts[]> {
  const tracks = await input.getAudioTracks();
  return await Promise.all(tracks.map(async (track) => {
    const codec = await track.getCodec();
    const labels = await labelsOf(track);
    const codecName = codec ?? await track.getInternalCodecId() ?? "unknown codec";
    return {
      track,
      codec: codec ?? undefined,
      decoderConfig: await track.getDecoderConfig() ?? undefined,
      title: `audio track ${track.number} (${codecName}, ${labels.languageCode})`,
      delaySeconds: outline.delaysSeconds.get(track.id) ?? 0,
      ...labels,
    };
  }));
}

async function labelsOf(track: InputVideoTrack | InputAudioTrack): Promise<TrackLabels> {
  return {
    languageCode: await track.getLanguageCode(),
    name: await track.getName() ?? undefined,
    disposition: await track.getDisposition(),
  };
}
