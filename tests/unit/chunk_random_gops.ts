/** Random videos as their packets' times, for property tests. */
import * as fc from "fast-check";
import type { PacketRow } from "../../lib/chunk/packet_table.ts";

interface RandomGop {
  /** Frames that follow the keyframe in decode order and are shown before it (open GOP). */
  readonly leading: number;
  /** Frames shown after the keyframe. */
  readonly trailing: number;
  /** How many of the trailing frames are decoded last shown first. */
  readonly reordered: number;
}

const gop: fc.Arbitrary<RandomGop> = fc.record({
  leading: fc.integer({ min: 0, max: 3 }),
  trailing: fc.integer({ min: 0, max: 8 }),
  reordered: fc.integer({ min: 1, max: 4 }),
});

/** Videos as encoders make them: open and closed groups, B-frames, uneven times; packets in decode order. */
export const randomVideo: fc.Arbitrary<PacketRow[]> = fc.record({
  gops: fc.array(gop, { minLength: 1, maxLength: 12 }),
  startTicks: fc.integer({ min: -50, max: 50 }),
  gapsTicks: fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
  sizesBytes: fc.infiniteStream(fc.integer({ min: 1, max: 60 })),
}).map(({ gops, startTicks, gapsTicks, sizesBytes }) => {
  let ticks = startTicks;
  const shown = (count: number) => Array.from({ length: count }, () => ticks += gapsTicks.next().value);
  return gops.flatMap(({ leading, trailing, reordered }, index) => {
    const leadingTicks = shown(index === 0 ? 0 : leading);
    const [keyTicks] = shown(1);
    const others = [...leadingTicks, ...lastShownFirst(shown(trailing), reordered)];
    return [
      { ticks: keyTicks!, key: true, sizeBytes: sizesBytes.next().value },
      ...others.map((ticks) => ({ ticks, key: false, sizeBytes: sizesBytes.next().value })),
    ];
  });
});

/** Groups of `size`, of each of which the last is decoded first. */
function lastShownFirst(ticks: readonly number[], size: number): number[] {
  const groups = Array.from(
    { length: Math.ceil(ticks.length / size) },
    (_, index) => ticks.slice(index * size, (index + 1) * size),
  );
  return groups.flatMap((group) => [...group.slice(-1), ...group.slice(0, -1)]);
}

/** Packets that no encoder would make: some are far from where their neighbours are, and any may be a keyframe. */
export const randomPackets: fc.Arbitrary<PacketRow[]> = fc.array(
  fc.record({
    offsetTicks: fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: -2, max: 2 }) },
      { weight: 1, arbitrary: fc.integer({ min: -60, max: 20 }) },
    ),
    key: fc.boolean(),
    sizeBytes: fc.integer({ min: 0, max: 60 }),
  }),
  { minLength: 1, maxLength: 60 },
).filter((packets) => packets.some(({ key }) => key))
  .map((packets) =>
    packets.map(({ offsetTicks, ...row }, index) => ({ ...row, ticks: 2 * index + offsetTicks }))
  );
