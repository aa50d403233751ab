/** What the tracks of the output are for: what of it a container can say, and what is lost. Pure. */
import { box, bytesOf, movieContents } from "../chunk/mp4_box_bytes.ts";
import { boxesAt, boxesIn } from "../chunk/mp4_boxes.ts";
import type { TrackLabels } from "../chunk/source_file.ts";
import type { SubtitleTrack } from "../chunk/subtitle_track.ts";
import { hasMp4Kind, kindBoxes, rolesIn, type TrackRole } from "../chunk/track_roles.ts";
import { type Container, reservesIndex } from "./output_container.ts";

/** Those that mediabunny (1.61) writes to Matroska for no track. */
const NOT_OF_MEDIA: ReadonlySet<TrackRole> = new Set(["text descriptions", "dub"]);

export function mediaRoles({ disposition, roles }: Pick<TrackLabels, "disposition" | "roles">): TrackRole[] {
  return [...new Set([...rolesIn(disposition), ...roles ?? []])];
}

/** Pictures or sound, whose role the muxer writes to Matroska. */
export function lostMediaRoles(container: Container, title: string, labels: TrackLabels): string[] {
  return lost(
    title,
    mediaRoles(labels),
    (role) => reservesIndex(container) ? hasMp4Kind(role) : !NOT_OF_MEDIA.has(role),
  );
}

export function lostSubtitleRoles(
  container: Container,
  { title, roles = new Set() }: SubtitleTrack,
): string[] {
  return lost(title, [...roles], (role) => !reservesIndex(container) || hasMp4Kind(role));
}

function lost(title: string, roles: readonly TrackRole[], isKept: (role: TrackRole) => boolean): string[] {
  return roles.filter((role) => !isKept(role)).map((role) => `the role "${role}" of ${title}`);
}

/**
 * @param moov Contents of a movie box as mediabunny writes it.
 * @param roles Of its tracks, in their order.
 * @returns Contents with `kind` boxes.
 */
export function withRoles(moov: DataView, roles: readonly (readonly TrackRole[])[]): DataView {
  if (roles.every((all) => kindBoxes(all).length === 0)) return moov;
  let track = 0;
  return movieContents(...[...boxesIn(moov)].map(({ type, view }) => {
    const kinds = type === "trak" ? kindBoxes(roles[track++] ?? []) : [];
    if (kinds.length === 0) return box(type, bytesOf(view));
    const others = [...boxesIn(view)].filter(({ type }) => type !== "udta");
    return box(
      type,
      ...others.map(({ type, view }) => box(type, bytesOf(view))),
      box("udta", ...[...boxesAt(view, "udta")].map(bytesOf), ...kinds),
    );
  }));
}
