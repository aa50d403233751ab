/** What a container says of a track for people and players. */
import type { InputAudioTrack, InputVideoTrack, TrackDisposition } from "mediabunny";
import type { StreamLabels } from "./container_outline.ts";
import { asDisposition, type TrackRole } from "./track_roles.ts";

export interface TrackLabels {
  /** ISO 639-2, `und` where it is not known. */
  readonly languageCode: string;
  readonly name: string | undefined;
  readonly disposition: TrackDisposition;
  /** What the track is for; those of which the disposition knows are in it as well. */
  readonly roles?: ReadonlySet<TrackRole> | undefined;
}

/** @param stated What the demuxer does not tell; absent: it tells all that the container says. */
export async function labelsOf(
  track: InputVideoTrack | InputAudioTrack,
  stated: StreamLabels | undefined,
  roles?: ReadonlySet<TrackRole>,
): Promise<TrackLabels> {
  const languageCode = await track.getLanguageCode();
  const disposition = await track.getDisposition();
  return {
    languageCode: languageCode === "und" ? stated?.languageCode ?? languageCode : languageCode,
    name: await track.getName() ?? undefined,
    // Such a container has no default track: players take the first.
    disposition: stated
      ? { ...disposition, ...stated.disposition, default: track.number === 1 }
      : { ...disposition, ...roles && asDisposition(roles) },
    roles,
  };
}
