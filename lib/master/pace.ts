/** How far a job is, how fast, and how long it will take: pure. */

export interface Pace {
  /** Frames encoded a second. */
  readonly fps: number;
  /** Seconds of video encoded a second. */
  readonly speed: number;
  readonly etaSeconds: number;
}

export interface Progress {
  readonly frames: number;
  readonly framesDone: number;
  readonly durationSeconds: number;
}

/** What was encoded in how long, reused frames not counted. */
export interface Span {
  readonly encodedFrames: number;
  readonly elapsedMs: number;
}

/** Undefined until something was encoded, since nothing can be said before. */
export function paceOf(
  { frames, framesDone, durationSeconds }: Progress,
  { encodedFrames, elapsedMs }: Span,
): Pace | undefined {
  if (encodedFrames <= 0 || elapsedMs <= 0 || frames <= 0) return undefined;
  const fps = encodedFrames / (elapsedMs / 1000);
  return { fps, speed: fps * durationSeconds / frames, etaSeconds: (frames - framesDone) / fps };
}

/** What is left for putting the chunks together, which is seldom longer. */
const LAST_PERCENT = 1;

/** 0 to 100; 100 only where `state` says that it is completed. */
export function percentDone(
  { state, frames, framesDone }: Pick<Progress, "frames" | "framesDone"> & { readonly state: string },
): number {
  if (state === "completed") return 100;
  if (frames === 0) return 0;
  return Math.min(framesDone / frames, 1) * (100 - LAST_PERCENT);
}
