/** MP4 and MOV with their index in front, in little memory: of each packet that is written, 13 bytes are kept. */
import type { BufferTarget, EncodedPacket, Output } from "mediabunny";
import { boxesAt } from "../chunk/mp4_boxes.ts";
import { movieHeader } from "../chunk/video_mp4.ts";
import { interleave, type TrackFeed } from "./interleave.ts";
import { integer, words } from "../chunk/mp4_box_bytes.ts";
import { MOVIE_TIMESCALE, movieBox, trackId, trackTimescale } from "../chunk/mp4_movie.ts";
import { inForm, type PacketForm } from "../chunk/mp4_packet_form.ts";
import {
  MOST_BYTES_PER_SAMPLE,
  sampleTables,
  type TableBuilder,
  uniformTables,
} from "../chunk/mp4_sample_tables.ts";
import { type SeekableFile, writeAt } from "./seekable_sink.ts";

/** A track, in the order in which the output has them. */
export interface Mp4Track {
  /** Its `add` writes to `header`. */
  readonly feed: TrackFeed;
  readonly form: PacketForm;
  /** No more packets than that will come. */
  readonly mostPackets: number;
}

export interface Mp4Header {
  /** Started, and written to `target` as a whole when it is finalized. */
  readonly output: Output;
  readonly target: BufferTarget;
}

export interface WriteMp4Options {
  /** Given the contents of the movie box, before any sample is written, gives those with further tracks. */
  readonly withTracks?: (moov: DataView) => DataView;
  /** May change the movie box in place, header included, before it is written. */
  readonly onMovie?: (moov: Uint8Array) => void;
  readonly signal?: AbortSignal | undefined;
}

/** A player needs this much of a track, then of the next. */
const CHUNK_SECONDS = 0.5;
/** Fewer seconds, where these are this many bytes. */
const CHUNK_BYTES = 4 * 1024 * 1024;
/** What is in no table and may become wider than in the header that was made: times, counts, an edit list. */
const MARGIN_BYTES = 4096;
/** Sound is silent where packets are further apart than that; less is a coarse clock's doing. */
const LEAST_GAP_SECONDS = 0.01;

/**
 * Writes all tracks. Their headers come from mediabunny, which is given the first packet of each and no other: it
 * would keep several objects for each of them to the end.
 *
 * @throws Whatever a feed or the file throws, or `signal.reason` once aborted; all feeds have been ended by then.
 */
export async function writeMp4(
  file: SeekableFile,
  header: Mp4Header,
  tracks: readonly Mp4Track[],
  { withTracks = (moov) => moov, onMovie, signal }: WriteMp4Options = {},
): Promise<void> {
  const media = new MediaWriter(file, header, tracks, withTracks);
  const feeds = tracks.map(({ feed }, index) => ({
    packets: feed.packets,
    add: (packet: EncodedPacket) => media.add(index, packet),
    close: () => media.close(index),
  }));
  await interleave(feeds, { signal });
  await media.finish(onMovie);
}

interface TrackState {
  readonly feed: TrackFeed;
  readonly form: PacketForm;
  readonly mostPackets: number;
  /** Those that came before all tracks were known. */
  readonly waiting: EncodedPacket[];
  closed: boolean;
  tables: TableBuilder | undefined;
  chunk: { startSeconds: number; sizeBytes: number; readonly parts: Uint8Array[] } | undefined;
  /** Of uncompressed sound, where the next packet is to begin. */
  reachedSeconds: number | undefined;
}

/** Where things are in the file, and what a muxer says of them. */
interface Layout {
  readonly ftyp: Uint8Array;
  readonly moov: DataView;
  readonly movieTimescale: number;
  readonly dataPosition: number;
}

class MediaWriter {
  readonly #file: SeekableFile;
  readonly #header: Mp4Header;
  readonly #tracks: readonly TrackState[];
  readonly #withTracks: (moov: DataView) => DataView;
  #layout: Layout | undefined;
  #position = 0;
  /** One for all chunks. */
  #buffer = new Uint8Array();

