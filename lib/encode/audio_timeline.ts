/** Where decoded sound goes on the way to its encoder, which knows no gaps: pure. */

/** Of a piece of sound, in samples. */
export interface SoundPiece {
  readonly start: number;
  readonly length: number;
}

/** What is to be done before a piece can follow what came before it. */
export interface Placement {
  /** Samples of silence to put in front of it. */
  readonly silence: number;
  /** Samples to leave out at its start; all of its length where nothing of it is heard. */
  readonly skip: number;
}

/** The times of a piece make no sense. */
export class SoundTimeError extends Error {
  override readonly name = "SoundTimeError";
}

/** Clocks of a millisecond round by half of one; half a frame of AAC is twice this. */
const TOLERANCE_SECONDS = 0.01;
/** Sound that goes back by more is not an overlap but another recording. */
const MAX_OVERLAP_SECONDS = 1;
/** A longer pause is no pause but a broken clock. */
const MAX_SILENCE_SECONDS = 24 * 3600;

/**
 * Keeps sound at its times: a gap becomes silence, an overlap is heard once, and nothing is heard before time 0,
 * where a player starts. Times may be off by {@link TOLERANCE_SECONDS}, never by more, however long the track.
 *
 * @param end Where what came before ends, undefined at the start.
 * @throws {SoundTimeError} If times go back, or leap.
 */
export function placeSound(
  { start, length }: SoundPiece,
  end: number | undefined,
  sampleRate: number,
): Placement {
  if (end === undefined) return { silence: 0, skip: Math.min(length, Math.max(0, -start)) };
  const gap = start - end;
  if (Math.abs(gap) <= TOLERANCE_SECONDS * sampleRate) return { silence: 0, skip: 0 };
  const seconds = Math.abs(gap) / sampleRate;
  const at = `${(end / sampleRate).toFixed(3)} s`;
  if (gap > 0) {
    if (seconds <= MAX_SILENCE_SECONDS) return { silence: gap, skip: 0 };
    throw new SoundTimeError(`its times leap by ${seconds.toFixed(0)} s at ${at}`);
  }
  if (seconds <= MAX_OVERLAP_SECONDS) return { silence: 0, skip: Math.min(length, -gap) };
  throw new SoundTimeError(`its times go back by ${seconds.toFixed(1)} s at ${at}`);
}
