import { assertEquals } from "@std/assert";
import {
  masteringDisplayInSteps,
  masteringDisplayInUnits,
  readContentLight,
  readMasteringDisplay,
} from "../../lib/encode/hdr_metadata.ts";

const DISPLAY = {
  red: [0.68, 0.32],
  green: [0.265, 0.69],
  blue: [0.15, 0.06],
  white: [0.3127, 0.329],
  minLuminance: 0.005,
  maxLuminance: 1000,
} as const;

/** As FFmpeg lays it out in memory. */
function struct(rationals: readonly (readonly [number, number])[], flags: readonly number[]): Uint8Array {
  return new Uint8Array(new Int32Array([...rationals.flat(), ...flags]).buffer);
}

const RATIONALS = [
  [34_000, 50_000],
  [16_000, 50_000],
  [13_250, 50_000],
  [34_500, 50_000],
  [7_500, 50_000],
  [3_000, 50_000],
  [15_635, 50_000],
  [16_450, 50_000],
  [50, 10_000],
  [10_000_000, 10_000],
] as const;

Deno.test("readMasteringDisplay() reads primaries, white point and luminance", () => {
  assertEquals(readMasteringDisplay(struct(RATIONALS, [1, 1])), DISPLAY);
});

Deno.test("readMasteringDisplay() gives nothing where a part is missing", () => {
  assertEquals(readMasteringDisplay(struct(RATIONALS, [0, 1])), undefined);
  assertEquals(readMasteringDisplay(struct(RATIONALS, [1, 0])), undefined);
});

Deno.test("readContentLight() reads both levels", () => {
  assertEquals(readContentLight(new Uint8Array(new Uint32Array([1000, 400]).buffer)), {
    max: 1000,
    maxAverage: 400,
  });
});

Deno.test("a mastering display is told in the steps of x265, and in plain numbers to SVT-AV1", () => {
  assertEquals(
    masteringDisplayInSteps(DISPLAY),
    "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)",
  );
  assertEquals(
    masteringDisplayInUnits(DISPLAY),
    "G(0.26500,0.69000)B(0.15000,0.06000)R(0.68000,0.32000)WP(0.31270,0.32900)L(1000.0000,0.0050)",
  );
});
