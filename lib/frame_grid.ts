/** Frames at even distances, as a converted video has them: exact, whatever the rate and the clock. Pure. */

/** Frames a second as a fraction of positive whole numbers, such as 30000/1001. */
export interface FrameRate {
  readonly num: number;
  readonly den: number;
}

export function greatestCommonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/** The same rate in the lowest terms. */
export function reducedRate({ num, den }: FrameRate): FrameRate {
  const divisor = greatestCommonDivisor(num, den);
  return { num: num / divisor, den: den / divisor };
}

/** Frame k is shown k / `rate` after the origin, from 0 on. */
export interface FrameGrid {
  readonly rate: FrameRate;
  /** When frame 0 is shown, in ticks of a clock of `timescale` a second. */
  readonly originTicks: number;
  readonly timescale: number;
}

/** The first frame of the grid that is shown at `ticks` or later. */
export function firstGridFrame(grid: FrameGrid, ticks: number): number {
  const steps = BigInt(ticks - grid.originTicks) * BigInt(grid.rate.num);
  const frame = ceilDivide(steps, stepsAFrame(grid));
  return Math.max(0, Number(frame));
}

/** A time as a fraction of the distance between two frames of a grid. */
export interface GridOffset {
  /** 0 or more: less than a whole distance, unless the grid begins later. */
  readonly steps: number;
  /** Steps from one frame to the next; a tick is `rate.num` steps. */
  readonly stepsAFrame: number;
}

/** How far after `ticks` the first frame of the grid at or after it is shown. */
export function gridOffset(grid: FrameGrid, ticks: number): GridOffset {
  const frame = BigInt(firstGridFrame(grid, ticks));
  const steps = BigInt(grid.originTicks - ticks) * BigInt(grid.rate.num) + frame * stepsAFrame(grid);
  return { steps: Number(steps), stepsAFrame: Number(stepsAFrame(grid)) };
}

function stepsAFrame({ rate, timescale }: FrameGrid): bigint {
  return BigInt(rate.den) * BigInt(timescale);
}

function ceilDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor; // towards 0
  return dividend > 0n && quotient * divisor !== dividend ? quotient + 1n : quotient;
}
