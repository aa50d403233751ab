/** A video opened for splitting: what tracks it has, in bounded memory. */
import {
  CustomSource,
  type CustomSourceOptions,
  type EncodedPacket,
  EncodedPacketSink,
  FLAC,
  Input,
  type InputFormat,
  IsobmffInputFormat,
  Logging,
  LogLevel,
  MATROSKA,
  MatroskaInputFormat,
  MP4,
  MPEG_TS,
  MpegTsInputFormat,
  OGG,
  OggInputFormat,
  type PacketRetrievalOptions,
  QTFF,
  WAVE,
  WEBM,
} from "mediabunny";
import { arrivedMatroska, arrivedMp4 } from "./arrived_part.ts";
import type { ChapterList } from "./chapters.ts";
import type { ByteSource, ContainerOutline } from "./container_outline.ts";
import { IndexedPackets } from "./indexed_packets.ts";
import { outlineMatroska } from "./matroska_outline.ts";
import { readMatroskaSamples } from "./matroska_samples.ts";
import { endSearches, refuseBrokenClusters } from "./matroska_search.ts";
import { outlineMp4 } from "./mp4_outline.ts";
import { type Loss, WatchedTransport } from "./mpeg_ts_losses.ts";
import { outlineMpegTs } from "./mpeg_ts_outline.ts";
import { beginningAt, findPackets, MPEG_TS_CLOCK, MPEG_TS_WRAP_TICKS } from "./mpeg_ts_packets.ts";
import { outlineOgg } from "./ogg_outline.ts";
import { DeferredReader, type PacketReader, type TrackPackets } from "./packet_reader.ts";
import { RandomAccessFile } from "./random_access_file.ts";
import { type SampleIndex, samplesWithin } from "./sample_index.ts";
import { type AudioFacts, audioTracks, isMuxable } from "./source_audio.ts";
import { NotMediaError, SourceError } from "./source_error.ts";
import { subtitleTrack } from "./source_subtitles.ts";
import { type StoredOutline, type StoredTrack, storedTrack } from "./stored_track.ts";
import { type VideoFacts, videoTracks } from "./source_video.ts";
import type { SubtitleOutline, SubtitleTrack } from "./subtitle_track.ts";

// It would write to the console; what it warns of reaches callers as errors here.
Logging.level = LogLevel.Silent;

/** Containers that can hold video; a few audio ones, to be told apart from what is no media; no playlists. */
const FORMATS: InputFormat[] = [MP4, QTFF, MATROSKA, WEBM, MPEG_TS, OGG, WAVE, FLAC];
/** The size and type of the first box of an MP4, and its major brand. */
const BRAND_BYTES = 12;
const CACHE_BYTES = 2 * 1024 * 1024;
/** What mediabunny (1.61) adds to an error at what it did not expect in a file. */
const INTERNAL_ERROR = / This is likely an internal error, please report it.*$/s;
/** When the clock of MPEG-TS starts again. */
const MPEG_TS_WRAP_SECONDS = MPEG_TS_WRAP_TICKS / MPEG_TS_CLOCK;

export type { AudioDecoderConfig, AudioFacts, SourceAudioCodec } from "./source_audio.ts";
export type { DecoderConfig, VideoFacts } from "./source_video.ts";
export type { TrackLabels } from "./track_labels.ts";

export interface SourceFile extends Disposable {
  readonly path: string;
  readonly sizeBytes: number;
  readonly input: Input;
  readonly video: VideoFacts;
  readonly audio: readonly AudioFacts[];
  /** Where it is not among the tags that the demuxer tells. */
  readonly title?: string | undefined;
  /** When it was made, in nanoseconds since 1970; undefined: it does not say. */
  readonly createdNs?: bigint | undefined;
  /** How the video's pictures hold two for 3D: `StereoMode` of Matroska; undefined: they do not. */
  readonly stereoMode?: number | undefined;
  /** What else it holds, in words: further video tracks, subtitles, chapters, data. */
  readonly otherContents: readonly string[];
  /** Those of `otherContents` that are text. */
  readonly subtitles: readonly SubtitleTrack[];
  /** Those of them, and sound that no muxer knows, that another file of the kind can have as they are stored. */
  readonly stored: readonly StoredTrack[];
  /** Reads the chapters, if there are any; gives undefined where that cannot be done. */
  readonly readChapters: (() => Promise<ChapterList | undefined>) | undefined;
  /** Where parts of pictures are missing, as far as the file has been read through; absent: it does not tell. */
  readonly losses?: (() => readonly Loss[]) | undefined;
}

export interface OpenSourceOptions {
  /**
   * Whether more of the file is to come: then it ends with what there is now, as far as that is whole, and that the
   * rest is missing is no error. An MP4 whose index comes last cannot be read before it is whole.
   */
  readonly isGrowing?: boolean | undefined;
}

/**
 * Opens the file at `path`. Needs permission to read it and nothing else; at most 2 MiB of it are cached.
 *
 * @throws {NotMediaError} If it is no video container.
 * @throws {SourceError} If it is missing, a directory, empty, damaged, without video, of an unknown codec, or with
 * what would be lost: transparency, or edits that show several parts.
 */
