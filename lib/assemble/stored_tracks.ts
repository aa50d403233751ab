/** Tracks of a source that go into another file of its kind as they are stored. */
import type { EncodedPacket } from "mediabunny";
import type { SampleIndex } from "../chunk/sample_index.ts";
import type { StoredKind, StoredTrack } from "../chunk/stored_track.ts";
import type { Container } from "./output_container.ts";
import { MOST_LATE_SECONDS } from "./sound_bounds.ts";

/** One that can go into the output. */
export interface CarriedTrack {
  readonly track: StoredTrack;
  readonly index: SampleIndex;
  readonly startSeconds: number;
}

const KINDS: Readonly<Record<Container, readonly StoredKind[]>> = {
  mp4: ["mp4"],
  mov: ["mp4", "mov"],
  mkv: ["matroska"],
  webm: [],
};
/** More is in no block or sample of sound, of subtitles or of telemetry. */
const MAX_BLOCK_BYTES = 16 * 1024 * 1024;

/**
 * Undefined: the container is of another kind, or the track has no blocks, or not where and when blocks can be.
 *
 * @param endSeconds When the video ends.
 */
export async function carried(
  track: StoredTrack,
  container: Container,
  endSeconds: number,
): Promise<CarriedTrack | undefined> {
  if (!KINDS[container].includes(track.kind)) return undefined;
  const index = await track.readIndex();
  if (!index || index.length === 0 || index.displayOrder) return undefined;
  if (index.sizesBytes.some((bytes) => bytes > MAX_BLOCK_BYTES)) return undefined;
  const secondsOf = (ticks: number) => ticks / index.timescale - track.delaySeconds;
  const startSeconds = secondsOf(index.ticks[0]!);
  const isLate = secondsOf(index.ticks.at(-1)!) > endSeconds + MOST_LATE_SECONDS;
  return isLate ? undefined : { track, index, startSeconds: Math.max(0, startSeconds) };
}

/** Its blocks at the times of the output. */
export async function* storedPackets(
  { track, index }: CarriedTrack,
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
