/** The elements of a Matroska or WebM file, walked without loading its clusters. */
import {
  ATTACHMENTS,
  type ByteSource,
  CHAPTERS,
  type ContainerOutline,
  MAX_PARTS,
} from "./container_outline.ts";
import { type AlacConfig, alacConfig } from "./alac_config.ts";
import { matroskaPixelAspect } from "./matroska_aspect.ts";
import { matroskaChapters } from "./matroska_chapters.ts";
import { matroskaHdr } from "./matroska_hdr.ts";
import { ENCRYPTED, type Packing, packingName, packingOf } from "./matroska_packing.ts";
import { DOLBY_VISION, type DolbyVision, isDolbyVision } from "./dolby_vision.ts";
import { type StatedHdr, UNREADABLE_LIGHT } from "./stated_hdr.ts";
import { MATROSKA_ROLES, type TrackRole } from "./track_roles.ts";
import type { StoredOutline } from "./stored_track.ts";
import { matroskaFormat, type SubtitleOutline } from "./subtitle_track.ts";
import type { StatedAspect } from "./pixel_aspect.ts";
import { type Element, elementAt, elementsIn, text, unsignedInt } from "./ebml.ts";

const MAX_TRACKS_BYTES = 16 * 1024 * 1024;
const MAX_INFO_BYTES = 1024 * 1024;
/** Of a track that is carried as it is stored; those of most have a hundred. */
const MAX_STORED_ENTRY_BYTES = 1024 * 1024;
const MAX_CHAPTERS_BYTES = 4 * 1024 * 1024;

/** The start of 2001, from which dates are counted (RFC 8794, 7.6), since 1970. */
export const MATROSKA_EPOCH_NS = 978_307_200n * 1_000_000_000n;

/** Reads the outline of a Matroska or WebM file (RFC 9559); clusters are skipped. */
export async function outlineMatroska(file: ByteSource): Promise<ContainerOutline> {
  const otherContents: string[] = [];
  const delaysSeconds = new Map<number, number>();
  let claimedBytes = 0;
  let fault: string | undefined;
  const pixelAspects = new Map<number, StatedAspect>();
  const subtitles: SubtitleOutline[] = [];
  const stored: StoredOutline[] = [];
  let chapters: FileElement | undefined;
  let info: SegmentInfo = {};
  const stereoModes = new Map<number, number>();
  const streams = new Map<number, string>();
  const hdr = new Map<number, StatedHdr>();
  const dolbyVision = new Map<number, DolbyVision>();
  const roles = new Map<number, ReadonlySet<TrackRole>>();
  const alacConfigs = new Map<number, AlacConfig>();
  for await (const part of elements(file, 0, file.sizeBytes)) {
    if (part.end !== undefined) claimedBytes = Math.max(claimedBytes, part.end);
    if (part.id !== ID.Segment) continue;
    for await (const child of elements(file, part.start, part.end ?? file.sizeBytes)) {
      // What follows the last cluster of a live recording is anyone's guess.
      if (part.end !== undefined && !IN_SEGMENT.has(child.id)) {
        fault ??= `what begins at byte ${child.position} of it is no part of a Matroska file`;
      }
      if (child.id === ID.Info) info = { ...await infoIn(file, child), ...info };
      if (child.id === ID.Chapters) {
        otherContents.push(CHAPTERS);
        chapters ??= child;
      }
      if (child.id === ID.Attachments) otherContents.push(ATTACHMENTS);
      if (child.id !== ID.Tracks || child.end === undefined) continue;
      if (child.end > file.sizeBytes || child.end - child.start > MAX_TRACKS_BYTES) continue;
      for (const track of trackEntries(await file.read(child.start, child.end))) {
        const kind = TRACK_TYPES[track.type] ?? `track of type ${track.type}`;
        const title = `${kind} (${[track.codec, track.language].join(", ")})`;
        if (track.type in MEDIA_TYPES) streams.set(track.number, streamName(track));
        else otherContents.push(title);
        const format = matroskaFormat(track.codec);
        if (kind === SUBTITLES && format && (track.packing || !track.isEncoded)) {
          subtitles.push(subtitleOf(track, title, format));
        } else if (isCarriable(track)) {
          const isSound = track.type === SOUND_TYPE;
          stored.push({ kind: "matroska", id: track.number, isSound, title, entry: track.entry.slice() });
        }
        if (track.pixelAspect) pixelAspects.set(track.number, track.pixelAspect);
        if (track.hdr === "unreadable") otherContents.push(UNREADABLE_LIGHT);
        else if (track.hdr) hdr.set(track.number, track.hdr);
        if (track.dolbyVision) {
          otherContents.push(DOLBY_VISION);
          dolbyVision.set(track.number, track.dolbyVision);
        }
        const alac = track.codec === ALAC ? alacConfig(track.codecPrivate) : undefined;
        if (alac) alacConfigs.set(track.number, alac);
        if (track.roles.size > 0) roles.set(track.number, track.roles);
        if (track.stereoMode > 0) stereoModes.set(track.number, track.stereoMode);
        if (track.delaySeconds > 0) delaysSeconds.set(track.number, track.delaySeconds);
      }
    }
  }
  const readChapters = chaptersReader(file, chapters);
  return {
    ...{ claimedBytes, otherContents, delaysSeconds, fault, subtitles, stored, pixelAspects },
    ...info,
    ...{ stereoModes, streams, hdr, dolbyVision, roles, alacConfigs },
    ...(readChapters && { readChapters }),
  };
}

