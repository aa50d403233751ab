/** The boxes of an MP4 or MOV file, walked without loading its media. */
import { type ByteSource, CHAPTERS, type ContainerOutline, MAX_PARTS } from "./container_outline.ts";
import { firstSampleOnly, type Replacement, withReplacements } from "./mp4_abridged.ts";
import { bytesOf } from "./mp4_box_bytes.ts";
import { type AlacConfig, alacConfig, mp4AlacConfig } from "./alac_config.ts";
import { boxesAt, boxesIn, handlerOf, letters } from "./mp4_boxes.ts";
import { chapterTrackIds, hasChapterList, listedChapters, trackChapters } from "./mp4_chapters.ts";
import { creationNs } from "./mp4_creation_time.ts";
import { defaultDescriptions, SampleDescriptions, useInFragment } from "./mp4_descriptions.ts";
import { editsOf, shownUntilTicks } from "./mp4_edits.ts";
import { mp4PixelAspect } from "./mp4_aspect.ts";
import { DOLBY_VISION, type DolbyVision, isDolbyVision } from "./dolby_vision.ts";
import { videoEntryBoxes } from "./mp4_video_entry.ts";
import { hdrInBox, type StatedHdr, UNREADABLE_LIGHT } from "./stated_hdr.ts";
import { sampleIndexOf, type SampleIndexOptions } from "./mp4_sample_index.ts";
import { mp4StoredTrack } from "./mp4_stored_tracks.ts";
import { mp4Subtitles } from "./mp4_subtitles.ts";
import type { StatedAspect } from "./pixel_aspect.ts";
import type { SampleIndex } from "./sample_index.ts";
import type { StoredOutline } from "./stored_track.ts";
import type { SubtitleOutline } from "./subtitle_track.ts";
import { mp4Roles, type TrackRole } from "./track_roles.ts";
import { FragmentClaims, sampleTableFault } from "./mp4_tables.ts";

const SIZED_BOXES: ReadonlySet<string> = new Set(["ftyp", "moov", "mdat", "moof", "mfra"]);

/** A movie box of ten hours is a tenth of this. */
const MAX_INDEX_BYTES = 256 * 1024 * 1024;

/** Of all tracks but video and sound; those of any film are a tenth of this. */
const MAX_TEXT_SAMPLES_IN_ALL = 500_000;
/** What a track counts for that cannot be read: to find that out has taken time as well. */
const UNREAD_SAMPLES = 5_000;

interface Outline {
  claimedBytes: number;
  readonly otherContents: string[];
  readonly delaysSeconds: ReadonlyMap<number, number>;
  readonly shownUntilSeconds: Map<number, number>;
  readonly samples: Map<number, SampleIndex>;
  readonly pixelAspects: Map<number, StatedAspect>;
  readonly hdr: Map<number, StatedHdr>;
  readonly dolbyVision: Map<number, DolbyVision>;
  readonly roles: Map<number, ReadonlySet<TrackRole>>;
  readonly alacConfigs: Map<number, AlacConfig>;
  readonly subtitles: SubtitleOutline[];
  readonly stored: StoredOutline[];
  createdNs?: bigint;
  readChapters?: NonNullable<ContainerOutline["readChapters"]>;
  abridged?: ByteSource;
  unsupported?: string;
  fault?: string;
}

