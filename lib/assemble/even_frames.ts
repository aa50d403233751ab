/** How long each frame is shown, where all are shown equally long: pure. */

/** Of Matroska's times. */
const MILLISECOND = 0.001;
/** Of the rounding of divisions. */
const EPSILON_SECONDS = 1e-9;

/**
 * @param shownTicks When the frames are shown, ascending; one before 0 is shown from 0 on.
 * @returns Seconds, of a usual frame rate where that gives these times; undefined: the frames are not evenly spaced,
 * even if a millisecond does not count.
 */
export function evenFrameSeconds(shownTicks: Float64Array, timescale: number): number | undefined {
  const count = shownTicks.length;
  if (count < 2) return undefined;
  const at = (index: number) => Math.max(0, shownTicks[index]!) / timescale;
  const mean = (at(count - 1) - at(0)) / (count - 1);
  if (!(mean > 0)) return undefined;
  const fits = (seconds: number, roundingSeconds: number): boolean => {
    let [earliest, latest] = [Infinity, -Infinity];
    for (let index = 0; index < count; index++) {
      const off = at(index) - index * seconds;
      [earliest, latest] = [Math.min(earliest, off), Math.max(latest, off)];
    }
    return latest - earliest <= roundingSeconds + EPSILON_SECONDS;
  };
  for (const roundingSeconds of [Math.min(1 / timescale, MILLISECOND), MILLISECOND]) {
    const found = [...usualNear(mean), mean].find((seconds) => fits(seconds, roundingSeconds));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Of a whole number of frames a second, and of as many in 1.001 seconds, the nearer first. */
function usualNear(seconds: number): number[] {
  return [1000, 1001].map((unit) => unit / (1000 * Math.max(1, Math.round(unit / 1000 / seconds))))
    .toSorted((a, b) => Math.abs(a - seconds) - Math.abs(b - seconds));
}
