/** Tracks of a Matroska source that go into another Matroska file as they are stored. */
import type { EncodedPacket, Output } from "mediabunny";
import { elementsIn } from "../chunk/ebml.ts";
import type { SampleIndex } from "../chunk/sample_index.ts";
import type { StoredTrack } from "../chunk/stored_track.ts";
import { concatenated, element } from "./ebml_bytes.ts";
import { addBlockTrack, type BlockTrack } from "./matroska_blocks.ts";
import { MOST_LATE_SECONDS } from "./sound_bounds.ts";

/** One that can go into the output. */
export interface CarriedTrack {
  readonly track: StoredTrack;
  readonly index: SampleIndex;
  readonly startSeconds: number;
}

/** RFC 9559, 5.1.4.1. */
const [TRACK_NUMBER, TRACK_UID] = [0xd7, 0x73c5] as const;
/** What speaks of other parts of its file: TrackOverlay, TrackOperation, AttachmentLink; CRC-32 and Void. */
const OF_ITS_FILE: ReadonlySet<number> = new Set([TRACK_NUMBER, TRACK_UID, 0x6fab, 0xe2, 0x7446, 0xbf, 0xec]);
/** More is in no block of sound or of subtitles. */
const MAX_BLOCK_BYTES = 16 * 1024 * 1024;

/**
 * Undefined: it has no blocks, or they are not where and when blocks can be.
 *
 * @param endSeconds When the video ends.
 */
export async function carried(track: StoredTrack, endSeconds: number): Promise<CarriedTrack | undefined> {
  const index = await track.readIndex();
  if (!index || index.length === 0 || index.displayOrder) return undefined;
  if (index.sizesBytes.some((bytes) => bytes > MAX_BLOCK_BYTES)) return undefined;
  const secondsOf = (ticks: number) => ticks / index.timescale - track.delaySeconds;
  const startSeconds = secondsOf(index.ticks[0]!);
  const isLate = secondsOf(index.ticks.at(-1)!) > endSeconds + MOST_LATE_SECONDS;
  return isLate ? undefined : { track, index, startSeconds: Math.max(0, startSeconds) };
}

/** Adds it to an output that has not started. */
export function addStoredTrack(
  output: Output,
  { track, index }: CarriedTrack,
  { endSeconds }: { readonly endSeconds: number },
): BlockTrack {
  const elements = (number: number) =>
    concatenated([
      element(TRACK_NUMBER, number),
      element(TRACK_UID, number),
      ...[...elementsIn(track.entry)].flatMap(({ id, bytes }) =>
        OF_ITS_FILE.has(id) ? [] : [element(id, bytes)]
      ),
    ]);
  return addBlockTrack(output, elements, packets(track, index, endSeconds));
}

async function* packets(
  track: StoredTrack,
  index: SampleIndex,
  endSeconds: number,
): AsyncGenerator<EncodedPacket, void, undefined> {
  for await (const packet of track.packets(index)) {
    const timestamp = Math.max(0, packet.timestamp - track.delaySeconds);
    // A broken length would make the file as long.
    const duration = Math.min(packet.duration, Math.max(0, endSeconds - timestamp) + LATE_SECONDS);
    yield packet.clone({ timestamp, duration });
  }
}

/** For a block that is shown up to the end of the video, or after it. */
const LATE_SECONDS = 10;
