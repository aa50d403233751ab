import { assert, assertEquals, assertRejects } from "@std/assert";
import * as fc from "fast-check";
import { planSource, readSegment } from "../../lib/chunk/keyframe_segments.ts";
import { SourceError } from "../../lib/chunk/source_error.ts";
import { openSourceBytes } from "../../lib/chunk/source_file.ts";
import { evenPackets, syntheticVideo } from "./chunk_synthetic_video.ts";

/** Reads all there is; damage may show, or not, but as nothing else than a SourceError. */
async function readThrough(bytes: Uint8Array): Promise<"read" | "refused"> {
  try {
    using source = await openSourceBytes("video", bytes);
    const plan = await planSource(source, { kind: "seconds", seconds: 1 });
    for (const { index } of plan.segments) await readSegment(source, plan, index);
    return "read";
  } catch (error) {
    if (error instanceof SourceError) return "refused";
    throw error;
  }
}

/** What befalls a file, each at a part of its length. */
const damage = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  kind: fc.oneof(
    fc.record({ name: fc.constant("bit" as const), bit: fc.nat({ max: 7 }) }),
    fc.record({ name: fc.constant("byte" as const), value: fc.nat({ max: 255 }) }),
    fc.record({ name: fc.constant("zeros" as const), count: fc.integer({ min: 1, max: 300 }) }),
    fc.record({ name: fc.constant("ones" as const), count: fc.integer({ min: 1, max: 8 }) }),
  ),
});

function damaged(
  whole: Uint8Array,
  damages: readonly (typeof damage extends fc.Arbitrary<infer T> ? T : never)[],
): Uint8Array {
  const bytes = whole.slice();
  for (const { at, kind } of damages) {
    const position = Math.floor(at * bytes.length);
    if (kind.name === "bit") bytes[position] = bytes[position]! ^ (1 << kind.bit);
    else if (kind.name === "byte") bytes[position] = kind.value;
    else bytes.fill(kind.name === "zeros" ? 0 : 0xff, position, position + kind.count);
  }
  return bytes;
}

for (const container of ["mp4", "fragmented", "mov", "mkv"] as const) {
  Deno.test(`a damaged ${container} file is read or refused with a SourceError`, async () => {
    const packets = evenPackets(60, 10);
    const whole = await syntheticVideo({ packets, timescale: 25, container, audioSeconds: [0, 0.5, 1] });
    assert(await readThrough(whole) === "read");
    const cut = fc.oneof(
      { weight: 5, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 5 }), cut, async (damages, part) => {
        const bytes = damaged(whole, damages);
        await readThrough(part === null ? bytes : bytes.subarray(0, Math.floor(part * bytes.length)));
      }),
      { numRuns: 300 },
    );
  });
}

Deno.test("a Matroska file that is junk from some element on is not searched for ever", async () => {
  const packets = evenPackets(20, 10);
  const whole = await syntheticVideo({ packets, timescale: 25, container: "mkv" });
  const tracks = indexOf(whole, [0x16, 0x54, 0xae, 0x6b]);
  for (const junk of [0, 0x01, 0x55, 0xff]) {
    assert(await readThrough(whole.slice().fill(junk, tracks)) === "refused");
  }
  // Elements that the search finds, and whose sizes cannot be read.
  for (const id of [[0x16, 0x54, 0xae, 0x6b], [0x1f, 0x43, 0xb6, 0x75]]) {
    const bytes = whole.slice();
    bytes[indexOf(bytes, id) + id.length] = 0;
    await readThrough(bytes);
  }
});

function indexOf(bytes: Uint8Array, wanted: readonly number[]): number {
  const at = bytes.findIndex((_, start) => wanted.every((byte, index) => bytes[start + index] === byte));
  assert(at >= 0);
  return at;
}

Deno.test("a picture that claims 30,000 x 30,000 pixels is refused, and its size said", async () => {
  const bytes = await syntheticVideo({ packets: evenPackets(4, 2), timescale: 25 });
  const entry = new TextDecoder("latin1").decode(bytes).lastIndexOf("avc1");
  const view = new DataView(bytes.buffer);
  for (const [side, offset] of [30_000, 30_000].map((side, i) => [side, entry + 28 + 2 * i] as const)) {
    view.setUint16(offset, side);
  }
  const error = await assertRejects(
    () => openSourceBytes("video", bytes),
    SourceError,
    "30000 x 30000 pixels",
  );
  assertEquals(error.reason, "damaged");
});

Deno.test("a table that claims more samples than the file has bytes is refused, and named", async () => {
  const bytes = await syntheticVideo({ packets: evenPackets(4, 2), timescale: 25 });
  const table = new TextDecoder("latin1").decode(bytes).lastIndexOf("stsz");
  const view = new DataView(bytes.buffer);
  view.setUint32(table + 8, 1);
  view.setUint32(table + 12, 0xffff_ffff);
  await assertRejects(() => openSourceBytes("video", bytes), SourceError, '"stsz" table claims 4294967295');
});
