/** Tracks of one MP4 or MOV in another. */
import { box, bytesOf, movieContents, words } from "../chunk/mp4_box_bytes.ts";
import { type Box, boxesAt, boxesIn, handlerOf } from "../chunk/mp4_boxes.ts";
import { withNextId } from "../chunk/mp4_movie.ts";
import { type CarriedTrack, storedPackets } from "./stored_tracks.ts";
import type { Mp4Track } from "./write_mp4.ts";

/** The tracks, in the order in which {@link withStoredTracks} numbers them. */
export function storedMp4Tracks(stored: readonly CarriedTrack[], endSeconds: number): Mp4Track[] {
  return stored.map((carried) => ({
    feed: { packets: storedPackets(carried, endSeconds), add: () => Promise.resolve(), close: () => {} },
    form: { kind: "as it is" },
    mostPackets: carried.index.length,
  }));
}

export interface StoredNumbers {
  /** Of the first of them in the output. */
  readonly firstId: number;
  /** Of the video in the source; in the output it is the first track. */
  readonly sourceVideoId: number;
}

/** Of the video. */
const VIDEO_ID = 1;
/** References to tracks that are about the one that refers: timecodes. */
const TIMECODE = "tmcd";

/**
 * @param moov Contents of a movie box.
 * @returns Contents with headers of the tracks, and with what their tracks and the video say of each other.
 */
export function withStoredTracks(
  moov: DataView,
  stored: readonly CarriedTrack[],
  { firstId, sourceVideoId }: StoredNumbers,
): DataView {
  if (stored.length === 0) return moov;
  const entries = stored.map(({ track: { entry } }) =>
    new DataView(entry.buffer, entry.byteOffset, entry.length)
  );
  const timecodes = entries.flatMap((entry, index) => handlerOf(entry) === TIMECODE ? [firstId + index] : []);
  let isVideoLeft = true;
  const parts = [...boxesIn(moov)].map(({ type, view }) => {
    if (type === "mvhd") return box(type, withNextId(view, firstId + stored.length));
    const isVideo = type === "trak" && isVideoLeft;
    if (isVideo) isVideoLeft = false;
    if (!isVideo || timecodes.length === 0) return box(type, bytesOf(view));
    return withReferences(view, [...referencesOf(view), box(TIMECODE, words(...timecodes))]);
  });
  const headers = entries.map((entry, index) => storedBox(entry, firstId + index, sourceVideoId));
  return movieContents(...parts, ...headers);
}

function storedBox(entry: DataView, id: number, sourceVideoId: number): Uint8Array {
  const children = [...boxesIn(entry)].map(({ type, view }) =>
    type === "tkhd" ? { type, view: withId(view, id) } : { type, view }
  );
  // Of other tracks, which have other numbers or none, nothing can be said.
  const references = [...boxesAt(entry, "tref")].flatMap((tref) => [...boxesIn(tref)])
    .filter(({ view }) => view.byteLength === 4 && view.getUint32(0) === sourceVideoId)
    .map(({ type }) => box(type, words(VIDEO_ID)));
  return trackBox(children, references);
}

function withReferences(trak: DataView, references: readonly Uint8Array[]): Uint8Array {
  return trackBox([...boxesIn(trak)], references);
}

function trackBox(children: readonly Box[], references: readonly Uint8Array[]): Uint8Array {
  const others = children.filter(({ type }) => type !== "tref").map(({ type, view }) =>
    box(type, bytesOf(view))
  );
  return box("trak", ...others, ...(references.length > 0 ? [box("tref", ...references)] : []));
}

function referencesOf(trak: DataView): Uint8Array[] {
  return [...boxesAt(trak, "tref")].flatMap((tref) => [...boxesIn(tref)])
    .map(({ type, view }) => box(type, bytesOf(view)));
}

/** @see ISO/IEC 14496-12, 8.3.2 */
function withId(tkhd: DataView, id: number): DataView {
  const bytes = bytesOf(tkhd).slice();
  const view = new DataView(bytes.buffer);
  view.setUint32(view.getUint8(0) === 1 ? 20 : 12, id);
  return view;
}
