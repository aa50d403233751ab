import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { type PacketRow, PacketTable } from "../../lib/chunk/packet_table.ts";
import { planSegments, type Segment, type SegmentTarget } from "../../lib/chunk/plan_segments.ts";
import { randomPackets, randomVideo } from "./chunk_random_gops.ts";

const EVERY_KEYFRAME: SegmentTarget = { kind: "bytes", bytes: 1 };

const target: fc.Arbitrary<SegmentTarget> = fc.oneof(
  fc.integer({ min: 1, max: 400 }).map((bytes) => ({ kind: "bytes", bytes }) as const),
  fc.integer({ min: 1, max: 60 }).map((ticks) => ({ kind: "seconds", seconds: ticks / 10 }) as const),
);

/** Packets by a letter and a time each, in decode order: K for a keyframe, f for another frame. */
function packets(text: string): PacketTable {
  return PacketTable.from(
    text.split(" ").map((word) => {
      return { ticks: Number(word.slice(1)), key: word[0] === "K", sizeBytes: 10 };
    }),
  );
}

/** What the chunk of a segment holds. */
function chunkOf(rows: readonly PacketRow[], { firstPacket, endPacket, startTicks }: Segment): PacketRow[] {
  return rows.slice(firstPacket, endPacket).filter(({ ticks }) => ticks >= startTicks);
}

