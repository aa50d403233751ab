/** Tracks of text in an MP4 or MOV: subtitles, and titles of chapters. */
import { EncodedPacket } from "mediabunny";
import { box, bytesOf, integer, movieContents, words } from "../chunk/mp4_box_bytes.ts";
import { boxesAt, boxesIn, handlerOf } from "../chunk/mp4_boxes.ts";
import { LISTED_TIMESCALE } from "../chunk/mp4_chapters.ts";
import { withNextId } from "../chunk/mp4_movie.ts";
import { ALL_FORCED } from "../chunk/mp4_subtitles.ts";
import { kindBoxes } from "../chunk/track_roles.ts";
import type { TimedChapter } from "./extras.ts";
import type { OutputSubtitles } from "./output_subtitles.ts";
import type { Mp4Track } from "./write_mp4.ts";

/** What is added to a movie. */
export interface MovieTexts {
  readonly subtitles: readonly OutputSubtitles[];
  readonly chapters: readonly TimedChapter[];
}

/** Ticks a second: a whole number of them to a millisecond, and to a frame of all usual rates. */
const TIMESCALE = 30_000;
/** Where something may be shown for longer than 32 bits can say on that clock. */
const COARSE_TIMESCALE = 1_000;
/** Nothing is shown for longer: 46 days, of 49 that 32 bits can say on the coarser clock. */
const MAX_SAMPLE_SECONDS = 4_000_000;
/** Where a track begins with a pause, FFmpeg takes what lasts for no time for no part of it, and the last text too. */
const AFTER_PAUSE_SECONDS = 0.001;
/** Of text in a sample, whose length has 16 bits. */
const MAX_SAMPLE_BYTES = 65_535;
/** In `chpl` one byte says how long a title is, and one how many there are. */
const [MAX_LISTED_BYTES, MAX_LISTED] = [255, 255] as const;

/** Whether 32 bits can say how long each of these is shown, and each pause between them. */
export function fitsTrack(
  shown: readonly { readonly startSeconds: number; readonly endSeconds: number }[],
): boolean {
  return shown.every(({ startSeconds, endSeconds }, index) => {
    const pauseSeconds = startSeconds - (shown[index - 1]?.endSeconds ?? startSeconds);
    return endSeconds - startSeconds <= MAX_SAMPLE_SECONDS && pauseSeconds <= MAX_SAMPLE_SECONDS;
  });
}

/** A track that could not have them all has none; the list, whose times have 64 bits, has them anyway. */
function hasTitleTrack({ chapters }: MovieTexts): boolean {
  return chapters.length > 0 && fitsTrack(chapters);
}

/** The tracks, in the order in which {@link withTexts} numbers them. */
export function textTracks(texts: MovieTexts): Mp4Track[] {
  const samples = texts.subtitles.map(subtitleSamples);
  if (hasTitleTrack(texts)) samples.push(chapterSamples(texts.chapters));
  return samples.map((packets) => ({
    feed: { packets: inTurn(packets), add: () => Promise.resolve(), close: () => {} },
    form: { kind: "as it is" },
    mostPackets: packets.length,
  }));
}

/**
 * @param moov Contents of a movie box as mediabunny writes it.
 * @param firstId Number of the first of them.
 * @returns Contents with headers of the tracks, and with the list of chapters.
 */
export function withTexts(moov: DataView, texts: MovieTexts, firstId: number): DataView {
  const { subtitles, chapters } = texts;
  const hasTitles = hasTitleTrack(texts);
  const chapterId = firstId + subtitles.length;
  const boxes = [...boxesIn(moov)];
  const video = boxes.find(({ type, view }) => type === "trak" && handlerOf(view) === "vide")?.view;
  const parts = boxes.flatMap(({ type, view }) => {
    if (type === "mvhd") return [box(type, withNextId(view, chapterId + (hasTitles ? 1 : 0)))];
    if (type === "udta") return [];
    if (view !== video || !hasTitles) return [box(type, bytesOf(view))];
    return [box(type, bytesOf(view), box("tref", box("chap", words(chapterId))))];
  });
  const headers = subtitles.map((track, index) => subtitleBox(track, firstId + index, pictureOf(video)));
  if (hasTitles) headers.push(chapterBox(chapters, chapterId));
  const userData = [...boxesAt(moov, "udta")].map(bytesOf);
  if (chapters.length > 0) userData.push(chapterList(chapters));
  if (userData.length > 0) headers.push(box("udta", ...userData));
  return movieContents(...parts, ...headers);
}

