/**
 * What mediabunny does not write before the first cluster of a Matroska file: chapters, tracks of text that is not
 * WebVTT, a title, a date, that a video is 3D, how long its frames are shown, and the delay of Opus. It is asked for a
 * tag and for names of tracks that take as much room; what is there is then written anew, with these in it.
 */
import type { MetadataTags } from "mediabunny";
import { elementAt, text, unsignedInt } from "../chunk/ebml.ts";
import { concatenated, element, filler } from "./ebml_bytes.ts";
import { preSkipNs, preSkipSamples } from "./opus_delay.ts";
import { readStart, type SeekableFile, writeAt } from "./seekable_sink.ts";

/** Where the muxer has written a segment up to its first cluster. */
export interface SegmentHeader {
  /** Where it begins in the file. */
  readonly position: number;
  readonly sizeBytes: number;
}

export interface HeaderExtras {
  /** An element of its own. */
  readonly chapters?: Uint8Array | undefined;
  /** By track number, all elements of a track, for which its name, {@link roomName}, has kept room. */
  readonly tracks: ReadonlyMap<number, Uint8Array>;
  /** Elements to add to `Info`. */
  readonly info: Uint8Array;
  /** Elements to add to `Video` of the first track that has one. */
  readonly video: Uint8Array;
  /** Of the frames of that track, each of which is shown so long; undefined: they are not. */
  readonly frameSeconds: number | undefined;
  /** Of any kind. */
  readonly trackCount: number;
}

const ID = {
  SeekHead: 0x114d9b74,
  SeekPosition: 0x53ac,
  Info: 0x1549a966,
  Tracks: 0x1654ae6b,
  TrackEntry: 0xae,
  TrackNumber: 0xd7,
  DefaultDuration: 0x23e383,
  CodecId: 0x86,
  CodecPrivate: 0x63a2,
  CodecDelay: 0x56aa,
  SeekPreRoll: 0x56bb,
  Video: 0xe0,
  Tags: 0x1254c367,
  Tag: 0x7373,
  Targets: 0x63c0,
  TargetType: 0x63ca,
  SimpleTag: 0x67c8,
  TagName: 0x45a3,
} as const;

/** No other tag may be called that. */
export const ROOM_TAG = "room kept for the header";
/** So that a filler fits behind what is put there. */
const LEAST_FILLER_BYTES = 2;
/** What the sizes of elements may take more than the muxer's, with those of a track. */
const [SIZES_BYTES, TRACK_SIZE_BYTES] = [64, 8] as const;
/** What the fields that are added to a track take at most. */
const FIELDS_BYTES = 32;
/** What a decoder needs of Opus before a place to be right there. @see RFC 7845, 4.6 */
const OPUS_PRE_ROLL_NS = 80_000_000;

/** Tags with one more at the end, which takes more room than the extras. */
export function withRoom(
  tags: MetadataTags,
  { chapters, info, video, trackCount }: HeaderExtras,
): MetadataTags {
  const extrasBytes = info.length + video.length + (chapters?.length ?? 0);
  const tracksBytes = trackCount * (TRACK_SIZE_BYTES + FIELDS_BYTES);
  const room = new Uint8Array(extrasBytes + SIZES_BYTES + tracksBytes);
  return { ...tags, raw: { ...tags.raw, [ROOM_TAG]: room } };
}

/** A name for a track whose other elements will be of `sizeBytes`. */
export function roomName(sizeBytes: number): string {
  return "x".repeat(sizeBytes + LEAST_FILLER_BYTES);
}

/**
 * Puts them into the file, in the room that was kept. Tags lose the name of what they are about, which is a film
 * without it as well: FFmpeg would put it before the name of each.
 *
 * @throws {Error} If the room is not there.
 */
export async function putExtras(
  file: SeekableFile & { read(bytes: Uint8Array): Promise<number | null> },
  header: SegmentHeader,
  extras: HeaderExtras,
): Promise<void> {
  const bytes = (await readStart(file, header.position + header.sizeBytes)).subarray(header.position);
  const segment = part(bytes, 0);
  const children = childrenOf(bytes, segment.start, bytes.length);
  const made = children.map((child) => rebuilt(bytes, child, extras));
  if (!children.some(({ id }) => id === ID.Tags)) throw new Error("The muxer has kept no room in its tags");
  const moved = new Map<number, number | undefined>();
  let position = segment.start;
  for (const [index, child] of children.entries()) {
    const isGone = child.id === ID.Tags && !hasTags(bytes, child);
    moved.set(child.position - segment.start, isGone ? undefined : position - segment.start);
    position += made[index]!.length;
  }
  const free = bytes.length - position;
  if (free < LEAST_FILLER_BYTES) {
    throw new Error("The muxer has kept too little room before the first cluster");
  }
  position = header.position + segment.start;
  for (const [index, { id, start, end }] of children.entries()) {
    if (id === ID.SeekHead) moveSeeks(bytes, { start, end }, moved);
    await writeAt(file, made[index]!, position);
    position += made[index]!.length;
  }
  await writeAt(file, filler(free), position);
}

interface Part {
  readonly id: number;
  readonly position: number;
  /** Of its contents. */
  readonly start: number;
  readonly end: number;
}

/** A child of the segment as it is to be. */
function rebuilt(bytes: Uint8Array, child: Part, extras: HeaderExtras): Uint8Array {
  switch (child.id) {
    case ID.Info:
      return element(ID.Info, bytes.subarray(child.start, child.end), extras.info);
    case ID.Tracks:
      return element(ID.Tracks, ...rebuiltTracks(bytes, child, extras));
    case ID.Tags:
      return concatenated([
        ...(hasTags(bytes, child) ? [rebuiltTags(bytes, child)] : []),
        ...(extras.chapters ? [extras.chapters] : []),
      ]);
  }
  return whole(bytes, child);
}