type SegmentInfo = Pick<ContainerOutline, "title" | "createdNs">;

async function infoIn(file: ByteSource, { start, end = start }: FileElement): Promise<SegmentInfo> {
  if (end > file.sizeBytes || end - start > MAX_INFO_BYTES || end === start) return {};
  const info: Mutable<SegmentInfo> = {};
  for (const { id, bytes } of elementsIn(await file.read(start, end))) {
    if (id === ID.Title) info.title ??= text(bytes);
    if (id === ID.DateUTC && bytes.length === 8) info.createdNs ??= MATROSKA_EPOCH_NS + signedInt(bytes);
  }
  return info;
}

function signedInt(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0);
}

function chaptersReader(
  file: ByteSource,
  element: FileElement | undefined,
): ContainerOutline["readChapters"] | undefined {
  if (element?.end === undefined) return undefined;
  const { start, end } = element;
  if (end > file.sizeBytes || end - start > MAX_CHAPTERS_BYTES || end === start) return undefined;
  return async () => matroskaChapters(await file.read(start, end));
}

/** Whether it means the same in another file: no pictures, and nothing that somebody has to have a key for. */
function isCarriable({ type, stored, entry }: TrackEntry): boolean {
  return !WITH_PICTURES.has(type) && stored !== ENCRYPTED && entry.length <= MAX_STORED_ENTRY_BYTES;
}

/** With why the demuxer leaves it out, if it does. */
function streamName({ type, codec, language, isEnabled, stored }: TrackEntry): string {
  const why = stored !== undefined ? `is ${stored}` : isEnabled ? "cannot be read" : "is switched off";
  return `${MEDIA_TYPES[type]} (${codec}, ${language}), which ${why}`;
}

function subtitleOf(track: TrackEntry, title: string, format: SubtitleOutline["format"]): SubtitleOutline {
  const { number, codec, language, name, isEnabled, isDefault, isForced, roles, codecPrivate } = track;
  return {
    ...{ id: number, title, format, codecId: codec, languageCode: language, name },
    ...{ isDefault, isForced, roles, isSwitchedOff: !isEnabled },
    header: codecPrivate,
    packing: track.packing,
    samples: undefined,
  };
}

const ID = {
  Segment: 0x18538067,
  Info: 0x1549a966,
  Title: 0x7ba9,
  DateUTC: 0x4461,
  Tracks: 0x1654ae6b,
  Chapters: 0x1043a770,
  Attachments: 0x1941a469,
  TrackEntry: 0xae,
  TrackNumber: 0xd7,
  Video: 0xe0,
  StereoMode: 0x53b8,
  TrackType: 0x83,
  CodecId: 0x86,
  CodecDelay: 0x56aa,
  BlockAdditionMapping: 0x41e4,
  BlockAddIDType: 0x41e7,
  BlockAddIDExtraData: 0x41ed,
  Language: 0x22b59c,
  Name: 0x536e,
  FlagEnabled: 0xb9,
  FlagDefault: 0x88,
  FlagForced: 0x55aa,
  CodecPrivate: 0x63a2,
  ContentEncodings: 0x6d80,
} as const;

/** What a segment holds, by id. @see RFC 9559, 5.1; RFC 8794, 11.3. */
const IN_SEGMENT: ReadonlySet<number> = new Set([
  0x114d9b74, // SeekHead
  0x1549a966, // Info
  0x1f43b675, // Cluster
  0x1c53bb6b, // Cues
  0x1254c367, // Tags
  0x1b538667, // SignatureSlot
  0xbf, // CRC-32
  0xec, // Void
  ID.Tracks,
  ID.Chapters,
  ID.Attachments,
]);

const SUBTITLES = "subtitles";

const ALAC = "A_ALAC";
const SOUND_TYPE = 2;
/** Video, and what is mixed of several. */
const WITH_PICTURES: ReadonlySet<number> = new Set([1, 3]);

/** By TrackType, those that the demuxer knows. */
const MEDIA_TYPES: Readonly<Record<number, string>> = { 1: "video track", 2: "audio track" };

/** By TrackType. */
const TRACK_TYPES: Readonly<Record<number, string>> = {
  3: "mixed track",
  16: "logo track",
  17: SUBTITLES,
  18: "buttons track",
  32: "control track",
  33: "metadata track",
};

interface FileElement extends Element {
  /** Where its header begins. */
  readonly position: number;
}