/** Reads the outline of an MP4 or MOV file (ISO/IEC 14496-12); of the boxes, indexes alone are loaded. */
export async function outlineMp4(file: ByteSource): Promise<ContainerOutline> {
  const outline: Outline = {
    claimedBytes: 0,
    otherContents: [],
    delaysSeconds: new Map(),
    shownUntilSeconds: new Map(),
    samples: new Map(),
    pixelAspects: new Map(),
    ...{ hdr: new Map(), dolbyVision: new Map(), roles: new Map(), alacConfigs: new Map() },
    ...{ subtitles: [], stored: [] },
  };
  const claims = new FragmentClaims(file.sizeBytes);
  let soundTracks: ReadonlySet<number> = new Set();
  let hasIndexedFrames = false;
  let hasMovie = false;
  let described: DescribedTracks | undefined;
  for await (const box of fileBoxes(file)) {
    // What follows the last box of a file may be anything, and its "size" too.
    if (SIZED_BOXES.has(box.type)) outline.claimedBytes = Math.max(outline.claimedBytes, box.end);
    if (box.type !== "moov" && box.type !== "moof") continue;
    const end = Math.min(box.end, file.sizeBytes);
    if (end - box.start > MAX_INDEX_BYTES) {
      outline.fault = `its "${box.type}" box at byte ${box.start} claims ${end - box.start} bytes`;
      return outline;
    }
    if (end <= box.start) continue;
    const bytes = await file.read(box.start, end);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (box.type === "moov") {
      hasIndexedFrames = readMovie(view, file.sizeBytes, outline);
      described ??= describedTracks(view);
      soundTracks = soundTracksOf(view);
      // Any further one is not read.
      if (!hasMovie) {
        const createdNs = creationNs(view);
        if (createdNs !== undefined) outline.createdNs = createdNs;
        outline.abridged = withReplacements(file, indexSamples(view, box.start, outline, file.sizeBytes));
        if (outline.fault === undefined) readOthers(view, file, outline);
      }
      hasMovie = true;
    } else {
      const fault = claims.fault(view, soundTracks);
      if (fault !== undefined) outline.fault ??= `${fault} (at byte ${box.start})`;
      if (hasIndexedFrames) outline.unsupported ??= HYBRID;
      if (described) useInFragment(view, described.descriptions, described.defaults);
    }
  }
  const apart = described && describedApart(described);
  if (apart !== undefined) outline.unsupported ??= apart;
  return outline;
}

/** Video and sound by track number. */
interface DescribedTracks {
  readonly descriptions: ReadonlyMap<number, SampleDescriptions>;
  readonly names: ReadonlyMap<number, string>;
  readonly defaults: ReadonlyMap<number, number>;
}

function describedTracks(moov: DataView): DescribedTracks {
  const tracks = { descriptions: new Map<number, SampleDescriptions>(), names: new Map<number, string>() };
  for (const trak of boxesAt(moov, "trak")) {
    const handler = handlerOf(trak);
    if (handler !== "vide" && handler !== "soun") continue;
    tracks.names.set(trackId(trak), handler === "vide" ? "video" : "sound");
    tracks.descriptions.set(trackId(trak), new SampleDescriptions(trak));
  }
  return { ...tracks, defaults: defaultDescriptions(moov) };
}

function describedApart({ descriptions, names }: DescribedTracks): string | undefined {
  for (const [id, { count, hasOthers }] of descriptions) {
    if (!hasOthers) continue;
    const what = `its ${names.get(id)} has ${count} descriptions of how to decode it`;
    return `${what}, of which only one can be read (joined from several recordings?)`;
  }
  return undefined;
}

const HYBRID =
  "its first frames are in an index and the others in fragments, of which only one kind can be read (rewrite it " +
  "without encoding, such as with ffmpeg -c copy)";

/** By handler type; empty for those that are handled elsewhere. */
const HANDLERS: Readonly<Record<string, string>> = {
  vide: "",
  soun: "",
  text: "text track (subtitles or chapter titles)",
  sbtl: "subtitles",
  subt: "subtitles",
  subp: "subtitles",
  clcp: "closed captions",
  tmcd: "timecode track",
  meta: "metadata track",
};

function nameOf(handler: string | undefined): string {
  return HANDLERS[handler ?? ""] ?? `${handler} track`;
}