  constructor(
    file: SeekableFile,
    header: Mp4Header,
    tracks: readonly Mp4Track[],
    withTracks: (moov: DataView) => DataView,
  ) {
    this.#file = file;
    this.#header = header;
    this.#withTracks = withTracks;
    this.#tracks = tracks.map((track) => ({
      ...track,
      waiting: [],
      closed: false,
      tables: undefined,
      chunk: undefined,
      reachedSeconds: undefined,
    }));
  }

  async add(index: number, packet: EncodedPacket): Promise<void> {
    const track = this.#tracks[index]!;
    if (this.#layout) return await this.#write(track, packet);
    if (track.waiting.length === 0) await track.feed.add(packet);
    track.waiting.push(packet);
    if (this.#tracks.every(({ waiting, closed }) => closed || waiting.length > 0)) await this.#start();
  }

  close(index: number): void {
    this.#tracks[index]!.closed = true;
  }

  async finish(onMovie: WriteMp4Options["onMovie"]): Promise<void> {
    const { ftyp, moov, movieTimescale, dataPosition } = this.#layout ?? await this.#start();
    for (const track of this.#tracks) await this.#endChunk(track);
    const tables = new Map(
      this.#tracks.flatMap(({ tables }, index) => tables ? [[index + 1, tables.finish()] as const] : []),
    );
    const movie = movieBox(moov, tables, movieTimescale);
    onMovie?.(movie);
    const mediaBytes = this.#position - dataPosition;
    const mdatHeader = mediaHeader(mediaBytes);
    const moovEnd = ftyp.length + movie.length;
    const freeBytes = dataPosition - mdatHeader.length - moovEnd;
    if (freeBytes < 8) {
      throw new RangeError(`The index takes ${8 - freeBytes} bytes more than it has room for`);
    }
    await writeAt(this.#file, ftyp, 0);
    await writeAt(this.#file, movie, ftyp.length);
    await writeAt(this.#file, words(freeBytes, FREE), moovEnd);
    await writeAt(this.#file, mdatHeader, dataPosition - mdatHeader.length);
  }

  /** All tracks that will have packets have one. */
  async #start(): Promise<Layout> {
    const { output, target } = this.#header;
    await output.finalize();
    const { ftyp, moov: made } = movieHeader(new Uint8Array(target.buffer!));
    const moov = this.#withTracks(made);
    const traks = new Map([...boxesAt(moov, "trak")].map((trak) => [trackId(trak), trak]));
    let tableBytes = 0;
    for (const [index, track] of this.#tracks.entries()) {
      const trak = traks.get(index + 1);
      if (!trak) continue;
      const timescale = trackTimescale(trak);
      track.tables = track.form.kind === "pcm"
        ? uniformTables(timescale, track.form.sampleBytes)
        : sampleTables(timescale);
      tableBytes += track.mostPackets * MOST_BYTES_PER_SAMPLE + MARGIN_BYTES;
    }
    const dataPosition = ftyp.length + moov.byteLength + tableBytes + MARGIN_BYTES;
    this.#position = dataPosition;
    const movieTimescale = Math.max(MOVIE_TIMESCALE, ...[...traks.values()].map(trackTimescale));
    this.#layout = { ftyp, moov, movieTimescale, dataPosition };
    for (const track of this.#tracks) {
      for (const packet of track.waiting.splice(0)) await this.#write(track, packet);
    }
    return this.#layout;
  }

  async #write(track: TrackState, packet: EncodedPacket): Promise<void> {
    const { form } = track;
    if (form.kind === "pcm") return await this.#writePcm(track, form, packet);
    await this.#append(track, inForm(form, packet.data), {
      seconds: packet.timestamp,
      durationSeconds: packet.duration,
      key: packet.type === "key",
    });
  }

  async #writePcm(
    track: TrackState,
    { sampleBytes, sampleRate, silence }: PacketForm & { readonly kind: "pcm" },
    { timestamp, data }: EncodedPacket,
  ): Promise<void> {
    let seconds = track.reachedSeconds ?? timestamp;
    const gapSamples = timestamp - seconds < LEAST_GAP_SECONDS
      ? 0
      : Math.round((timestamp - seconds) * sampleRate);
    if (gapSamples > 0) {
      await this.#endChunk(track);
      await this.#writeSilence(track, gapSamples * sampleBytes, silence, seconds);
      seconds += gapSamples / sampleRate;
    }
    const durationSeconds = data.length / sampleBytes / sampleRate;
    await this.#append(track, data, { seconds, durationSeconds, key: true });
    track.reachedSeconds = seconds + durationSeconds;
  }

  /** One chunk, whatever its length. */
  async #writeSilence(track: TrackState, sizeBytes: number, value: number, seconds: number): Promise<void> {
    const start = this.#position;
    const piece = new Uint8Array(Math.min(sizeBytes, CHUNK_BYTES)).fill(value);
    for (let left = sizeBytes; left > 0; left -= piece.length) {
      await this.#writeNext(piece.subarray(0, Math.min(left, piece.length)));
    }
    track.tables!.add({ seconds, durationSeconds: 0, sizeBytes, key: true });
    track.tables!.endChunk(start);
  }

  async #append(
    track: TrackState,
    data: Uint8Array,
    sample: { readonly seconds: number; readonly durationSeconds: number; readonly key: boolean },
  ): Promise<void> {
    const { seconds } = sample;
    const { chunk } = track;
    const isFull = chunk && (seconds - chunk.startSeconds >= CHUNK_SECONDS || chunk.sizeBytes >= CHUNK_BYTES);
    if (isFull) await this.#endChunk(track);
    track.chunk ??= { startSeconds: seconds, sizeBytes: 0, parts: [] };
    track.chunk.startSeconds = Math.min(track.chunk.startSeconds, seconds);
    track.chunk.parts.push(data);
    track.chunk.sizeBytes += data.length;
    track.tables!.add({ ...sample, sizeBytes: data.length });
  }

  async #endChunk(track: TrackState): Promise<void> {
    const { chunk, tables } = track;
    if (!chunk || !tables) return;
    track.chunk = undefined;
    if (this.#buffer.length < chunk.sizeBytes) this.#buffer = new Uint8Array(2 * chunk.sizeBytes);
    const bytes = this.#buffer.subarray(0, chunk.sizeBytes);
    let filled = 0;
    for (const part of chunk.parts) {
      bytes.set(part, filled);
      filled += part.length;
    }
    tables.endChunk(this.#position);
    await this.#writeNext(bytes);
  }

  async #writeNext(bytes: Uint8Array): Promise<void> {
    await writeAt(this.#file, bytes, this.#position);
    this.#position += bytes.length;
  }
}

/** Types of boxes: "free" and "mdat". */
const [FREE, MDAT] = [0x66726565, 0x6d646174] as const;

/** Of a box with as much in it. */
function mediaHeader(mediaBytes: number): Uint8Array {
  if (mediaBytes + 8 < 2 ** 32) return words(mediaBytes + 8, MDAT);
  return Uint8Array.of(...words(1, MDAT), ...integer(mediaBytes + 16, 8));
}
