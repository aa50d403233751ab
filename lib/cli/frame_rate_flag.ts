/** The flag by which a command asks for another frame rate. */
import { LIMITS } from "../encode/settings.ts";
import { type FrameRate, reducedRate } from "../frame_grid.ts";
import { UsageError } from "./usage_error.ts";

export const FRAME_RATE_FLAG = {
  fps: {
    kind: "string",
    valueName: "RATE",
    defaultText: "every frame keeps its time",
    help:
      "Frames a second to convert to, such as 24, 29.97 or 30000/1001, by repeating frames and leaving some out.",
  },
} as const;

/**
 * A whole number, a fraction, or a decimal number. A decimal that television rounds to, such as 29.97 or 23.976,
 * stands for the fraction of 1001 that it means.
 *
 * @throws {UsageError} If it is none of them, or out of range.
 */
export function readFrameRate(text: string): FrameRate {
  const rate = readFraction(text) ?? readDecimal(text);
  const [slowest, fastest] = LIMITS.framesPerSecond;
  const [, largest] = LIMITS.frameRatePart;
  const isInRange = rate && rate.num / rate.den >= slowest && rate.num / rate.den <= fastest;
  if (isInRange && rate.num <= largest && rate.den <= largest) return rate;
  throw new UsageError(
    `--fps must be frames a second from ${slowest} to ${fastest}, such as 24, 29.97 or 30000/1001, ` +
      `not ${JSON.stringify(text)}`,
  );
}

function readFraction(text: string): FrameRate | undefined {
  const [, num, den] = /^(\d{1,9})\/(\d{1,9})$/.exec(text) ?? [];
  return num === undefined || Number(den) === 0
    ? undefined
    : reducedRate({ num: Number(num), den: Number(den) });
}

function readDecimal(text: string): FrameRate | undefined {
  const [, whole, decimals = ""] = /^(\d{1,4})(?:\.(\d{1,6}))?$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const television = Math.ceil(Number(text));
  const isTelevision = decimals.length >= 2 && (television % 24 === 0 || television % 15 === 0) &&
    (television * 1000 / 1001).toFixed(decimals.length) === text;
  if (isTelevision) return { num: television * 1000, den: 1001 };
  const den = 10 ** decimals.length;
  return reducedRate({ num: Math.round(Number(text) * den), den });
}
