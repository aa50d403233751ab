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
  MpegTsInputFormat,
  OGG,
  OggInputFormat,
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
import { endSearches } from "./matroska_search.ts";
import { outlineMp4 } from "./mp4_outline.ts";
import { outlineMpegTs } from "./mpeg_ts_outline.ts";
import { outlineOgg } from "./ogg_outline.ts";
import { RandomAccessFile } from "./random_access_file.ts";
import { NotMediaError, SourceError } from "./source_error.ts";

// It would write to the console; what it warns of reaches callers as errors here.
Logging.level = LogLevel.Silent;

/** Containers that can hold video; a few audio ones, to be told apart from what is no media; no playlists. */
const FORMATS: InputFormat[] = [MP4, QTFF, MATROSKA, WEBM, MPEG_TS, OGG, WAVE, FLAC];
const CACHE_BYTES = 2 * 1024 * 1024;
/** The finest clock that mediabunny writes into an MP4 track. */
const MAX_TIMESCALE = 1_000_000;
/** The largest picture that any encoder here takes. */
const MAX_PICTURE = { sidePixels: 16_384, pixels: 8_192 * 8_192 } as const;
/** When the clock of MPEG-TS starts again. */
const MPEG_TS_WRAP_SECONDS = 2 ** 33 / 90_000;

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
  /** To add to every packet's time: a recording over which the clock of MPEG-TS wraps begins before 0 otherwise. */
  readonly shiftTicks: number;
  /** Frames shown at or after it are hidden by an edit list; undefined: none. */
  readonly shownUntilTicks: number | undefined;
  /** Whether frames before 0 are hidden, as by the edit list of an MP4. */
  readonly hidesBeforeZero: boolean;
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
  /** What is heard at or after it is hidden by an edit list; undefined: nothing is. */
  readonly shownUntilSeconds: number | undefined;
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
 * @throws {SourceError} If it is missing, a directory, empty, damaged, without video, of an unknown codec, or with
 * what would be lost: transparency, or edits that show several parts.
 */
export async function openSource(path: string): Promise<SourceFile> {
  const file = await RandomAccessFile.open(path);
  try {
    return await openMedia(path, file, () => file[Symbol.dispose]());
  } catch (error) {
    await file.settled(); // so that the file is closed
    throw error;
  }
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
    const format = await formatOf(path, input);
    if (format instanceof MatroskaInputFormat) endSearches(input, file.sizeBytes);
    const outline = await outlineOf(format, file);
    if (outline.claimedBytes > file.sizeBytes) {
      throw new SourceError(
        "damaged",
        path,
        `it ends after ${file.sizeBytes} of ${outline.claimedBytes} bytes (truncated)`,
      );
    }
    if (outline.fault !== undefined) throw damaged(path, outline.fault, undefined);
    if (outline.unsupported !== undefined) throw new SourceError("unsupported", path, outline.unsupported);
    const shiftSeconds = await wrapSeconds(input);
    const unknownStreams = await streamsUnknown(input, outline);
    const { video, furtherVideo } = await videoTracks(path, input, { outline, shiftSeconds, unknownStreams });
    return {
      path,
      sizeBytes: file.sizeBytes,
      input,
      video,
      audio: await audioTracks(input, outline, shiftSeconds),
      otherContents: [...furtherVideo, ...unknownStreams, ...outline.otherContents],
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

/** A packet's presentation time in its file; mediabunny gives whole ticks, divided. */
export function ticksOf(packet: EncodedPacket, timescale: number): number {
  return Math.round(packet.timestamp * timescale);
}

/** When a packet of the video track is shown, in ticks. */
export function shownAt({ timescale, shiftTicks }: VideoFacts, packet: EncodedPacket): number {
  return ticksOf(packet, timescale) + shiftTicks;
}

/** The time in seconds by which a packet shown at `ticks` can be found. */
export function findingTime({ timescale, shiftTicks }: VideoFacts, ticks: number): number {
  return (ticks - shiftTicks + 0.5) / timescale;
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
  if (format instanceof MpegTsInputFormat) return await outlineMpegTs(file);
  if (format instanceof OggInputFormat) return await outlineOgg(file);
  return { claimedBytes: 0, otherContents: [], delaysSeconds: new Map() };
}

/** What to add to all times, so that none is before 0 because a clock has wrapped. */
async function wrapSeconds(input: Input): Promise<number> {
  if (!(await input.getFormat() instanceof MpegTsInputFormat)) return 0;
  const starts = await Promise.all((await input.getTracks()).map((track) => track.getFirstTimestamp()));
  return Math.min(...starts) < 0 ? MPEG_TS_WRAP_SECONDS : 0;
}

/** Streams that the container lists and the demuxer does not know, in words. */
async function streamsUnknown(input: Input, { streams = new Map() }: ContainerOutline): Promise<string[]> {
  const known = new Set((await input.getTracks()).map(({ id }) => id));
  return [...streams].flatMap(([id, name]) => known.has(id) ? [] : [name]);
}

interface VideoContext {
  readonly outline: ContainerOutline;
  readonly shiftSeconds: number;
  readonly unknownStreams: readonly string[];
}

async function videoTracks(
  path: string,
  input: Input,
  { outline, shiftSeconds, unknownStreams }: VideoContext,
): Promise<{ readonly video: VideoFacts; readonly furtherVideo: readonly string[] }> {
  const [track, ...further] = await input.getVideoTracks();
  if (!track) throw withoutVideo(path, unknownStreams);
  const codec = await track.getCodec();
  const decoderConfig = await track.getDecoderConfig();
  const chunkCodecs = new Mp4OutputFormat().getSupportedVideoCodecs();
  if (!codec || !decoderConfig || !chunkCodecs.includes(codec)) {
    const name = codec ?? await track.getInternalCodecId() ?? "unknown";
    throw new SourceError("unsupported-codec", path, `its video codec (${name}) is not supported`);
  }
  const timescale = timescaleOf(await track.getTimeResolution());
  const untilSeconds = outline.shownUntilSeconds?.get(track.id);
  const video = {
    track,
    codec,
    decoderConfig,
    codedWidth: await track.getCodedWidth(),
    codedHeight: await track.getCodedHeight(),
    rotation: await track.getRotation(),
    flip: await track.getFlip(),
    timescale,
    shiftTicks: Math.round(shiftSeconds * timescale),
    shownUntilTicks: untilSeconds === undefined ? undefined : Math.ceil(untilSeconds * timescale - 1e-6),
    hidesBeforeZero: await input.getFormat() instanceof IsobmffInputFormat,
    ...await labelsOf(track),
  };
  checkPicture(path, video);
  if (await isTransparent(track, codec)) {
    throw new SourceError("unsupported", path, "its pictures are partly transparent, which would be lost");
  }
  const furtherVideo = await Promise.all(further.map(async (track) => {
    return `video track ${track.number} (${await track.getCodec() ?? await track.getInternalCodecId()})`;
  }));
  return { video, furtherVideo };
}

function withoutVideo(path: string, unknownStreams: readonly string[]): SourceError {
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

async function audioTracks(
  input: Input,
  outline: ContainerOutline,
  shiftSeconds: number,
): Promise<AudioFacts[]> {
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
      delaySeconds: (outline.delaysSeconds.get(track.id) ?? 0) - shiftSeconds,
      shownUntilSeconds: outline.shownUntilSeconds?.get(track.id),
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
