/** Tracks of one Matroska file in another. */
import type { Output } from "mediabunny";
import { elementsIn } from "../chunk/ebml.ts";
import { concatenated, element } from "./ebml_bytes.ts";
import { addBlockTrack, type BlockTrack } from "./matroska_blocks.ts";
import { type CarriedTrack, storedPackets } from "./stored_tracks.ts";

/** RFC 9559, 5.1.4.1. */
const [TRACK_NUMBER, TRACK_UID] = [0xd7, 0x73c5] as const;
/** What speaks of other parts of its file: TrackOverlay, TrackOperation, AttachmentLink; CRC-32 and Void. */
const OF_ITS_FILE: ReadonlySet<number> = new Set([TRACK_NUMBER, TRACK_UID, 0x6fab, 0xe2, 0x7446, 0xbf, 0xec]);

/** Adds one to an output that has not started. */
export function addStoredTrack(
  output: Output,
  carried: CarriedTrack,
  { endSeconds }: { readonly endSeconds: number },
): BlockTrack {
  const elements = (number: number) =>
    concatenated([
      element(TRACK_NUMBER, number),
      element(TRACK_UID, number),
      ...[...elementsIn(carried.track.entry)].flatMap(({ id, bytes }) =>
        OF_ITS_FILE.has(id) ? [] : [element(id, bytes)]
      ),
    ]);
  return addBlockTrack(output, elements, storedPackets(carried, endSeconds));
}
