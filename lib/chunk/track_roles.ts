/** What a track is for, as containers say it. Pure. */
import type { TrackDisposition } from "mediabunny";
import { box, bytesOf, words } from "./mp4_box_bytes.ts";
import { boxesAt } from "./mp4_boxes.ts";

/** `forced`: shown to those too who have asked for no subtitles. */
export type TrackRole =
  | "forced"
  | "hearing impaired"
  | "visually impaired"
  | "text descriptions"
  | "original"
  | "dub"
  | "commentary";

/** Elements of a track in Matroska: of what value they say it. Forced is told apart. @see RFC 9559, 5.1.4.1 */
export const MATROSKA_ROLES: readonly (readonly [role: TrackRole, id: number, value: number])[] = [
  ["hearing impaired", 0x55ab, 1],
  ["visually impaired", 0x55ac, 1],
  ["text descriptions", 0x55ad, 1],
  ["original", 0x55ae, 1],
  ["dub", 0x55ae, 0],
  ["commentary", 0x55af, 1],
];

/** The scheme of ISO/IEC 23009-1, 5.8.5.5, and its words as FFmpeg takes them. */
const DASH_SCHEME = "urn:mpeg:dash:role:2011";
const DASH_ROLES: ReadonlyMap<TrackRole, string> = new Map([
  ["forced", "forced-subtitle"],
  ["hearing impaired", "caption"],
  ["visually impaired", "description"],
  ["dub", "dub"],
  ["commentary", "commentary"],
]);
/** Those of it that say no more than which track comes first. */
const PLAIN: ReadonlySet<string> = new Set(["main", "alternate", "subtitle"]);
/** More are on no track. */
const MOST_KINDS = 16;
const MOST_CHARACTERS = 100;

/** How the demuxer names those that it knows. */
const IN_DISPOSITION = [
  ["forced", "forced"],
  ["hearing impaired", "hearingImpaired"],
  ["visually impaired", "visuallyImpaired"],
  ["original", "original"],
  ["commentary", "commentary"],
] as const satisfies readonly (readonly [TrackRole, keyof TrackDisposition])[];

export function asDisposition(roles: ReadonlySet<TrackRole>): Partial<TrackDisposition> {
  return Object.fromEntries(
    IN_DISPOSITION.flatMap(([role, name]) => roles.has(role) ? [[name, true]] : []),
  );
}

export function rolesIn(disposition: Partial<TrackDisposition>): TrackRole[] {
  return IN_DISPOSITION.flatMap(([role, name]) => disposition[name] ? [role] : []);
}

export interface Mp4Roles {
  readonly roles: ReadonlySet<TrackRole>;
  /** Those that are not known here. */
  readonly others: readonly string[];
}

/** What the `kind` boxes of a track say (ISO/IEC 14496-12, 8.10.4). */
export function mp4Roles(trak: DataView): Mp4Roles {
  const roles = new Set<TrackRole>();
  const others: string[] = [];
  for (const kind of boxesAt(trak, "udta", "kind").take(MOST_KINDS)) {
    const [scheme = "", value = ""] = new TextDecoder().decode(bytesOf(kind).subarray(4)).split("\0");
    const role = [...DASH_ROLES].find(([, word]) => scheme === DASH_SCHEME && word === value)?.[0];
    if (role) roles.add(role);
    else if (scheme !== DASH_SCHEME || !PLAIN.has(value)) {
      others.push((value || scheme).slice(0, MOST_CHARACTERS));
    }
  }
  return { roles, others };
}

/** `kind` boxes for those that an MP4 has a word for. */
export function kindBoxes(roles: Iterable<TrackRole>): Uint8Array[] {
  return [...roles].flatMap((role) => {
    const word = DASH_ROLES.get(role);
    if (word === undefined) return [];
    return [box("kind", words(0), new TextEncoder().encode(`${DASH_SCHEME}\0${word}\0`))];
  });
}

export function hasMp4Kind(role: TrackRole): boolean {
  return DASH_ROLES.has(role);
}
