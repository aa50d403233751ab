/** The elements of a Matroska or WebM file, walked without loading its clusters. */
import { ATTACHMENTS, type ByteSource, type ContainerOutline, MAX_PARTS } from "./container_outline.ts";

const MAX_TRACKS_BYTES = 16 * 1024 * 1024;

/** Reads the outline of a Matroska or WebM file (RFC 9559); clusters are skipped. */
export async function outlineMatroska(file: ByteSource): Promise<ContainerOutline> {
  const otherContents: string[] = [];
  const delaysSeconds = new Map<number, number>();
  let claimedBytes = 0;
  for await (const part of elements(file, 0, file.sizeBytes)) {
    if (part.end !== undefined) claimedBytes = Math.max(claimedBytes, part.end);
    if (part.id !== ID.Segment) continue;
    for await (const child of elements(file, part.start, part.end ?? file.sizeBytes)) {
      if (child.id === ID.Chapters) otherContents.push("chapters");
      if (child.id === ID.Attachments) otherContents.push(ATTACHMENTS);
      if (child.id !== ID.Tracks || child.end === undefined) continue;
      if (child.end > file.sizeBytes || child.end - child.start > MAX_TRACKS_BYTES) continue;
      for (const track of trackEntries(await file.read(child.start, child.end))) {
        const kind = TRACK_TYPES[track.type] ?? `track of type ${track.type}`;
        if (kind !== "") otherContents.push(`${kind} (${[track.codec, track.language].join(", ")})`);
        if (track.delaySeconds > 0) delaysSeconds.set(track.number, track.delaySeconds);
      }
    }
  }
  return { claimedBytes, otherContents, delaysSeconds };
}

const ID = {
  Segment: 0x18538067,
  Tracks: 0x1654ae6b,
  Chapters: 0x1043a770,
  Attachments: 0x1941a469,
  TrackEntry: 0xae,
  TrackNumber: 0xd7,
  TrackType: 0x83,
  CodecId: 0x86,
  CodecDelay: 0x56aa,
  Language: 0x22b59c,
} as const;

/** By TrackType; empty for those that are handled elsewhere. */
const TRACK_TYPES: Readonly<Record<number, string>> = {
  1: "",
  2: "",
  3: "mixed track",
  16: "logo track",
  17: "subtitles",
  18: "buttons track",
  32: "control track",
  33: "metadata track",
};

interface Element {
  readonly id: number;
  /** Of its contents. */
  readonly start: number;
  /** Undefined: not known, as in a live recording. */
  readonly end: number | undefined;
}

/** The elements between two positions, as far as their sizes are known and make sense. */
async function* elements(file: ByteSource, from: number, to: number): AsyncGenerator<Element> {
  const until = Math.min(to, file.sizeBytes);
  for (let position = from, count = 0; position < until && count < MAX_PARTS; count++) {
    const element = elementAt(await file.read(position, Math.min(position + 12, until)), 0);
    if (!element) return;
    const end = element.end === undefined ? undefined : position + element.end;
    yield { id: element.id, start: position + element.start, end };
    if (end === undefined) return;
    position = end;
  }
}

/** One element's header, its positions counted from the start of `bytes`. */
function elementAt(bytes: Uint8Array, position: number): Element | undefined {
  const id = variableInt(bytes, position, "keep marker");
  if (!id) return undefined;
  const size = variableInt(bytes, position + id.lengthBytes, "drop marker");
  if (!size) return undefined;
  const start = position + id.lengthBytes + size.lengthBytes;
  const isUnknown = size.value === 2 ** (7 * size.lengthBytes) - 1;
  return { id: id.value, start, end: isUnknown ? undefined : start + size.value };
}

/** RFC 8794, 4: the leading zero bits of the first byte say how many bytes follow. */
function variableInt(
  bytes: Uint8Array,
  position: number,
  marker: "keep marker" | "drop marker",
): { readonly value: number; readonly lengthBytes: number } | undefined {
  const first = bytes[position];
  if (first === undefined || first === 0) return undefined;
  const lengthBytes = Math.clz32(first) - 23;
  if (position + lengthBytes > bytes.length) return undefined;
  let value = marker === "keep marker" ? first : first & (0xff >> lengthBytes);
  for (let i = 1; i < lengthBytes; i++) value = value * 256 + bytes[position + i]!;
  return { value, lengthBytes };
}

interface TrackEntry {
  readonly number: number;
  readonly type: number;
  readonly codec: string;
  readonly language: string;
  readonly delaySeconds: number;
}

function* trackEntries(tracks: Uint8Array): Generator<TrackEntry> {
  for (const { id, bytes } of elementsIn(tracks)) {
    if (id !== ID.TrackEntry) continue;
    // RFC 9559 gives the language of a track that names none as English.
    const entry = { number: 0, type: 0, codec: "?", language: "eng", delaySeconds: 0 };
    for (const field of elementsIn(bytes)) {
      if (field.id === ID.TrackNumber) entry.number = unsignedInt(field.bytes);
      if (field.id === ID.TrackType) entry.type = unsignedInt(field.bytes);
      if (field.id === ID.CodecDelay) entry.delaySeconds = unsignedInt(field.bytes) / 1e9;
      if (field.id === ID.CodecId) entry.codec = text(field.bytes);
      if (field.id === ID.Language) entry.language = text(field.bytes);
    }
    yield entry;
  }
}

function* elementsIn(bytes: Uint8Array): Generator<{ readonly id: number; readonly bytes: Uint8Array }> {
  for (let position = 0; position < bytes.length;) {
    const element = elementAt(bytes, position);
    if (!element || element.end === undefined || element.end > bytes.length) return;
    yield { id: element.id, bytes: bytes.subarray(element.start, element.end) };
    position = element.end;
  }
}

function unsignedInt(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/\0.*$/s, "");
}