/**
 * A sample for each cue, and an empty one where there is none: each is shown until the next. Before the first, where
 * it would be too long, the track has a pause.
 */
function subtitleSamples({ cues }: OutputSubtitles): EncodedPacket[] {
  const samples: EncodedPacket[] = [];
  const firstSeconds = cues[0]?.startSeconds ?? 0;
  const hasPause = firstSeconds > MAX_SAMPLE_SECONDS;
  let reached = hasPause ? firstSeconds : 0;
  for (const { startSeconds, endSeconds, text, sample: whole } of cues) {
    if (startSeconds > reached) samples.push(sample("", reached, startSeconds));
    samples.push(
      whole
        ? new EncodedPacket(whole, "key", startSeconds, endSeconds - startSeconds)
        : sample(text, startSeconds, endSeconds),
    );
    reached = endSeconds;
  }
  // Without it, some players leave the last one on.
  samples.push(sample("", reached, hasPause ? reached + AFTER_PAUSE_SECONDS : reached));
  return samples;
}

function chapterSamples(chapters: readonly TimedChapter[]): EncodedPacket[] {
  return chapters.map(({ startSeconds, endSeconds, title }) => sample(title, startSeconds, endSeconds, UTF8));
}

/** Says that the text is UTF-8 (QuickTime File Format, Text Sample Extensions). */
const UTF8 = box("encd", words(0x100));

function sample(
  text: string,
  startSeconds: number,
  endSeconds: number,
  extension: Uint8Array = new Uint8Array(),
): EncodedPacket {
  const bytes = cut(text, MAX_SAMPLE_BYTES);
  const data = Uint8Array.of(bytes.length >> 8, bytes.length & 255, ...bytes, ...extension);
  return new EncodedPacket(data, "key", startSeconds, endSeconds - startSeconds);
}

/** As UTF-8, no longer than that, and without half a character. */
function cut(text: string, mostBytes: number): Uint8Array {
  const bytes = new Uint8Array(mostBytes);
  return bytes.subarray(0, new TextEncoder().encodeInto(text, bytes).written);
}

async function* inTurn(packets: readonly EncodedPacket[]): AsyncGenerator<EncodedPacket, void, undefined> {
  yield* packets;
}

/** `chpl` in Nero's form, which players other than Apple's read. */
function chapterList(chapters: readonly TimedChapter[]): Uint8Array {
  const listed = chapters.slice(0, MAX_LISTED).map(({ startSeconds, title }) => {
    const bytes = cut(title, MAX_LISTED_BYTES);
    const start = integer(Math.round(startSeconds * LISTED_TIMESCALE), 8);
    return Uint8Array.of(...start, bytes.length, ...bytes);
  });
  return box("chpl", words(1 << 24, 0), Uint8Array.of(listed.length), ...listed);
}

interface Picture {
  /** In pixels. */
  readonly width: number;
  readonly height: number;
}

/** As it is shown, turned. */
function pictureOf(video: DataView | undefined): Picture {
  for (const tkhd of boxesAt(video ?? new DataView(new ArrayBuffer(0)), "tkhd")) {
    const end = tkhd.byteLength;
    const [width, height] = [tkhd.getUint16(end - 8), tkhd.getUint16(end - 4)];
    const isUpright = tkhd.getInt32(end - 44) !== 0;
    return isUpright ? { width, height } : { width: height, height: width };
  }
  return { width: 0, height: 0 };
}

