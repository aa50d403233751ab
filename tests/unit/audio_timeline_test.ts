import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { placeSound, SoundTimeError } from "../../lib/encode/audio_timeline.ts";

const RATE = 48_000;
const NOTHING = { silence: 0, skip: 0 };

Deno.test("placeSound() starts where the sound does, however late", () => {
  assertEquals(placeSound({ start: 0, length: 1024 }, undefined, RATE), NOTHING);
  assertEquals(placeSound({ start: 10 * RATE, length: 1024 }, undefined, RATE), NOTHING);
});

Deno.test("placeSound() leaves out what comes before time 0, such as a decoder's priming", () => {
  assertEquals(placeSound({ start: -312, length: 960 }, undefined, RATE), { silence: 0, skip: 312 });
  assertEquals(placeSound({ start: -1024, length: 1024 }, undefined, RATE), { silence: 0, skip: 1024 });
  assertEquals(placeSound({ start: -5000, length: 1024 }, undefined, RATE), { silence: 0, skip: 1024 });
});

Deno.test("placeSound() takes a rounded time for the sound's own", () => {
  for (const off of [-480, -24, 0, 24, 480]) {
    assertEquals(placeSound({ start: 9600 + off, length: 1024 }, 9600, RATE), NOTHING);
  }
});

Deno.test("placeSound() fills a gap with silence", () => {
  assertEquals(placeSound({ start: 9600 + 481, length: 1024 }, 9600, RATE), { silence: 481, skip: 0 });
  assertEquals(placeSound({ start: 9600 + RATE, length: 1024 }, 9600, RATE), { silence: RATE, skip: 0 });
});

Deno.test("placeSound() has sound that overlaps heard once", () => {
  assertEquals(placeSound({ start: 9000, length: 1024 }, 9600, RATE), { silence: 0, skip: 600 });
  assertEquals(placeSound({ start: 4800, length: 1024 }, 9600, RATE), { silence: 0, skip: 1024 });
});

Deno.test("placeSound() refuses times that go back or leap, saying where", () => {
  const at = 10 * RATE;
  assertThrows(
    () => placeSound({ start: at - 3 * RATE, length: 1024 }, at, RATE),
    SoundTimeError,
    "its times go back by 3.0 s at 10.000 s",
  );
  assertThrows(
    () => placeSound({ start: at + 26 * 3600 * RATE, length: 1024 }, at, RATE),
    SoundTimeError,
    "its times leap by 93600 s at 10.000 s",
  );
});

Deno.test("placeSound() keeps every piece within 10 ms of its time, however many there are", () => {
  const piece = fc.record({
    gap: fc.integer({ min: -700, max: 3000 }),
    length: fc.integer({ min: 1, max: 4096 }),
  });
  fc.assert(fc.property(fc.array(piece, { maxLength: 50 }), (pieces) => {
    let clock = -2_000;
    let end: number | undefined;
    for (const { gap, length } of pieces) {
      const start = clock + gap;
      clock = Math.max(clock, start + length);
      if (end !== undefined && end - start > RATE) return;
      const { silence, skip } = placeSound({ start, length }, end, RATE);
      assert(skip >= 0 && skip <= length && silence >= 0 && (skip === 0 || silence === 0));
      if (skip === length) continue;
      const heardAt = end === undefined ? start + skip : end + silence;
      assert(heardAt >= 0);
      assert(Math.abs(heardAt - (start + skip)) <= 480);
      end = heardAt + length - skip;
    }
  }));
});
