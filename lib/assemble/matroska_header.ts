/**
 * What mediabunny does not write before the first cluster of a Matroska file: chapters, tracks of text that is not
 * WebVTT, a title, a date, and that a video is 3D. It is asked for a tag and for names of tracks that take as much
 * room; what is there is then written anew, with these in it.
 */
import type { MetadataTags } from "mediabunny";
import { elementAt, text, unsignedInt } from "../chunk/ebml.ts";
import { concatenated, element, filler } from "./ebml_bytes.ts";
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
}

const ID = {
  SeekHead: 0x114d9b74,
  SeekPosition: 0x53ac,
  Info: 0x1549a966,
  Tracks: 0x1654ae6b,
  TrackEntry: 0xae,
  TrackNumber: 0xd7,
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

/** Tags with one more at the end, which takes more room than the extras. */
export function withRoom(
  tags: MetadataTags,
  { chapters, tracks, info, video }: HeaderExtras,
): MetadataTags {
  const extrasBytes = info.length + video.length + (chapters?.length ?? 0);
  const room = new Uint8Array(extrasBytes + SIZES_BYTES + tracks.size * TRACK_SIZE_BYTES);
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
  { tracks: wanted, video }: HeaderExtras,
): Uint8Array[] {
  let videoLeft = video;
  return childrenOf(bytes, tracks.start, tracks.end).map((entry) => {
    const fields = childrenOf(bytes, entry.start, entry.end);
    const number = fields.find(({ id }) => id === ID.TrackNumber);
    const elements = number && wanted.get(unsignedInt(bytes.subarray(number.start, number.end)));
    if (elements) return element(ID.TrackEntry, elements);
    if (videoLeft.length === 0 || !fields.some(({ id }) => id === ID.Video)) return whole(bytes, entry);
    const added = videoLeft;
    videoLeft = new Uint8Array();
    return element(
      ID.TrackEntry,
      ...fields.map((field) =>
        field.id === ID.Video
          ? element(ID.Video, bytes.subarray(field.start, field.end), added)
          : whole(bytes, field)
      ),
    );
  });
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