function subtitleBox(
  { track, header: described, cues }: OutputSubtitles,
  id: number,
  picture: Picture,
): Uint8Array {
  const { width, height } = picture;
  const header = trackHeader(id, { ...picture, isEnabled: track.isDefault, group: SUBTITLE_GROUP });
  const style = Uint8Array.of(
    ...[0, 0, 0, 0, 0, 1, 0, Math.min(255, Math.max(8, Math.round(height / 20)))], // all, font 1, plain, its size
    ...[255, 255, 255, 255],
  );
  const font = [0, 1, 0, 1, 5, ...new TextEncoder().encode("Serif")];
  const description = described ? box("stsd", words(0, 1), described) : sampleDescription(
    "tx3g",
    words(track.isForced ? ALL_FORCED : 0),
    Uint8Array.of(1, 255), // in the middle, at the bottom
    new Uint8Array(4), // nothing behind it
    Uint8Array.of(0, 0, 0, 0, height >> 8, height & 255, width >> 8, width & 255),
    style,
    box("ftab", Uint8Array.from(font)),
  );
  const userData = [
    ...(track.name === undefined ? [] : [box("name", new TextEncoder().encode(track.name))]),
    ...kindBoxes([...(track.isForced ? ["forced"] as const : []), ...track.roles ?? []]),
  ];
  const facts = {
    handler: "sbtl",
    languageCode: track.languageCode,
    endSeconds: cues.at(-1)!.endSeconds,
  } as const;
  const media = mediaBox(facts, [box("nmhd", words(0))], description);
  return box("trak", header, media, ...(userData.length > 0 ? [box("udta", ...userData)] : []));
}

/** Players show one of a group at a time. */
const SUBTITLE_GROUP = 3;

/** One that is not enabled, since it is not to be shown by itself. */
function chapterBox(chapters: readonly TimedChapter[], id: number): Uint8Array {
  const header = trackHeader(id, { width: 0, height: 0, isEnabled: false, group: 0 });
  const description = sampleDescription(
    "text",
    words(1, 1), // no flags of display; in the middle
    new Uint8Array(6 + 8 + 8 + 2), // black, no box, reserved, font
    new Uint8Array(2 + 1 + 2 + 6 + 1), // style, reserved, colour, no name
  );
  const matrix = words(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
  const generic = box("gmin", words(0), Uint8Array.of(0, 0x40, 0x80, 0, 0x80, 0, 0x80, 0, 0, 0, 0, 0));
  const facts = { handler: "text", languageCode: "und", endSeconds: chapters.at(-1)!.endSeconds } as const;
  const media = mediaBox(facts, [box("gmhd", generic, box("text", matrix))], description);
  return box("trak", header, media);
}

interface TrackHeader extends Picture {
  readonly isEnabled: boolean;
  readonly group: number;
}

/** `tkhd` (ISO/IEC 14496-12, 8.3.2), without a duration yet. */
function trackHeader(id: number, { width, height, isEnabled, group }: TrackHeader): Uint8Array {
  const inMovie = 2;
  const identity = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];
  return box(
    "tkhd",
    words(
      inMovie | (isEnabled ? 1 : 0),
      0,
      0,
      id,
      0,
      0,
      0,
      0,
      group,
      0,
      ...identity,
      width << 16,
      height << 16,
    ),
  );
}

interface MediaFacts {
  readonly handler: "sbtl" | "text";
  readonly languageCode: string;
  readonly endSeconds: number;
}

function mediaBox(
  { handler, languageCode, endSeconds }: MediaFacts,
  mediaHeader: readonly Uint8Array[],
  description: Uint8Array,
): Uint8Array {
  const timescale = endSeconds * TIMESCALE < 2 ** 32 ? TIMESCALE : COARSE_TIMESCALE;
  const reference = box("dref", words(0, 1), box("url ", words(1)));
  return box(
    "mdia",
    box("mdhd", words(0, 0, 0, timescale, 0), packedLanguage(languageCode)),
    box("hdlr", words(0), ascii(`mhlr${handler}`), words(0, 0, 0), ascii("TextHandler\0")),
    box("minf", ...mediaHeader, box("dinf", reference), box("stbl", description)),
  );
}

function sampleDescription(format: string, ...contents: readonly Uint8Array[]): Uint8Array {
  const firstReference = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1);
  return box("stsd", words(0, 1), box(format, firstReference, ...contents));
}

/** Three letters in 5 bits each, and two bytes of 0 (ISO/IEC 14496-12, 8.4.2). */
function packedLanguage(code: string): Uint8Array {
  const known = /^[a-z]{3}$/.test(code) ? code : "und";
  const packed = [...known].reduce((bits, letter) => (bits << 5) | (letter.charCodeAt(0) - 0x60), 0);
  return words(packed << 16);
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
