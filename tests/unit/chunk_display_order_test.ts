import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { displayRanks } from "../../lib/chunk/display_order.ts";

Deno.test("displayRanks() counts the packets shown before each", () => {
  assertEquals([...displayRanks([0, 0.3, 0.1, 0.2])], [0, 3, 1, 2]);
  assertEquals([...displayRanks([])], []);
});

Deno.test("displayRanks() keeps packets of the same time in their order", () => {
  assertEquals([...displayRanks([5, 5, 1, 5])], [1, 2, 0, 3]);
});

Deno.test("displayRanks() puts any times in order, each at its own place", () => {
  fc.assert(fc.property(fc.array(fc.integer()), (times) => {
    const shown: number[] = [];
    displayRanks(times).forEach((rank, packet) => shown[rank] = times[packet]!);
    assertEquals(shown, times.toSorted((a, b) => a - b));
  }));
});
