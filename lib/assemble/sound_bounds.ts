/** How far sound may leave the video, and how much silence may be made: else one wrong time decides an output's size. */
import type { EncodedPacket } from "mediabunny";
import { packetForm } from "../chunk/mp4_packet_form.ts";
import { SourceError } from "../chunk/source_error.ts";
import type { AudioFacts, SourceFile } from "../chunk/source_file.ts";
import { frameSeconds } from "./audio_frame_length.ts";

/** When the video is shown. */
export interface VideoTimes {
  readonly startSeconds: number;
  readonly endSeconds: number;
}

export interface SoundBounds {
  readonly video: VideoTimes;
  /** How the output has a gap: as a time without packets, or as silence, encoded or as samples of their own. */
  readonly gaps: "times" | "encoded" | "samples";
}

type BoundedSound = Pick<AudioFacts, "codec" | "decoderConfig" | "title">;

/** Sound or text may go on after the pictures: over a still one for hours. No packet of this video begins later. */
export const MOST_LATE_SECONDS = 24 * 3600;
/** That much silence there may be beside any video, and as much as the video is long. */
const LEAST_SILENCE_SECONDS = 3600;
/** Beside none there is more, however long it is. */
const MOST_SILENCE_SECONDS = 24 * 3600;
/** As samples; three hours of 16 bits in stereo at 48 kHz. */
const MOST_SILENCE_BYTES = 2 * 1024 ** 3;
/** Less than that is a coarse clock's doing. */
const LEAST_GAP_SECONDS = 0.01;
/**
 * A packet may hold as much, though it may also end where the next one begins, whatever lies between: twice what
 * its codec tells for some kinds of AAC; the most of FLAC, where nothing is told.
 */
const LONGEST_PACKET_SECONDS = { told: 0.5, untold: 10 } as const;

/**
 * The packets as they come, as long as they keep within bounds.
 *
 * @param packets Of `audio`, in decode order, at the times at which they are heard; without data, longer ones count.
 * @throws {SourceError} If one begins long after the video, or there would be too much silence; naming the track.
 */
export async function* withinBounds(
  packets: AsyncIterable<EncodedPacket>,
  source: Pick<SourceFile, "path">,
  audio: BoundedSound,
  { video, gaps }: SoundBounds,
): AsyncGenerator<EncodedPacket, void, undefined> {
  const mostSilence = mostSilenceSeconds(audio, video, gaps);
  let reached: number | undefined;
  let silence = 0;
  for await (const packet of packets) {
    const { timestamp } = packet;
    const late = timestamp - video.endSeconds;
    if (late > MOST_LATE_SECONDS) {
      const words = `its ${audio.title} goes on ${
        late.toFixed(0)
      } s after the video's end, as a wrong time would`;
      throw new SourceError("damaged", source.path, words);
    }
    const gap = timestamp - (reached ?? timestamp);
    if (gap > LEAST_GAP_SECONDS) silence += gap;
    if (silence > mostSilence) {
      const most = `in which no more than ${Math.floor(mostSilence)} s can be filled with silence`;
      const words = `its ${audio.title} has gaps of ${silence.toFixed(0)} s by ${
        timestamp.toFixed(3)
      } s, ${most}`;
      throw new SourceError("unsupported", source.path, words);
    }
    const start = Math.abs(gap) <= LEAST_GAP_SECONDS ? timestamp - gap : timestamp;
    reached = Math.max(reached ?? -Infinity, start + soundSeconds(audio, packet));
    yield packet;
  }
}

function mostSilenceSeconds(
  { codec, decoderConfig }: BoundedSound,
  { startSeconds, endSeconds }: VideoTimes,
  gaps: SoundBounds["gaps"],
): number {
  if (gaps === "times") return Infinity;
  const longest = Math.min(Math.max(endSeconds - startSeconds, LEAST_SILENCE_SECONDS), MOST_SILENCE_SECONDS);
  const form = packetForm({ ...decoderConfig, codec: codec ?? "" });
  if (gaps === "encoded" || form.kind !== "pcm") return longest;
  return Math.min(longest, MOST_SILENCE_BYTES / (form.sampleBytes * form.sampleRate));
}

function soundSeconds(
  audio: BoundedSound,
  { data, byteLength, duration, isMetadataOnly }: EncodedPacket,
): number {
  const told = frameSeconds(audio, isMetadataOnly ? new Uint8Array() : data, byteLength);
  if (told === undefined) return Math.min(duration, LONGEST_PACKET_SECONDS.untold);
  const isExact = packetForm({ codec: audio.codec ?? "" }).kind === "pcm";
  return isExact ? told : Math.max(told, Math.min(duration, LONGEST_PACKET_SECONDS.told));
}
