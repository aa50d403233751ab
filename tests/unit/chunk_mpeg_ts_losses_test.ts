import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { WatchedTransport } from "../../lib/chunk/mpeg_ts_losses.ts";

const VIDEO = 0x100;
const SOUND = 0x101;

interface PacketFacts {
  readonly pid?: number;
  readonly counter: number;
  /** Ticks of the picture that begins in it. */
  readonly starts?: number;
  readonly adaptation?: "discontinuity" | "alone";
}

function packet({ pid = VIDEO, counter, starts, adaptation }: PacketFacts): Uint8Array {
  const bytes = new Uint8Array(188).fill(0xff);
  const control = adaptation === "alone" ? 0x20 : adaptation ? 0x30 : 0x10;
  bytes.set([0x47, (starts === undefined ? 0 : 0x40) | pid >> 8, pid & 0xff, control | counter % 16]);
  if (adaptation) bytes.set([1, adaptation === "discontinuity" ? 0x80 : 0], 4);
  if (starts !== undefined) {
    const high = Math.floor(starts / 2 ** 30);
    const time = [
      ...[0x21 | high << 1, starts >> 22 & 0xff, starts >> 14 & 0xfe | 1],
      ...[starts >> 7 & 0xff, starts << 1 & 0xfe | 1],
    ];
    bytes.set([0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5, ...time], adaptation ? 6 : 4);
  }
  return bytes;
}

function fileOf(packets: readonly PacketFacts[], strideBytes = 188, startBytes = 0): Uint8Array {
  const bytes = new Uint8Array(startBytes + packets.length * strideBytes);
  for (const [index, facts] of packets.entries()) {
    bytes.set(packet(facts), startBytes + index * strideBytes + (strideBytes === 192 ? 4 : 0));
  }
  return bytes;
}

function watched(bytes: Uint8Array, strideBytes = 188, startBytes = 0): WatchedTransport {
  const file = {
    sizeBytes: bytes.length,
    read: (start: number, end: number) => Promise.resolve(bytes.slice(start, end)),
  };
  return new WatchedTransport(file, { startBytes, strideBytes, headerBytes: strideBytes === 192 ? 4 : 0 });
}

async function losses(packets: readonly PacketFacts[], pid = VIDEO) {
  const file = watched(fileOf(packets));
  await file.read(0, file.sizeBytes);
  return file.lossesOf(pid);
}

const FIRST: readonly PacketFacts[] = [{ counter: 14, starts: 2 ** 33 - 7 }, { counter: 15 }, { counter: 0 }];
const LOST: readonly PacketFacts[] = [...FIRST, { counter: 5 }, { counter: 6 }];

Deno.test("WatchedTransport tells where packets of a picture are missing, and of which", async () => {
  assertEquals(await losses(FIRST), []);
  assertEquals(await losses(LOST), [{ positionBytes: 3 * 188, ticks: 2 ** 33 - 7 }]);
  const next: PacketFacts[] = [{ counter: 7, starts: 90_000, adaptation: "alone" }, { counter: 7 }];
  const twice = [...LOST, { counter: 7, starts: 123_456_789 }, { counter: 12 }];
  assertEquals((await losses(twice)).map(({ ticks }) => ticks), [2 ** 33 - 7, 123_456_789]);
  assertEquals((await losses([...LOST, ...next])).length, 1);
});

for (
  const [what, packets] of Object.entries<readonly PacketFacts[]>({
    "a packet that is sent twice": [...FIRST, { counter: 0 }, { counter: 1 }],
    "packets without payload, whose counter stays": [
      ...FIRST,
      { counter: 0, adaptation: "alone" },
      { counter: 0, adaptation: "alone" },
      { counter: 1 },
    ],
    "a jump that is announced": [...FIRST, { counter: 9, adaptation: "discontinuity" }, { counter: 10 }],
    "counters that start anew with a picture": [...FIRST, { counter: 9, starts: 3_600 }, { counter: 10 }],
    "null packets": [...FIRST, { pid: 0x1fff, counter: 3 }, { pid: 0x1fff, counter: 9 }, { counter: 1 }],
    "what is missing of another stream": [
      ...[...FIRST, { pid: SOUND, counter: 1 }],
      ...[{ pid: SOUND, counter: 4 }, { counter: 1 }],
    ],
  })
) {
  Deno.test(`WatchedTransport does not take ${what} for a loss`, async () => {
    assertEquals(await losses(packets), []);
  });
}

Deno.test("WatchedTransport tells losses of each stream apart", async () => {
  const packets = [...FIRST, { pid: SOUND, counter: 1, starts: 90 }, { pid: SOUND, counter: 4 }, {
    counter: 1,
  }];
  assertEquals(await losses(packets, SOUND), [{ positionBytes: 4 * 188, ticks: 90 }]);
});

Deno.test("WatchedTransport finds the same however the file is read, packets of any form, and its bytes stay", async () => {
  const sizes = fc.array(fc.tuple(fc.integer({ min: 1, max: 500 }), fc.nat({ max: 100 })), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.constantFrom(188, 192, 204), fc.nat(50), async (steps, stride, start) => {
      const bytes = fileOf(LOST, stride, start);
      const file = watched(bytes, stride, start);
      let position = 0;
      for (const [step, back] of [...steps, [bytes.length, 0] as const]) {
        const end = Math.min(bytes.length, position + step);
        const from = Math.max(0, position - back);
        assertEquals(await file.read(from, end), bytes.slice(from, end));
        position = end;
      }
      assertEquals(file.lossesOf(VIDEO), [{ positionBytes: start + 3 * stride, ticks: 2 ** 33 - 7 }]);
    }),
  );
});

Deno.test("WatchedTransport says nothing of what lies behind bytes that were not read", async () => {
  const file = watched(fileOf(LOST));
  await file.read(0, 188);
  await file.read(2 * 188, file.sizeBytes);
  assertEquals(file.lossesOf(VIDEO), []);
});
