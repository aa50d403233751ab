/** An MP4 of one video track, index first, in memory. */
import {
  BufferTarget,
  type EncodedPacket,
  EncodedVideoPacketSource,
  Mp4OutputFormat,
  Output,
} from "mediabunny";
import { box, bytesOf, words } from "./mp4_box_bytes.ts";
import { boxesAt, boxesIn } from "./mp4_boxes.ts";
import { MOVIE_TIMESCALE, movieBox, trackId } from "./mp4_movie.ts";
import { inForm, packetForm } from "./mp4_packet_form.ts";
import { sampleTables } from "./mp4_sample_tables.ts";
import { withVideoEntryBoxes } from "./mp4_video_entry.ts";
import type { VideoFacts } from "./source_file.ts";
import { hdrBoxes } from "./stated_hdr.ts";

export interface VideoMp4 {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Its movie box within `bytes`, header included. */
  readonly movie: Uint8Array;
}

/**
 * Packets in decode order as an MP4 on a clock of `timescale` ticks a second; those before 0 are hidden by an edit
 * list. Its headers are mediabunny's, which is given the first packet alone, with what the source's say of the light of
 * its pictures, lest an encoder be told nothing of it. The same packets give the same bytes.
 */
export async function videoMp4(
  video: Pick<VideoFacts, "codec" | "decoderConfig" | "hdr">,
  timescale: number,
  packets: readonly EncodedPacket[],
): Promise<VideoMp4> {
  const form = packetForm({ ...video.decoderConfig, codec: video.codec });
  const data = packets.map((packet) => inForm(form, packet.data));
  const tables = sampleTables(timescale);
  for (const [index, { timestamp, duration, type }] of packets.entries()) {
    const sizeBytes = data[index]!.length;
    tables.add({ seconds: timestamp, durationSeconds: duration, sizeBytes, key: type === "key" });
  }
  tables.endChunk(0); // not known yet
  const { ftyp, moov } = await headerOf(video, timescale, packets[0]!);
  const [trak] = boxesAt(moov, "trak");
  const built = movieBox(
    withVideoEntryBoxes(moov, hdrBoxes(video.hdr ?? {})),
    new Map([[trackId(trak!), tables.finish()]]),
    Math.max(MOVIE_TIMESCALE, timescale),
  );
  const mediaPosition = ftyp.length + built.length + 8;
  const bytes = new Uint8Array(mediaPosition + data.reduce((sum, { length }) => sum + length, 0));
  const movie = bytes.subarray(ftyp.length, ftyp.length + built.length);
  bytes.set(ftyp);
  movie.set(built);
  setMediaPosition(movie, mediaPosition);
  bytes.set(mediaHeader(bytes.length - mediaPosition), mediaPosition - 8);
  let position = mediaPosition;
  for (const part of data) {
    bytes.set(part, position);
    position += part.length;
  }
  return { bytes, movie };
}

interface Header {
  readonly ftyp: Uint8Array;
  /** Contents of the movie box. */
  readonly moov: DataView;
}

async function headerOf(
  { codec, decoderConfig }: Pick<VideoFacts, "codec" | "decoderConfig">,
  timescale: number,
  first: EncodedPacket,
): Promise<Header> {
  const target = new BufferTarget();
  const output = new Output({ format: new Mp4OutputFormat({ fastStart: "in-memory" }), target });
  const track = new EncodedVideoPacketSource(codec);
  // An MP4 track's clock is taken from its frame rate: this keeps every tick as it is.
  output.addVideoTrack(track, { frameRate: timescale });
  await output.start();
  await track.add(first, { decoderConfig });
  await output.finalize();
  return movieHeader(new Uint8Array(target.buffer!));
}

/** What a muxer wrote before the media. */
export function movieHeader(bytes: Uint8Array<ArrayBuffer>): Header {
  const file = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [first] = boxesIn(file);
  const [moov] = boxesAt(file, "moov");
  if (first?.type !== "ftyp" || !moov) throw new Error("The muxer has written no movie box");
  return { ftyp: box("ftyp", bytesOf(first.view)), moov };
}

function setMediaPosition(movie: Uint8Array, position: number): void {
  const view = new DataView(movie.buffer, movie.byteOffset, movie.byteLength);
  for (const stco of boxesAt(view, "moov", "trak", "mdia", "minf", "stbl", "stco")) {
    stco.setUint32(8, position);
  }
}

function mediaHeader(mediaBytes: number): Uint8Array {
  return box("mdat").map((byte, at) => at < 4 ? words(mediaBytes + 8)[at]! : byte);
}