Deno.test("planSegments() cuts closed groups at their keyframes", () => {
  const plan = planSegments(packets("K0 f2 f1 K3 f5 f4 K6 f8 f7"), EVERY_KEYFRAME, 10);
  assertEquals(plan.segments.map(({ startTicks, endTicks }) => [startTicks, endTicks]), [
    [0, 3],
    [3, 6],
    [6, undefined],
  ]);
  assertEquals(plan.segments.map(({ firstPacket, endPacket }) => [firstPacket, endPacket]), [
    [0, 3],
    [3, 6],
    [6, 9],
  ]);
  assertEquals(plan.segments.map(({ hasLeadOut }) => hasLeadOut), [false, false, false]);
  assertEquals([...plan.shownTicks], [0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

Deno.test("planSegments() gives frames shown before their keyframe to the segment before, with a lead-out", () => {
  const rows = packets("K0 f1 f2 K5 f3 f4 f6 K9 f7 f8 f10");
  const [first, second, third] = planSegments(rows, EVERY_KEYFRAME, 10).segments;
  assertEquals([first!.startTicks, first!.endTicks, first!.frameCount], [0, 5, 5]);
  assertEquals([first!.firstPacket, first!.endPacket, first!.hasLeadOut], [0, 6, true]);
  assertEquals([second!.startTicks, second!.endTicks, second!.frameCount], [5, 9, 4]);
  assertEquals([second!.firstPacket, second!.endPacket, second!.hasLeadOut], [3, 10, true]);
  assertEquals([third!.startTicks, third!.endTicks, third!.frameCount], [9, undefined, 2]);
  assertEquals([third!.firstPacket, third!.endPacket, third!.hasLeadOut], [7, 11, false]);
});

Deno.test("planSegments() does not cut where an earlier packet is shown with a keyframe or after it", () => {
  const late = planSegments(packets("K0 f4 f1 K3 f5 K6 f7"), EVERY_KEYFRAME, 10);
  assertEquals(late.segments.map(({ startTicks }) => startTicks), [0, 6]);
  const equal = planSegments(packets("K0 f3 K3 f5 K6"), EVERY_KEYFRAME, 10);
  assertEquals(equal.segments.map(({ startTicks }) => startTicks), [0, 6]);
});

Deno.test("planSegments() gives a frame that comes much too late to its own segment alone", () => {
  const { segments } = planSegments(packets("K0 f1 K2 f3 K4 f5 f0.5"), EVERY_KEYFRAME, 10);
  assertEquals(segments.map(({ firstPacket, endPacket }) => [firstPacket, endPacket]), [[0, 7], [2, 4], [
    4,
    6,
  ]]);
  assertEquals(segments.map(({ hasLeadOut }) => hasLeadOut), [true, false, false]);
});

Deno.test("planSegments() keeps frames shown before the very first keyframe in the first segment", () => {
  const { segments } = planSegments(packets("K2 f0 f1 f3 K4 f5"), EVERY_KEYFRAME, 10);
  assertEquals([segments[0]!.startTicks, segments[0]!.frameCount], [0, 4]);
});

Deno.test("planSegments() leaves out packets before the first keyframe, and counts them", () => {
  const plan = planSegments(packets("f0 f1 K2 f3"), EVERY_KEYFRAME, 10);
  assertEquals(plan.undecodablePackets, 2);
  assertEquals([...plan.shownTicks], [2, 3]);
  assertEquals(plan.segments[0]!.firstPacket, 2);
});

Deno.test("planSegments() leaves out what is shown before a time, and starts at the last keyframe that is needed", () => {
  const rows = packets("K0 f2 f1 K3 f5 f4 K6 f8 f7");
  const { segments, shownTicks, droppedFirst, undecodablePackets } = planSegments(rows, EVERY_KEYFRAME, 10, {
    fromTicks: 5,
  });
  assertEquals([...shownTicks], [5, 6, 7, 8]);
  assertEquals([droppedFirst, undecodablePackets], [5, 0]);
  const ends = segments.map(({ firstPacket, endPacket, startTicks, leadInTicks, frameCount }) => [
    ...[firstPacket, endPacket, startTicks, leadInTicks, frameCount],
  ]);
  assertEquals(ends, [[3, 5, 5, 3, 1], [6, 9, 6, undefined, 3]]);
});

Deno.test("planSegments() has no lead-in where what is left out ends at a keyframe", () => {
  const rows = packets("K0 f2 f1 K3 f5 f4 K6 f8 f7");
  const { segments } = planSegments(rows, EVERY_KEYFRAME, 10, { fromTicks: 6 });
  assertEquals(segments.map(({ firstPacket, leadInTicks }) => [firstPacket, leadInTicks]), [[6, undefined]]);
});

Deno.test("planSegments() starts before a keyframe that frames which are shown come before", () => {
  const open = packets("K0 f1 K5 f3 f4 f6");
  const { segments } = planSegments(open, EVERY_KEYFRAME, 10, { fromTicks: 4 });
  assertEquals(
    segments.map(({ firstPacket, endPacket, leadInTicks, hasLeadOut }) => [
      ...[firstPacket, endPacket, leadInTicks, hasLeadOut],
    ]),
    [[0, 5, 0, true], [2, 6, undefined, false]],
  );
});

Deno.test("planSegments() ends a segment before the first keyframe at or past the target", () => {
  const rows = packets("K0 f1 K2 f3 K4 f5 K6 f7 K8 f9");
  const starts = (target: SegmentTarget) =>
    planSegments(rows, target, 10).segments.map(({ startTicks }) => startTicks);
  assertEquals(starts({ kind: "seconds", seconds: 0.4 }), [0, 4, 8]);
  assertEquals(starts({ kind: "seconds", seconds: 0.41 }), [0, 6]);
  assertEquals(starts({ kind: "bytes", bytes: 40 }), [0, 4, 8]);
  assertEquals(starts({ kind: "bytes", bytes: 41 }), [0, 6]);
  assertEquals(starts({ kind: "bytes", bytes: 1000 }), [0]);
});

Deno.test("planSegments() refuses targets, timescales and packets that it cannot plan with", () => {
  const rows = packets("K0 f1");
  for (const limit of [0, -1, NaN, Infinity]) {
    assertThrows(() => planSegments(rows, { kind: "bytes", bytes: limit }, 10), RangeError, `${limit} bytes`);
    assertThrows(() => planSegments(rows, { kind: "seconds", seconds: limit }, 10), RangeError, "seconds");
  }
  for (const timescale of [0, -5, 0.5, NaN]) {
    assertThrows(() => planSegments(rows, EVERY_KEYFRAME, timescale), RangeError, "timescale");
  }
  assertThrows(() => planSegments(packets("f0 f1"), EVERY_KEYFRAME, 10), RangeError, "no keyframe");
});

for (const [name, video] of [["encoders' videos", randomVideo], ["any packets", randomPackets]] as const) {
  Deno.test(`planSegments() partitions the frames of ${name} by time`, () => {
    fc.assert(fc.property(video, target, (rows, target) => {
      const plan = planSegments(PacketTable.from(rows), target, 10);
      const decodable = rows.slice(plan.undecodablePackets);
      assertEquals([...plan.shownTicks], decodable.map(({ ticks }) => ticks).sort((a, b) => a - b));
      let frames = 0;
      for (const [index, segment] of plan.segments.entries()) {
        const { startTicks, endTicks = Infinity, firstFrame, frameCount } = segment;
        assertEquals(segment.index, index);
        assertEquals(segment.endTicks, plan.segments[index + 1]?.startTicks);
        assert(startTicks < endTicks && frameCount > 0);
        assertEquals(firstFrame, frames);
        frames += frameCount;
        const own = plan.shownTicks.subarray(firstFrame, frames);
        assert(own.every((ticks) => ticks >= startTicks && ticks < endTicks));
      }
      assertEquals(frames, decodable.length);
    }));
  });

  Deno.test(`planSegments() gives each chunk of ${name} a keyframe first and all its frames`, () => {
    fc.assert(fc.property(video, target, (rows, target) => {
      const plan = planSegments(PacketTable.from(rows), target, 10);
      for (const segment of plan.segments) {
        const { startTicks, endTicks = Infinity } = segment;
        const isOwn = ({ ticks }: PacketRow) => ticks >= startTicks && ticks < endTicks;
        const chunk = chunkOf(rows, segment);
        assert(chunk[0]!.key);
        assertEquals(chunk.filter(isOwn), rows.slice(plan.undecodablePackets).filter(isOwn));
        // Nothing is carried past the last frame that needs it.
        assert(isOwn(chunk.at(-1)!));
        assertEquals(segment.hasLeadOut, chunk.some((row) => row.ticks >= endTicks));
      }
    }));
  });
}

Deno.test("planSegments() honours its target at every keyframe where it may cut", () => {
  fc.assert(fc.property(randomVideo, target, (rows, target) => {
    const { segments } = planSegments(PacketTable.from(rows), target, 10);
    for (const [index, { firstPacket }] of segments.entries()) {
      const reached = (packet: number) =>
        target.kind === "bytes"
          ? rows.slice(firstPacket, packet).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) >= target.bytes
          : rows[packet]!.ticks - rows[firstPacket]!.ticks >= target.seconds * 10;
      const end = segments[index + 1]?.firstPacket ?? rows.length;
      for (let packet = firstPacket + 1; packet < end; packet++) {
        if (rows[packet]!.key) assert(!reached(packet), `no cut at packet ${packet}`);
      }
      if (end < rows.length) assert(reached(end), `a cut at packet ${end}`);
    }
  }));
});