/** Fewer bytes than this are no element that anything is lost with. */
const SMALL_BYTES = 12;

/**
 * The elements between two positions, as far as their sizes are known; one of id 0 stands for what is no element.
 */
async function* elements(file: ByteSource, from: number, to: number): AsyncGenerator<FileElement> {
  const until = Math.min(to, file.sizeBytes);
  for (let position = from, count = 0; position < until && count < MAX_PARTS; count++) {
    const element = elementAt(await file.read(position, Math.min(position + 12, until)), 0);
    if (!element) {
      if (until - position >= SMALL_BYTES) yield { id: 0, position, start: position, end: undefined };
      return;
    }
    const end = element.end === undefined ? undefined : position + element.end;
    yield { id: element.id, position, start: position + element.start, end };
    if (end === undefined) return;
    position = end;
  }
}

interface TrackEntry {
  /** All that follows, and more, as it is stored. */
  readonly entry: Uint8Array;
  readonly number: number;
  readonly type: number;
  readonly codec: string;
  readonly language: string;
  readonly delaySeconds: number;
  readonly pixelAspect: StatedAspect | undefined;
  readonly hdr: ReturnType<typeof matroskaHdr>;
  readonly dolbyVision: DolbyVision | undefined;
  /** 0: its pictures are for one eye. */
  readonly stereoMode: number;
  readonly name: string | undefined;
  readonly isEnabled: boolean;
  readonly isDefault: boolean;
  readonly isForced: boolean;
  readonly roles: Set<TrackRole>;
  readonly codecPrivate: Uint8Array | undefined;
  /** Whether its blocks are compressed, or encrypted. */
  readonly isEncoded: boolean;
  /** How, where it is known here. */
  readonly packing: Packing | undefined;
  /** How, in words, where the demuxer does not know it. */
  readonly stored: string | undefined;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function* trackEntries(tracks: Uint8Array): Generator<TrackEntry> {
  for (const { id, bytes } of elementsIn(tracks)) {
    if (id !== ID.TrackEntry) continue;
    // RFC 9559 gives the language of a track that names none as English.
    const entry: Mutable<TrackEntry> = {
      entry: bytes,
      ...{ number: 0, type: 0, codec: "?", language: "eng", delaySeconds: 0, name: undefined },
      ...{ pixelAspect: undefined, hdr: undefined, dolbyVision: undefined },
      stereoMode: 0,
      ...{ isDefault: true, isForced: false, codecPrivate: undefined, isEncoded: false },
      ...{ isEnabled: true, packing: undefined, stored: undefined, roles: new Set<TrackRole>() },
    };
    for (const field of elementsIn(bytes)) {
      if (field.id === ID.TrackNumber) entry.number = unsignedInt(field.bytes);
      if (field.id === ID.TrackType) entry.type = unsignedInt(field.bytes);
      if (field.id === ID.CodecDelay) entry.delaySeconds = unsignedInt(field.bytes) / 1e9;
      if (field.id === ID.Video) {
        entry.pixelAspect = matroskaPixelAspect(field.bytes);
        entry.hdr = matroskaHdr(field.bytes);
        const mode = [...elementsIn(field.bytes)].find(({ id }) => id === ID.StereoMode);
        entry.stereoMode = mode ? unsignedInt(mode.bytes) : 0;
      }
      if (field.id === ID.BlockAdditionMapping) entry.dolbyVision ??= dolbyVisionIn(field.bytes);
      if (field.id === ID.CodecId) entry.codec = text(field.bytes);
      if (field.id === ID.Language) entry.language = text(field.bytes);
      if (field.id === ID.Name) entry.name = text(field.bytes);
      if (field.id === ID.FlagEnabled) entry.isEnabled = unsignedInt(field.bytes) !== 0;
      if (field.id === ID.FlagDefault) entry.isDefault = unsignedInt(field.bytes) !== 0;
      if (field.id === ID.FlagForced) entry.isForced = unsignedInt(field.bytes) !== 0;
      for (const [role, id, value] of MATROSKA_ROLES) {
        if (field.id === id && unsignedInt(field.bytes) === value) entry.roles.add(role);
      }
      if (field.id === ID.CodecPrivate) entry.codecPrivate = field.bytes;
      if (field.id === ID.ContentEncodings) {
        entry.isEncoded = true;
        entry.packing = packingOf(field.bytes);
        entry.stored = packingName(field.bytes);
      }
    }
    yield entry;
  }
}

/** @param mapping Contents of a BlockAdditionMapping, which may be of other things. */
function dolbyVisionIn(mapping: Uint8Array): DolbyVision | undefined {
  const fields = new Map([...elementsIn(mapping)].map(({ id, bytes }) => [id, bytes]));
  const type = text(fields.get(ID.BlockAddIDType) ?? new Uint8Array());
  const record = fields.get(ID.BlockAddIDExtraData);
  return record && isDolbyVision(type) ? { type, record: record.slice() } : undefined;
}
