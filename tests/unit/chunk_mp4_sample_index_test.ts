import { assert, assertEquals } from "@std/assert";
import { box, words } from "../../lib/chunk/mp4_box_bytes.ts";
import { sampleIndexOf } from "../../lib/chunk/mp4_sample_index.ts";

const TIMESCALE = 15_360;
const [MOVIE_TIMESCALE, FILE_BYTES] = [1_000, 10_000];
/** Of decoding. */
const DELTAS = [512, 512, 512, 1024, 512];
/** From decoding to showing: after 1,024 ticks, at 0, 1536, 512, 2560 and 2048. */
const OFFSETS = [1024, 2048, 512, 2048, 512];
/** The fourth until all deltas are over, which is not its own. */
const DURATIONS = [512, 512, 1024, 512, 512];

interface Track {
  readonly deltas: readonly number[];
  readonly offsets?: readonly number[];
  /** In ticks of the movie, and where it begins in the media. */
  readonly edits?: readonly (readonly [durationTicks: number, mediaTicks: number])[];
}

function durations({ deltas, offsets, edits = [] }: Track, isSound = false): number[] {
  const count = deltas.length;
  const elst = box("elst", words(0, edits.length, ...edits.flatMap((edit) => [...edit, 0x10000])));
  const stbl = box(
    "stbl",
    box("stts", words(0, count, ...deltas.flatMap((ticks) => [1, ticks]))),
    ...(offsets ? [box("ctts", words(0, count, ...offsets.flatMap((ticks) => [1, ticks])))] : []),
    box("stsz", words(0, 0, count, ...deltas.map(() => 10))),
    box("stsc", words(0, 1, 1, count, 1)),
    box("stco", words(0, 1, 100)),
  );
  const mdhd = box("mdhd", words(0, 0, 0, TIMESCALE, 0, 0));
  const bytes = new Uint8Array([...box("edts", elst), ...box("mdia", mdhd, box("minf", stbl))]);
  const options = { movieTimescale: MOVIE_TIMESCALE, fileBytes: FILE_BYTES, isSound };
  const index = sampleIndexOf(new DataView(bytes.buffer), options);
  assert(typeof index === "object", String(index));
  return [...index.durationTicks];
}

const REORDERED = { deltas: DELTAS, offsets: OFFSETS };
const START = 1_024;

Deno.test("sampleIndexOf() shows each picture until the next, the last until the media's end", () => {
  assertEquals(durations(REORDERED), DURATIONS);
});

for (
  const [what, edits, lastTicks] of [
    ["an edit list of the media's length", [[200, START]], 512],
    ["an edit list that ends early", [[190, START]], 358],
    ["an edit list that ends early behind a pause", [[100, -1], [190, START]], 358],
    ["an edit list that ends before it", [[100, START]], 512],
    ["an edit list to the end", [[0, START]], 512],
    ["an edit list that claims more than there is", [[60_000, START]], 512],
    ["an edit list whose clock is coarser", [[201, START]], 512],
  ] as const
) {
  Deno.test(`sampleIndexOf() tells how long the last picture is shown with ${what}`, () => {
    assertEquals(durations({ ...REORDERED, edits })[3], lastTicks);
  });
}

Deno.test("sampleIndexOf() takes the last picture's own delta where neither end is after it", () => {
  // As where the rate falls at the end: the deltas are those of the pictures before.
  const falling = { deltas: [512, 512, 512, 512], offsets: [1024, 2048, 512, 9216] };
  assertEquals(durations(falling).at(-1), 512);
});

Deno.test("sampleIndexOf() believes an edit list whose end is between the media's and the delta's", () => {
  const edits = [[220, START]] as const;
  assertEquals(durations({ ...REORDERED, edits })[3], 819);
});

Deno.test("sampleIndexOf() leaves pictures in order, and sound, as long as their deltas are", () => {
  assertEquals(durations({ deltas: DELTAS }), DELTAS);
  assertEquals(durations({ deltas: DELTAS, edits: [[190, 0]] }, true), DELTAS);
});