/** @returns Whether the movie box itself lists frames. */
function readMovie(moov: DataView, fileBytes: number, outline: Outline): boolean {
  let hasIndexedFrames = false;
  const movieTimescale = timescaleOf(boxesAt(moov, "mvhd").next().value);
  const isFragmented = [...boxesAt(moov, "mvex")].length > 0;
  const chapterTracks = chapterTracksOf(moov);
  for (const { type, view } of boxesIn(moov)) {
    if (type !== "trak") continue;
    const handler = handlerOf(view);
    const name = nameOf(handler);
    if (handler !== undefined && name !== "" && !isChapterTrack(view, chapterTracks)) {
      outline.otherContents.push(name);
    }
    const { roles, others } = mp4Roles(view);
    outline.otherContents.push(...others.map((role) => `the role "${role}" of track ${trackId(view)}`));
    if (roles.size > 0) outline.roles.set(trackId(view), roles);
    const fault = sampleTableFault(view, { fileBytes, isFragmented, isSound: handler === "soun" });
    if (fault !== undefined) outline.fault ??= fault;
    if (handler !== "vide" && handler !== "soun") continue;
    const aspect = handler === "vide" ? mp4PixelAspect(view) : undefined;
    if (aspect) outline.pixelAspects.set(trackId(view), aspect);
    if (handler === "vide") readLight(view, outline);
    const alac = handler === "soun" ? alacConfig(mp4AlacConfig(view)) : undefined;
    if (alac) outline.alacConfigs.set(trackId(view), alac);
    const until = shownUntilTicks(editsOf(view));
    if (typeof until === "string") outline.unsupported ??= until;
    // With fragments, a movie box knows only its own part of the duration.
    else if (until !== undefined && !isFragmented && movieTimescale > 0) {
      outline.shownUntilSeconds.set(trackId(view), until / movieTimescale);
    }
    if (
      isFragmented && [...boxesAt(view, "mdia", "minf", "stbl", "stts")].some((stts) => stts.byteLength > 8)
    ) {
      hasIndexedFrames = true;
    }
  }
  const hasTrack = [...boxesAt(moov, "trak")].some((trak) => isChapterTrack(trak, chapterTracks));
  if (hasTrack || hasChapterList(moov)) outline.otherContents.push(CHAPTERS);
  return hasIndexedFrames;
}

/** Takes what a video says of the light of its pictures into the outline. */
function readLight(trak: DataView, { hdr, dolbyVision, otherContents }: Outline): void {
  const id = trackId(trak);
  for (const { type, view } of videoEntryBoxes(trak)) {
    const stated = hdrInBox(type, view);
    if (stated === "unreadable") otherContents.push(UNREADABLE_LIGHT);
    else if (stated) hdr.set(id, { ...stated, ...hdr.get(id) });
    if (!isDolbyVision(type) || dolbyVision.has(id)) continue;
    dolbyVision.set(id, { type, record: bytesOf(view).slice() });
    otherContents.push(DOLBY_VISION);
  }
}

function soundTracksOf(moov: DataView): ReadonlySet<number> {
  return new Set([...boxesAt(moov, "trak")].filter((trak) => handlerOf(trak) === "soun").map(trackId));
}

/** Which tracks of text have titles of chapters. */
function chapterTracksOf(moov: DataView): ReadonlySet<number> {
  const ids = [...boxesAt(moov, "trak")].flatMap((trak) => [...chapterTrackIds(trak)]);
  return new Set(ids);
}

/** Others that are referred to have pictures for chapters. */
function isChapterTrack(trak: DataView, chapterTracks: ReadonlySet<number>): boolean {
  return handlerOf(trak) === "text" && chapterTracks.has(trackId(trak));
}

/**
 * Takes the sample tables of video and sound into the outline, and says what the demuxer is to see of them instead.
 *
 * @param start Where `moov` begins in the file.
 */
function indexSamples(moov: DataView, start: number, outline: Outline, fileBytes: number): Replacement[] {
  const isFragmented = [...boxesAt(moov, "mvex")].length > 0;
  if (isFragmented || outline.fault !== undefined) return [];
  const movieTimescale = timescaleOf(boxesAt(moov, "mvhd").next().value);
  const replacements: Replacement[] = [];
  const ids = new Set<number>();
  for (const trak of boxesAt(moov, "trak")) {
    const handler = handlerOf(trak);
    if (handler !== "vide" && handler !== "soun") continue;
    const id = trackId(trak);
    if (ids.has(id)) outline.fault ??= `two of its tracks have the number ${id}`;
    ids.add(id);
    const samples = sampleIndexOf(trak, { movieTimescale, fileBytes, isSound: handler === "soun" });
    if (typeof samples === "string") outline.fault ??= samples;
    else if (samples) {
      outline.samples.set(id, samples);
      const stored = handler === "soun" ? mp4StoredTrack(trak, handler, { id, title: "sound" }) : undefined;
      if (stored) outline.stored.push(stored);
      replacements.push(...firstSampleOnly(trak, start - moov.byteOffset));
    }
  }
  return replacements;
}