function rebuiltTracks(
  bytes: Uint8Array,
  tracks: Part,
  { tracks: wanted, video, frameSeconds }: HeaderExtras,
): Uint8Array[] {
  let isVideoLeft = true;
  return childrenOf(bytes, tracks.start, tracks.end).map((entry) => {
    const fields = childrenOf(bytes, entry.start, entry.end);
    const number = fieldIn(bytes, fields, ID.TrackNumber);
    const elements = number && wanted.get(unsignedInt(number));
    if (elements) return element(ID.TrackEntry, elements);
    const isVideo = isVideoLeft && fields.some(({ id }) => id === ID.Video);
    if (isVideo) isVideoLeft = false;
    const added = isVideo ? frameFields(frameSeconds) : opusFields(bytes, fields);
    if (added.size === 0 && !(isVideo && video.length > 0)) return whole(bytes, entry);
    return element(
      ID.TrackEntry,
      ...fields.filter(({ id }) => !added.has(id)).map((field) =>
        isVideo && field.id === ID.Video
          ? element(ID.Video, bytes.subarray(field.start, field.end), video)
          : whole(bytes, field)
      ),
      ...[...added].map(([id, value]) => element(id, value)),
    );
  });
}

/** Numbers of a track by their ids, instead of those that are there. */
type Fields = ReadonlyMap<number, number>;

function frameFields(seconds: number | undefined): Fields {
  return new Map(seconds === undefined ? [] : [[ID.DefaultDuration, Math.round(seconds * 1e9)]]);
}

/** RFC 7845, 5.1, as RFC 9559, 5.1.4.1.19 and 5.1.4.1.20 have it: mediabunny takes the one for the other. */
function opusFields(bytes: Uint8Array, fields: readonly Part[]): Fields {
  const codecId = fieldIn(bytes, fields, ID.CodecId);
  if (!codecId || text(codecId) !== "A_OPUS") return new Map();
  const delayNs = preSkipNs(preSkipSamples(fieldIn(bytes, fields, ID.CodecPrivate)) ?? 0);
  return new Map([...(delayNs > 0 ? [[ID.CodecDelay, delayNs] as const] : []), [
    ID.SeekPreRoll,
    OPUS_PRE_ROLL_NS,
  ]]);
}

function fieldIn(bytes: Uint8Array, fields: readonly Part[], wanted: number): Uint8Array | undefined {
  const field = fields.find(({ id }) => id === wanted);
  return field && bytes.subarray(field.start, field.end);
}

function rebuiltTags(bytes: Uint8Array, tags: Part): Uint8Array {
  const made = childrenOf(bytes, tags.start, tags.end).map((tag) =>
    element(
      ID.Tag,
      ...childrenOf(bytes, tag.start, tag.end).flatMap((child) => {
        if (isRoom(bytes, child)) return [];
        if (child.id !== ID.Targets) return [whole(bytes, child)];
        const targets = childrenOf(bytes, child.start, child.end).filter(({ id }) => id !== ID.TargetType);
        return [element(ID.Targets, ...targets.map((target) => whole(bytes, target)))];
      }),
    )
  );
  return element(ID.Tags, ...made);
}

/** Whether there are any besides the room: elements without one are not allowed. */
function hasTags(bytes: Uint8Array, tags: Part): boolean {
  return childrenOf(bytes, tags.start, tags.end).some((tag) =>
    childrenOf(bytes, tag.start, tag.end).some((child) => child.id === ID.SimpleTag && !isRoom(bytes, child))
  );
}

function isRoom(bytes: Uint8Array, { id, start, end }: Part): boolean {
  if (id !== ID.SimpleTag) return false;
  const name = childrenOf(bytes, start, end).find(({ id }) => id === ID.TagName);
  return name !== undefined && text(bytes.subarray(name.start, name.end)) === ROOM_TAG;
}

/**
 * Lets the index of the header say where its parts are now; what is behind it has not moved.
 *
 * @param moved By where they were, where they are; undefined: nowhere.
 */
function moveSeeks(
  bytes: Uint8Array,
  { start, end }: Pick<Part, "start" | "end">,
  moved: ReadonlyMap<number, number | undefined>,
): void {
  for (const seek of childrenOf(bytes, start, end)) {
    const place = childrenOf(bytes, seek.start, seek.end).find(({ id }) => id === ID.SeekPosition);
    if (!place) continue;
    const was = unsignedInt(bytes.subarray(place.start, place.end));
    if (!moved.has(was)) continue;
    let rest = moved.get(was);
    if (rest === undefined) bytes.set(filler(seek.end - seek.position), seek.position);
    for (
      let at = place.end - 1;
      rest !== undefined && at >= place.start;
      at--, rest = Math.floor(rest / 256)
    ) {
      bytes[at] = rest % 256;
    }
  }
}

function whole(bytes: Uint8Array, { position, end }: Part): Uint8Array {
  return bytes.subarray(position, end);
}

function childrenOf(bytes: Uint8Array, from: number, to: number): Part[] {
  const parts: Part[] = [];
  for (let position = from; position < to;) {
    const next = part(bytes, position);
    parts.push(next);
    position = next.end;
  }
  return parts;
}

function part(bytes: Uint8Array, position: number): Part {
  const element = elementAt(bytes, position);
  if (!element) throw new Error("The muxer has written no element where there is to be one");
  return { id: element.id, position, start: element.start, end: element.end ?? bytes.length };
}
