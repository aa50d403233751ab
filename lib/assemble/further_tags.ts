/** Tags beyond those that every container has a place for: where an output can have them, and which it cannot. */
import { AttachedFile, type MetadataTags } from "mediabunny";
import { ROOM_TAG } from "./matroska_header.ts";
import type { Container } from "./output_container.ts";

/** Names and texts, in the source's order. */
export type NamedTexts = ReadonlyMap<string, string>;

export interface FurtherTags {
  /** Those that the muxer itself can write. */
  readonly raw: NamedTexts;
  /** By type of box, those in the user data of a movie. */
  readonly userData: NamedTexts;
  /** By key, those in the metadata of a movie. */
  readonly keys: NamedTexts;
  /** Names of those that are left out. */
  readonly omitted: readonly string[];
}

/** Of a tag's text; the lengths of QuickTime's have 16 bits. */
export const MAX_TAG_BYTES = 65_535;
const MAX_NAME_BYTES = 255;
const MAX_TAGS = 256;
/** Of all of them together. */
const MAX_TAGS_BYTES = 1024 * 1024;

type Field = Exclude<keyof MetadataTags, "raw" | "date" | "images">;

/** By field of the demuxer, the names that it takes for it, in lower case. */
const FIELD_NAMES: Readonly<Record<Field, readonly string[]>> = {
  title: ["©nam", "name", "titl", "com.apple.quicktime.title", "title"],
  description: ["©des", "desc", "dscp", "com.apple.quicktime.description", "description"],
  artist: ["©art", "com.apple.quicktime.artist", "artist"],
  album: ["©alb", "albm", "com.apple.quicktime.album", "album"],
  albumArtist: ["aart", "albr", "album_artist"],
  comment: ["©cmt", "com.apple.quicktime.comment", "comment"],
  genre: ["©gen", "gnre", "com.apple.quicktime.genre", "genre"],
  lyrics: ["©lyr", "lyrics"],
  beatsPerMinute: ["tmpo", "bpm"],
  trackNumber: ["track", "trkn", "track_number", "part_number"],
  tracksTotal: [],
  discNumber: ["disc", "disk", "disc_number"],
  discsTotal: [],
};
const FIELDS: ReadonlyMap<string, Field> = new Map(
  Object.entries(FIELD_NAMES).flatMap(([field, names]) =>
    names.map((name) => [name, field as Field] as const)
  ),
);
/** mediabunny (1.61) has no place for them there. */
const NOT_IN_MOV: ReadonlySet<Field> = new Set(["beatsPerMinute", "trackNumber", "discNumber"]);

/** What is no tag, or said by a muxer of the file that it wrote; pictures and chapters are carried as such. */
const NO_TAGS: ReadonlySet<string> = new Set([
  ...["©too", "©swr", "©enc", "encoder", "major_brand", "minor_version", "compatible_brands"],
  ...["free", "skip", "chpl", "covr", "com.apple.quicktime.artwork"],
]);

/** Where something was recorded, and with what: their usual names in Matroska, and types of boxes for them. */
const RECORDED: readonly (readonly [inMatroska: string, inMovie: string, apple: string])[] = [
  ["LOCATION", "©xyz", "com.apple.quicktime.location.iso6709"],
  ["MAKE", "©mak", "com.apple.quicktime.make"],
  ["MODEL", "©mod", "com.apple.quicktime.model"],
];
const MATROSKA_NAMES: ReadonlyMap<string, string> = new Map(
  RECORDED.flatMap(([name, box, key]) => [[box, name], [key, name]] as const),
);
const MOVIE_BOXES: ReadonlyMap<string, string> = new Map(
  RECORDED.map(([name, box]) => [name.toLowerCase(), box]),
);
const RECORDED_BOXES: ReadonlySet<string> = new Set(RECORDED.map(([, box]) => box));

/** Text in iTunes' list besides those that begin with "©". */
const LISTED: ReadonlySet<string> = new Set([
  ...["cprt", "tvsh", "tven", "tvnn", "sonm", "soar", "soal", "soaa", "soco", "sosn", "catg", "keyw", "purd"],
  "ldes",
]);

/** Where a tag can be, and under which name. */
interface Place {
  readonly kind: "raw" | "userData" | "keys";
  readonly name: string;
}

