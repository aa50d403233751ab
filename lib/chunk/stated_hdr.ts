/** What a container says of high-dynamic-range pictures, and how an MP4 says it. Pure. */
import { box, words } from "./mp4_box_bytes.ts";

/** x and y of the CIE 1931 diagram. */
type Point = readonly [x: number, y: number];

/** @see SMPTE ST 2086 and CTA-861.3. */
export interface StatedHdr {
  /** Of the display that the pictures were graded on. */
  readonly masteringDisplay?: {
    readonly red: Point;
    readonly green: Point;
    readonly blue: Point;
    readonly white: Point;
    /** Candelas per square metre. */
    readonly minLuminance: number;
    readonly maxLuminance: number;
  };
  /** Candelas per square metre, whole: of the brightest pixel, and of the brightest frame on average. */
  readonly contentLight?: { readonly max: number; readonly maxAverage: number };
}

/** Steps in 1 of a chromaticity, and of a luminance. */
const [CHROMATICITY_STEPS, LUMINANCE_STEPS] = [50_000, 10_000] as const;
/** As the older boxes of VP9 have them, binary fractions, the luminances each of its own. */
const [OLD_STEPS, OLD_MAX_STEPS, OLD_MIN_STEPS] = [2 ** 16, 2 ** 8, 2 ** 14] as const;
/** Version and flags, which the older boxes begin with. */
const FULL_BOX_BYTES = 4;
const [MDCV_BYTES, CLLI_BYTES] = [24, 4] as const;

/**
 * What a box among those of a sample description says.
 *
 * @returns Undefined where it is none of these; "unreadable": it is too short, or its numbers are of no display.
 * @see ISO/IEC 14496-12, 12.1.6 and 12.1.7 (mdcv, clli); VP Codec ISO Media File Format Binding, 1.0 (SmDm, CoLL).
 */
export function hdrInBox(type: string, view: DataView): StatedHdr | "unreadable" | undefined {
  const at = type === "SmDm" || type === "CoLL" ? FULL_BOX_BYTES : 0;
  switch (type) {
    case "mdcv":
    case "SmDm": {
      if (view.byteLength < at + MDCV_BYTES) return "unreadable";
      const isOld = type === "SmDm";
      const steps = isOld ? OLD_STEPS : CHROMATICITY_STEPS;
      const point = (index: number): Point => [
        view.getUint16(at + 4 * index) / steps,
        view.getUint16(at + 4 * index + 2) / steps,
      ];
      const [red, green, blue] = isOld ? [0, 1, 2] as const : [2, 0, 1] as const;
      const masteringDisplay = {
        ...{ red: point(red), green: point(green), blue: point(blue), white: point(3) },
        maxLuminance: view.getUint32(at + 16) / (isOld ? OLD_MAX_STEPS : LUMINANCE_STEPS),
        minLuminance: view.getUint32(at + 20) / (isOld ? OLD_MIN_STEPS : LUMINANCE_STEPS),
      };
      return isDisplay(masteringDisplay) ? { masteringDisplay } : "unreadable";
    }
    case "clli":
    case "CoLL":
      if (view.byteLength < at + CLLI_BYTES) return "unreadable";
      return { contentLight: { max: view.getUint16(at), maxAverage: view.getUint16(at + 2) } };
  }
  return undefined;
}

/** How it is called among other contents where it is unreadable. */
export const UNREADABLE_LIGHT = "mastering display and light level (of which numbers are missing or wrong)";

/** Whether there could be one of these numbers: encoders refuse others. */
export function isDisplay(
  { red, green, blue, white, minLuminance, maxLuminance }: NonNullable<StatedHdr["masteringDisplay"]>,
): boolean {
  const points = [red, green, blue, white];
  return points.every(([x, y]) => x >= 0 && x <= 1 && y > 0 && y <= 1) &&
    minLuminance >= 0 && maxLuminance > minLuminance && maxLuminance <= MOST_LUMINANCE;
}

/** The highest that PQ has. */
const MOST_LUMINANCE = 10_000;

/** The boxes for it in a sample description. */
export function hdrBoxes({ masteringDisplay, contentLight }: StatedHdr): Uint8Array[] {
  const boxes: Uint8Array[] = [];
  if (masteringDisplay) {
    const { red, green, blue, white, minLuminance, maxLuminance } = masteringDisplay;
    const points = [green, blue, red, white].map(([x, y]) =>
      (steps(x, CHROMATICITY_STEPS, 0xffff) << 16) | steps(y, CHROMATICITY_STEPS, 0xffff)
    );
    const luminances = [maxLuminance, minLuminance].map((value) =>
      steps(value, LUMINANCE_STEPS, 0xffff_ffff)
    );
    boxes.push(box("mdcv", words(...points, ...luminances)));
  }
  if (contentLight) {
    const { max, maxAverage } = contentLight;
    boxes.push(box("clli", words((steps(max, 1, 0xffff) << 16) | steps(maxAverage, 1, 0xffff))));
  }
  return boxes;
}

/** `value` as a whole number of steps, within what the box has room for. */
function steps(value: number, perUnit: number, most: number): number {
  return Math.min(most, Math.max(0, Math.round(value * perUnit)));
}
