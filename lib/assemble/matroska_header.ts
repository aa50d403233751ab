/**
 * What mediabunny does not write before the first cluster of a Matroska file: chapters, and tracks of text that is not
 * WebVTT. It is asked for a tag and for names of tracks that take as much room, in whose place these are put.
 */
import type { MetadataTags } from "mediabunny";
import { elementAt, text, unsignedInt } from "../chunk/ebml.ts";
import { concatenated, elementSize, filler } from "./ebml_bytes.ts";
import { type SeekableFile, writeAt } from "./seekable_sink.ts";

/** A muxed segment up to its first cluster, as the muxer's `onSegmentHeader` gives it. */
export interface SegmentHeader {
  readonly bytes: Uint8Array;
  /** Where it begins in the file. */
  readonly position: number;
}

/** What takes the place of what was asked for to keep it free. */
export interface HeaderExtras {
  /** An element of its own, for which {@link withRoom} has kept room. */
  readonly chapters?: Uint8Array | undefined;
  /** By track number, all elements of a track, for which its name, {@link roomName}, has kept room. */
  readonly tracks: ReadonlyMap<number, Uint8Array>;
}

const ID = {
  Tracks: 0x1654ae6b,
  TrackEntry: 0xae,
  TrackNumber: 0xd7,
  Tags: 0x1254c367,
  Tag: 0x7373,
  SimpleTag: 0x67c8,
  TagName: 0x45a3,
} as const;

const ROOM_TAG = "ROOM";
/** So that a filler fits behind what is put there. */
const LEAST_FILLER_BYTES = 2;

/** Tags with one more at the end, which takes more room than an element of `sizeBytes`. */
export function withRoom(tags: MetadataTags, sizeBytes: number): MetadataTags {
  return { ...tags, raw: { ...tags.raw, [ROOM_TAG]: new Uint8Array(sizeBytes + LEAST_FILLER_BYTES) } };
}

/** A name for a track whose other elements will be of `sizeBytes`. */
export function roomName(sizeBytes: number): string {
  return "x".repeat(sizeBytes + LEAST_FILLER_BYTES);
}

/**
 * Puts them into the file, in the room that was kept.
 *
 * @throws {Error} If it is not there.
 */
export async function putExtras(
  file: SeekableFile,
  header: SegmentHeader,
  extras: HeaderExtras,
): Promise<void> {
  const segment = part(header.bytes, 0);
  const patches = childrenOf(header.bytes, segment.start, header.bytes.length).flatMap((child) => {
    if (child.id === ID.Tracks) return trackPatches(header.bytes, child, extras.tracks);
    if (child.id === ID.Tags && extras.chapters) return tagsPatches(header.bytes, child, extras.chapters);
    return [];
  });
  const expected = extras.tracks.size + (extras.chapters ? TAGS_PATCHES : 0);
  if (patches.length !== expected) throw new Error("The muxer has kept no room for chapters or subtitles");
  for (const { position, bytes } of patches) await writeAt(file, bytes, header.position + position);
}

interface Patch {
  readonly position: number;
  readonly bytes: Uint8Array;
}

interface Part {
  readonly id: number;
  readonly position: number;
  /** Of its contents. */
  readonly start: number;
  readonly end: number;
}

function trackPatches(bytes: Uint8Array, tracks: Part, wanted: HeaderExtras["tracks"]): Patch[] {
  return childrenOf(bytes, tracks.start, tracks.end).flatMap((entry) => {
    const number = childrenOf(bytes, entry.start, entry.end).find(({ id }) => id === ID.TrackNumber);
    const elements = number && wanted.get(unsignedInt(bytes.subarray(number.start, number.end)));
    if (!elements) return [];
    const free = entry.end - entry.start - elements.length;
    return [{ position: entry.start, bytes: concatenated([elements, filler(free)]) }];
  });
}

const TAGS_PATCHES = 3;

/** The last tag gives way: what it is in ends before it, and the chapters follow. */
function tagsPatches(bytes: Uint8Array, tags: Part, chapters: Uint8Array): Patch[] {
  const tag = childrenOf(bytes, tags.start, tags.end).at(-1);
  const room = tag && childrenOf(bytes, tag.start, tag.end).at(-1);
  if (!room || room.end !== tags.end || !isRoom(bytes, room)) return [];
  const free = room.end - room.position - chapters.length;
  return [
    ...[tags, tag].map((element) => sizePatch(bytes, element, room.position - element.start)),
    { position: room.position, bytes: concatenated([chapters, filler(free)]) },
  ];
}

function isRoom(bytes: Uint8Array, { id, start, end }: Part): boolean {
  const name = childrenOf(bytes, start, end).find(({ id }) => id === ID.TagName);
  return id === ID.SimpleTag && name !== undefined && text(bytes.subarray(name.start, name.end)) === ROOM_TAG;
}

function sizePatch(bytes: Uint8Array, { position, start }: Part, sizeBytes: number): Patch {
  const idBytes = Math.clz32(bytes[position]!) - 23;
  return { position: position + idBytes, bytes: elementSize(sizeBytes, start - position - idBytes) };
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