/**
 * Sorts the source's tags; as many are left out as are binary, too long or too many.
 *
 * @param raw As the demuxer tells them.
 * @param options.fields What the demuxer has made of them and the muxer writes.
 * @param options.used Names in `raw` of what has its place already.
 * @param options.made What the muxer writes besides.
 */
export function furtherTags(
  raw: Readonly<Record<string, unknown>>,
  { fields, used, made, container }: {
    readonly fields: MetadataTags;
    readonly used: ReadonlySet<string>;
    readonly made: Readonly<Record<string, string>>;
    readonly container: Container;
  },
): FurtherTags {
  const places = { raw: new Map(), userData: new Map(), keys: new Map() } as const satisfies Record<
    Place["kind"],
    Map<string, string>
  >;
  const omitted: string[] = [];
  const taken = new Map(Object.entries(made).map(([name, value]) => [name.toLowerCase(), value]));
  let bytesLeft = MAX_TAGS_BYTES;
  for (const [name, value] of Object.entries(raw)) {
    if (used.has(name) || NO_TAGS.has(name.toLowerCase()) || value instanceof AttachedFile) continue;
    const field = writtenField(name, container);
    if (field && fields[field] !== undefined) {
      if (isOther(value, fields[field])) omitted.push(name);
      continue;
    }
    const text = typeof value === "string" && isName(name) && !isLonger(value, MAX_TAG_BYTES)
      ? value
      : undefined;
    const wanted = text === undefined ? [] : placesFor(name, container);
    if (wanted.some((place) => taken.get(place.name.toLowerCase()) === text)) continue;
    const place = wanted.find((place) => !taken.has(place.name.toLowerCase()));
    bytesLeft -= place ? byteLength(name) + byteLength(text!) : 0;
    if (!place || bytesLeft < 0 || taken.size >= MAX_TAGS) omitted.push(name);
    else {
      places[place.kind].set(place.name, text!);
      taken.set(place.name.toLowerCase(), text!);
    }
  }
  return { ...places, omitted };
}

/** Fields without those texts that are too long for a tag. */
export function shortFields(fields: MetadataTags): MetadataTags {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) =>
      typeof value !== "string" || !isLonger(value, MAX_TAG_BYTES)
    ),
  );
}

/** Tags that are left out, in words. */
export function omittedTags(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const listed = names.slice(0, MAX_LISTED_NAMES).map(plainName).join(", ");
  const further = names.length - MAX_LISTED_NAMES;
  return [`tags (${listed}${further > 0 ? ` and ${further} more` : ""})`];
}

const MAX_LISTED_NAMES = 10;
const MAX_LISTED_CHARACTERS = 64;

/** Anyone may have chosen it: without what a terminal would obey. */
function plainName(name: string): string {
  const plain = name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "");
  return [...plain.slice(0, 2 * MAX_LISTED_CHARACTERS)].slice(0, MAX_LISTED_CHARACTERS).join("") ||
    "without a name";
}

function writtenField(name: string, container: Container): Field | undefined {
  const field = FIELDS.get(name.toLowerCase());
  return field && !(container === "mov" && NOT_IN_MOV.has(field)) ? field : undefined;
}

/** Whether a field has been made of another tag than this one. */
function isOther(value: unknown, field: unknown): boolean {
  return typeof value === "string" && typeof field === "string" && value !== field;
}

/** Attachments have numbers for names. */
function isName(name: string): boolean {
  return name !== "" && name !== ROOM_TAG && !/^\d+$/.test(name) && !isLonger(name, MAX_NAME_BYTES);
}

/** The best first. */
function placesFor(name: string, container: Container): Place[] {
  const lowerName = name.toLowerCase();
  if (container === "mkv" || container === "webm") {
    return [MATROSKA_NAMES.get(lowerName) ?? name, name].map((name) => ({ kind: "raw", name }));
  }
  const box = MOVIE_BOXES.get(lowerName) ?? name;
  const key: Place = { kind: "keys", name };
  if (RECORDED_BOXES.has(box)) return [{ kind: "userData", name: box }, key];
  const isBox = /^©[\x20-\x7e]{3}$/.test(name);
  if (container === "mp4" && (isBox || LISTED.has(name))) return [{ kind: "raw", name }];
  return isBox ? [{ kind: "userData", name }] : [key];
}

function isLonger(text: string, mostBytes: number): boolean {
  return text.length > mostBytes || byteLength(text) > mostBytes;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