/** Takes all but pictures and sound into the outline: chapters, subtitles, and what is carried as it is. */
function readOthers(moov: DataView, file: ByteSource, outline: Outline): void {
  const listed = listedChapters(moov);
  if (listed) outline.readChapters = () => Promise.resolve(listed);
  if ([...boxesAt(moov, "mvex")].length > 0) return;
  const movieTimescale = timescaleOf(boxesAt(moov, "mvhd").next().value);
  const options = { movieTimescale, fileBytes: file.sizeBytes, isText: true };
  const chapterTracks = chapterTracksOf(moov);
  let samplesLeft = MAX_TEXT_SAMPLES_IN_ALL;
  for (const trak of boxesAt(moov, "trak")) {
    if (samplesLeft <= 0) return;
    const handler = handlerOf(trak);
    const title = nameOf(handler);
    if (handler === undefined || title === "") continue;
    const labels = { id: trackId(trak), title };
    if (isChapterTrack(trak, chapterTracks)) {
      const samples = indexOf(trak, options);
      if (samples) outline.readChapters = async () => await trackChapters(file, samples) ?? listed;
      samplesLeft -= samples?.length ?? UNREAD_SAMPLES;
      continue;
    }
    const subtitles = chapterTracks.has(labels.id)
      ? undefined
      : mp4Subtitles(trak, { ...options, ...labels });
    const stored = subtitles ? undefined : mp4StoredTrack(trak, handler, labels);
    const samples = subtitles?.samples ?? (stored && indexOf(trak, options));
    if (subtitles) outline.subtitles.push(subtitles);
    else if (stored && samples) outline.stored.push({ ...stored, samples });
    samplesLeft -= samples?.length ?? UNREAD_SAMPLES;
  }
}

/** Undefined: they are left to the demuxer, or something is wrong with them. */
function indexOf(trak: DataView, options: SampleIndexOptions): SampleIndex | undefined {
  const samples = sampleIndexOf(trak, options);
  return typeof samples === "object" ? samples : undefined;
}

/** Of a movie header; 0 where there is none. */
function timescaleOf(mvhd: DataView | undefined | void): number {
  if (!mvhd || mvhd.byteLength < 24) return 0;
  return mvhd.getUint32(mvhd.getUint8(0) === 1 ? 20 : 12);
}

/** 0 where there is none. */
function trackId(trak: DataView): number {
  for (const tkhd of boxesAt(trak, "tkhd")) {
    if (tkhd.byteLength >= 24) return tkhd.getUint32(tkhd.getUint8(0) === 1 ? 20 : 12);
  }
  return 0;
}

interface FileBox {
  readonly type: string;
  /** Of its contents. */
  readonly start: number;
  readonly end: number;
}

/** The outermost boxes, as far as their sizes make sense. */
async function* fileBoxes(file: ByteSource): AsyncGenerator<FileBox> {
  for (let position = 0, count = 0; position + 8 <= file.sizeBytes && count < MAX_PARTS; count++) {
    const header = await file.read(position, Math.min(position + 16, file.sizeBytes));
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    const shortSize = view.getUint32(0);
    const isLong = shortSize === 1 && header.length === 16;
    const headerBytes = isLong ? 16 : 8;
    const rest = file.sizeBytes - position;
    const sizeBytes = isLong ? Number(view.getBigUint64(8)) : shortSize === 0 ? rest : shortSize;
    if (sizeBytes < headerBytes) return;
    yield { type: letters(view, 4), start: position + headerBytes, end: position + sizeBytes };
    position += sizeBytes;
  }
}
