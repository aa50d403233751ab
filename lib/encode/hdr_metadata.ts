/** What a high-dynamic-range picture says of the display it was graded on, as encoders want to hear it. Pure. */

/** x and y of the CIE 1931 diagram. */
export type Chromaticity = readonly [x: number, y: number];

/** @see SMPTE ST 2086 and CTA-861.3. */
export interface HdrMetadata {
  readonly masteringDisplay?: {
    readonly red: Chromaticity;
    readonly green: Chromaticity;
    readonly blue: Chromaticity;
    readonly white: Chromaticity;
    /** Candelas per square metre. */
    readonly minLuminance: number;
    readonly maxLuminance: number;
  };
  /** Candelas per square metre, whole: of the brightest pixel, and of the brightest frame on average. */
  readonly contentLight?: { readonly max: number; readonly maxAverage: number };
}

const RATIONAL_BYTES = 8;

/**
 * Reads FFmpeg's AVMasteringDisplayMetadata: red, green, blue and white as pairs of rationals, minimum and maximum
 * luminance, then two flags that say which of these are there.
 *
 * @returns Undefined if either part is missing: encoders take both or none.
 * @see libavutil/mastering_display_metadata.h
 */
export function readMasteringDisplay(bytes: Uint8Array): HdrMetadata["masteringDisplay"] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rational = (index: number) => {
    const at = index * RATIONAL_BYTES;
    return view.getInt32(at, true) / view.getInt32(at + 4, true);
  };
  const point = (index: number): Chromaticity => [rational(2 * index), rational(2 * index + 1)];
  const [hasPrimaries, hasLuminance] = [80, 84].map((at) => view.getInt32(at, true) !== 0);
  if (!hasPrimaries || !hasLuminance) return undefined;
  const [red, green, blue, white] = [point(0), point(1), point(2), point(3)];
  return { red, green, blue, white, minLuminance: rational(8), maxLuminance: rational(9) };
}

/** Reads FFmpeg's AVContentLightMetadata: two unsigned numbers. @see libavutil/mastering_display_metadata.h */
export function readContentLight(bytes: Uint8Array): HdrMetadata["contentLight"] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { max: view.getUint32(0, true), maxAverage: view.getUint32(4, true) };
}

/** As x264 and x265 take it: chromaticity in steps of 0.00002, luminance in steps of 0.0001. */
export function masteringDisplayInSteps(
  { red, green, blue, white, minLuminance, maxLuminance }: NonNullable<HdrMetadata["masteringDisplay"]>,
): string {
  const point = (name: string, [x, y]: Chromaticity) =>
    `${name}(${Math.round(x * 50_000)},${Math.round(y * 50_000)})`;
  const luminance = `L(${Math.round(maxLuminance * 10_000)},${Math.round(minLuminance * 10_000)})`;
  return [point("G", green), point("B", blue), point("R", red), point("WP", white), luminance].join("");
}

/** As SVT-AV1 takes it: plain numbers. */
export function masteringDisplayInUnits(
  { red, green, blue, white, minLuminance, maxLuminance }: NonNullable<HdrMetadata["masteringDisplay"]>,
): string {
  const point = (name: string, [x, y]: Chromaticity) => `${name}(${x.toFixed(5)},${y.toFixed(5)})`;
  const luminance = `L(${maxLuminance.toFixed(4)},${minLuminance.toFixed(4)})`;
  return [point("G", green), point("B", blue), point("R", red), point("WP", white), luminance].join("");
}