export async function openSource(path: string, options: OpenSourceOptions = {}): Promise<SourceFile> {
  const file = await RandomAccessFile.open(path);
  try {
    return await openMedia(path, file, () => file[Symbol.dispose](), options);
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

async function openMedia(
  path: string,
  wholeFile: ByteSource,
  close: () => void,
  { isGrowing = false }: OpenSourceOptions = {},
): Promise<SourceFile> {
  let input: Input | undefined;
  try {
    const { format, media, transport } = await recognised(path, wholeFile);
    const file = isGrowing ? await arrivedPart(format, media) : media;
    const outline = await outlineOf(format, file);
    if (outline.claimedBytes > file.sizeBytes && !isGrowing) {
      const fault = `it ends after ${file.sizeBytes} of ${outline.claimedBytes} bytes (truncated)`;
      throw new SourceError("damaged", path, fault + await whatIsWhole(path, file));
    }
    if (outline.fault !== undefined) throw damaged(path, outline.fault, undefined);
    if (outline.unsupported !== undefined) throw new SourceError("unsupported", path, outline.unsupported);
    input = inputOf(outline.abridged ?? file, close, outline.abridged ? "none" : "fileSystem");
    await input.getFormat();
    if (format instanceof MatroskaInputFormat) {
      endSearches(input, file.sizeBytes);
      await refuseBrokenClusters(input);
    }
    const shiftSeconds = await wrapSeconds(input);
    const unknown = await streamsUnknown(input, outline);
    const unknownStreams = [...unknown.values()];
    const { video, furtherVideo } = await videoTracks(path, input, { outline, shiftSeconds, unknownStreams });
    const audio = await audioTracks(input, outline, shiftSeconds);
    const tracks = [video, ...audio];
    const stored = storedOutlines(outline, audio, unknown);
    const indexed = (all: SampleIndex | undefined) =>
      isGrowing ? all && samplesWithin(all, file.sizeBytes) : all;
    const mp4Samples = (id: number) => Promise.resolve(indexed(outline.samples?.get(id)));
    const indexes: TrackIndexes = format instanceof MatroskaInputFormat
      ? matroskaIndexes(file, tracks, { text: outline.subtitles, stored })
      : { samplesOf: mp4Samples, storedOf: mp4Samples };
    const withReader = <T extends TrackPackets>(facts: T): T => ({
      ...facts,
      reader: () => new DeferredReader(() => readerBy(file, facts.track, indexes.samplesOf(facts.track.id))),
    });
    return {
      path,
      sizeBytes: wholeFile.sizeBytes - media.sizeBytes + file.sizeBytes,
      input,
      title: outline.title,
      createdNs: outline.createdNs,
      stereoMode: outline.stereoModes?.get(video.track.id),
      video: withReader(video),
      audio: audio.map(withReader),
      otherContents: [...furtherVideo, ...unknownStreams, ...outline.otherContents],
      subtitles: (outline.subtitles ?? []).map((track) => subtitleTrack(file, track, indexes.samplesOf)),
      stored: stored.map((track) => storedTrack(file, track, indexes.storedOf)),
      readChapters: outline.readChapters,
      losses: transport && (() => transport.lossesOf(video.track.id)),
      [Symbol.dispose]: () => input?.dispose(),
    };
  } catch (error) {
    if (input) input.dispose();
    else close();
    throw error instanceof SourceError ? error : damaged(path, "its headers cannot be read", error);
  }
}

async function arrivedPart(format: InputFormat, file: ByteSource): Promise<ByteSource> {
  if (format instanceof IsobmffInputFormat) return await arrivedMp4(file);
  if (format instanceof MatroskaInputFormat) return await arrivedMatroska(file);
  return file;
}

/** What could be saved of a truncated file, in words; empty where nothing is known to be whole. */
async function whatIsWhole(path: string, file: ByteSource): Promise<string> {
  try {
    using part = await openMedia(path, file, () => {}, { isGrowing: true });
    let frames = 0;
    for await (const _packet of packetsOf(part.video, { metadataOnly: true })) frames++;
    return frames > 0 ? `; its first ${frames} frames are whole` : "";
  } catch {
    return ""; // that it is truncated is what counts, however its rest is broken
  }
}

/** Closes the file with it. */
function inputOf(
  file: ByteSource,
  close: () => void,
  prefetchProfile: CustomSourceOptions["prefetchProfile"] = "none",
): Input {
  const source = new CustomSource({
    getSize: () => file.sizeBytes,
    read: (start, end) => file.read(start, end),
    maxCacheSize: CACHE_BYTES,
    prefetchProfile,
    dispose: close,
    // Of reading ahead: whoever needs those bytes reads them again and is told.
    handleUnhandledError: () => {},
  });
  return new Input({ source, formats: FORMATS });
}

/** The error for whatever a demuxer throws at a file that contradicts itself. */
export function damaged(path: string, what: string, cause: unknown): SourceError {
  if (cause instanceof SourceError) return cause;
  const detail = cause instanceof Error ? `: ${cause.message.replace(INTERNAL_ERROR, "")}` : "";
  return new SourceError("damaged", path, `${what} (damaged)${detail}`, { cause });
}

function readerOf({ track, reader }: TrackPackets): PacketReader {
  return reader ? reader() : new EncodedPacketSink(track);
}

async function readerBy(
  file: ByteSource,
  track: TrackPackets["track"],
  samples: Promise<SampleIndex | undefined>,
): Promise<PacketReader> {
  const index = await samples;
  return index ? new IndexedPackets(file, index) : new EncodedPacketSink(track);
}

/** By track number; undefined: left to the demuxer, or not to be carried as it is stored. */
interface TrackIndexes {
  readonly samplesOf: (id: number) => Promise<SampleIndex | undefined>;
  readonly storedOf: (id: number) => Promise<SampleIndex | undefined>;
}

/** The file is read through when the first is asked for. */
function matroskaIndexes(
  file: ByteSource,
  tracks: readonly (VideoFacts | AudioFacts)[],
  { text = [], stored }: {
    readonly text?: readonly SubtitleOutline[] | undefined;
    readonly stored: readonly StoredOutline[];
  },
): TrackIndexes {
  const sound = tracks.flatMap(({ track, codec }) =>
    track.isAudioTrack() && codec !== undefined ? [track.id] : []
  );
  // Its frames are without their headers there, which the demuxer puts back.
  const unlike = new Set(tracks.flatMap(({ track, codec }) => codec === "prores" ? [track.id] : []));
  let all: ReturnType<typeof readMatroskaSamples> | undefined;
  const numbers = (tracks: readonly { readonly id: number }[]) => tracks.map(({ id }) => id);
  const read = () =>
    all ??= readMatroskaSamples(file, { sound, text: numbers(text), stored: numbers(stored) });
  return {
    samplesOf: async (id) => unlike.has(id) ? undefined : (await read()).samples.get(id),
    storedOf: async (id) => (await read()).stored.get(id),
  };
}

/** Access to the packets of the video track. */
export function videoSink(source: SourceFile): PacketReader {
  return readerOf(source.video);
}

/**
 * The packets of a track in decode order, each read when it is asked for. (mediabunny's own `packets()` reads
 * ahead as much as was used up in the last second, which is no bound, and keeps a list of that length.)
 */
export async function* packetsOf(
  track: TrackPackets,
  options: PacketRetrievalOptions = {},
): AsyncGenerator<EncodedPacket, void, undefined> {
  const sink = readerOf(track);
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

interface Recognised {
  readonly format: InputFormat;
  /** From where it begins in the file. */
  readonly media: ByteSource;
  readonly transport?: WatchedTransport;
}

async function recognised(path: string, file: ByteSource): Promise<Recognised> {
  const start = await file.read(0, Math.min(BRAND_BYTES, file.sizeBytes));
  const brand = new TextDecoder().decode(start.subarray(4));
  // Told from its first box, since shards by the thousand are of that kind.
  if (brand.startsWith("ftyp")) return { format: brand.endsWith("qt  ") ? QTFF : MP4, media: file };
  using input = inputOf(file, () => {});
  try {
    const format = await input.getFormat();
    const transport = format === MPEG_TS ? await transportIn(file) : undefined;
    return transport?.media.sizeBytes === file.sizeBytes ? transport : { format, media: file };
  } catch (error) {
    // Mostly an UnsupportedInputFormatError; what is too short for any format fails in other ways.
    if (error instanceof SourceError) throw error;
    const transport = await transportIn(file);
    if (transport) return transport;
    throw new NotMediaError(path, { cause: error });
  }
}

/** A capture begins at any byte: it is read from its first whole packet on. */
async function transportIn(file: ByteSource): Promise<Recognised | undefined> {
  const grid = await findPackets(file);
  if (!grid) return undefined;
  const transport = new WatchedTransport(file, grid);
  return { format: MPEG_TS, media: beginningAt(transport, grid.startBytes), transport };
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

/** Streams that the container lists and the demuxer does not know, in words, by track number. */
async function streamsUnknown(
  input: Input,
  { streams = new Map(), labels }: ContainerOutline,
): Promise<ReadonlyMap<number, string>> {
  const known = new Set((await input.getTracks()).map(({ id }) => id));
  const unknown = new Map<number, string>();
  for (const [id, name] of streams) {
    if (known.has(id)) continue;
    const language = labels?.get(id)?.languageCode ?? "und";
    unknown.set(id, name.endsWith("audio") ? `${name} (${language}), which cannot be read` : name);
  }
  return unknown;
}

/** Of sound what a muxer does not know, by the name that it is told by. */
function storedOutlines(
  { stored = [] }: ContainerOutline,
  audio: readonly AudioFacts[],
  unknown: ReadonlyMap<number, string>,
): readonly StoredOutline[] {
  const unmuxable = new Map(
    audio.filter((facts) => !isMuxable(facts)).map(({ track, title }) => [track.id, title]),
  );
  return stored.flatMap((outline) => {
    if (!outline.isSound) return [outline];
    const title = unmuxable.get(outline.id) ?? unknown.get(outline.id);
    return title === undefined ? [] : [{ ...outline, title }];
  });
}
