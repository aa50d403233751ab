import { assert, assertEquals, assertRejects } from "@std/assert";
import * as fc from "fast-check";
import { planSource, readSegment, segmentChunks, type VideoPlan } from "../../lib/chunk/keyframe_segments.ts";
import type { PacketRow } from "../../lib/chunk/packet_table.ts";
import { openSourceBytes, type SourceFile } from "../../lib/chunk/source_file.ts";
import { SourceError } from "../../lib/chunk/source_error.ts";
import { randomVideo } from "./chunk_random_gops.ts";
import { evenPackets, readPackets, syntheticVideo } from "./chunk_synthetic_video.ts";

const EVERY_KEYFRAME = { kind: "bytes", bytes: 1 } as const;

/** What a segment's chunk is to hold, in decode order. */
function expectedChunk(
  rows: readonly PacketRow[],
  { firstPacket, endPacket, startTicks }: VideoPlan["segments"][0],
) {
  return rows
    .map(({ ticks, key }, number) => ({ number, ticks: ticks - startTicks, key }))
    .slice(firstPacket, endPacket)
    .filter(({ ticks }) => ticks >= 0);
}

for (const container of ["mp4", "fragmented"] as const) {
  Deno.test(`segmentChunks() carries every packet of any ${container} video at its tick, counted from the segment's start`, async () => {
    await fc.assert(
      fc.asyncProperty(randomVideo, fc.integer({ min: 1, max: 200 }), async (rows, bytes) => {
        const timescale = 30_000;
        using source = await openSourceBytes(
          "video",
          await syntheticVideo({ packets: rows, timescale, container }),
        );
        const plan = await planSource(source, { kind: "bytes", bytes });
        assertEquals([...plan.shownTicks], rows.map(({ ticks }) => ticks).sort((a, b) => a - b));
        for await (const { segment, bytes } of segmentChunks(source, plan)) {
          using chunk = await openSourceBytes("chunk", bytes);
          assertEquals(chunk.video.timescale, timescale);
          assertEquals(await readPackets(chunk), expectedChunk(rows, segment));
        }
      }),
      { numRuns: 40 },
    );
  });
}

async function openEven(): Promise<SourceFile> {
  return await openSourceBytes(
    "even",
    await syntheticVideo({ packets: evenPackets(40, 4, 1001), timescale: 30_000 }),
  );
}

Deno.test("segmentChunks() gives the same bytes whenever a segment is read, alone or in its turn", async () => {
  using source = await openEven();
  const plan = await planSource(source, EVERY_KEYFRAME);
  const inTurn = await Array.fromAsync(segmentChunks(source, plan));
  assertEquals(inTurn.length, 10);
  for (const index of [7, 0, 9, 3]) {
    assertEquals(await readSegment(source, plan, index), inTurn[index]!);
  }
});

Deno.test("segmentChunks() gives the same bytes at another time of day", async () => {
  const now = Date.now;
  const chunksAt = async (time: number) => {
    Date.now = () => time;
    try {
      using source = await openEven();
      return await Array.fromAsync(segmentChunks(source, await planSource(source, EVERY_KEYFRAME)));
    } finally {
      Date.now = now;
    }
  };
  assertEquals(await chunksAt(1e12), await chunksAt(2e12));
});

Deno.test("segmentChunks() gives frames that are shown at one time a time of their own each", async () => {
  const ticks = [0, 40, 40, 40, 80, 120, 120, 160];
  const packets = ticks.map((ticks, index) => ({ ticks, key: index === 0 || index === 4, sizeBytes: 20 }));
  using source = await openSourceBytes("same", await syntheticVideo({ packets, timescale: 1000 }));
  const plan = await planSource(source, EVERY_KEYFRAME);
  assertEquals([...plan.shownTicks], ticks);
  const times = await Array.fromAsync(segmentChunks(source, plan), async ({ bytes }) => {
    using chunk = await openSourceBytes("chunk", bytes);
    return (await readPackets(chunk)).map(({ ticks }) => ticks);
  });
  assertEquals(times, [[0, 40, 41, 42], [0, 40, 41, 80]]);
});

Deno.test("segmentChunks() refuses more frames than a clock has ticks for", async () => {
  const packets = [0, 1, 1, 1, 2].map((ticks, index) => ({ ticks, key: index % 4 === 0, sizeBytes: 20 }));
  using source = await openSourceBytes("coarse", await syntheticVideo({ packets, timescale: 25 }));
  const plan = await planSource(source, EVERY_KEYFRAME);
  const error = await assertRejects(
    () => readSegment(source, plan, 0),
    SourceError,
    "4 frames of its segment 0",
  );
  assertEquals(error.reason, "unsupported");
});

Deno.test("planSource() says when the last frame ends", async () => {
  using source = await openEven();
  assertEquals((await planSource(source, EVERY_KEYFRAME)).endTicks, 39 * 1001 + 1);
});

Deno.test("planSource() gives the last frame the length of the one before where the container tells none", async () => {
  const packets = evenPackets(10, 5, 40);
  using source = await openSourceBytes(
    "mkv",
    await syntheticVideo({ packets, timescale: 1000, container: "mkv" }),
  );
  assertEquals((await planSource(source, EVERY_KEYFRAME)).endTicks, 400);
});

Deno.test("planSource() keeps times exact past 2^32 ticks", async () => {
  const packets = evenPackets(12, 4, 2 ** 31);
  using source = await openSourceBytes("long", await syntheticVideo({ packets, timescale: 90_000 }));
  const plan = await planSource(source, EVERY_KEYFRAME);
  assertEquals([...plan.shownTicks], packets.map(({ ticks }) => ticks));
  assertEquals(plan.segments[2]!.startTicks, 8 * 2 ** 31);
});

Deno.test("planSource() and segmentChunks() stop with the signal's reason", async () => {
  using source = await openEven();
  const reason = new Error("enough");
  const aborted = { signal: AbortSignal.abort(reason) };
  assertEquals(await assertRejects(() => planSource(source, EVERY_KEYFRAME, aborted)), reason);
  const plan = await planSource(source, EVERY_KEYFRAME);
  assertEquals(await assertRejects(() => readSegment(source, plan, 0, aborted)), reason);

  const stop = new AbortController();
  const chunks = segmentChunks(source, plan, { signal: stop.signal }).getReader();
  assert(!(await chunks.read()).done);
  stop.abort(reason);
  assertEquals(await assertRejects(() => chunks.read()), reason);
});

Deno.test("segmentChunks() refuses a file that is not the one that was planned", async () => {
  using source = await openEven();
  const plan = await planSource(source, EVERY_KEYFRAME);
  const other = await syntheticVideo({ packets: evenPackets(40, 5, 1001), timescale: 30_000 });
  using changed = await openSourceBytes("changed", other);
  for (const index of [1, 3]) {
    const error = await assertRejects(() => readSegment(changed, plan, index), SourceError, "has changed");
    assertEquals(error.reason, "damaged");
  }
  const shorter = await syntheticVideo({ packets: evenPackets(38, 4, 1001), timescale: 30_000 });
  using cut = await openSourceBytes("cut", shorter);
  await assertRejects(() => readSegment(cut, plan, 9), SourceError, "no frame 38");
});

Deno.test("readSegment() refuses an index that the plan does not have", async () => {
  using source = await openEven();
  const plan = await planSource(source, EVERY_KEYFRAME);
  await assertRejects(() => readSegment(source, plan, 10), RangeError, "the plan has 10");
});
