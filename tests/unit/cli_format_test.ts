import { assertEquals } from "@std/assert";
import { formatBytes, formatCount, formatPercent, formatSeconds } from "../../lib/cli/format.ts";

const CASES: [(value: number) => string, [number, string][]][] = [
  [formatBytes, [
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1536 * 1024, "1.5 MiB"],
    [1024 ** 2 - 1, "1.0 MiB"],
    [3 * 1024 ** 5, "3.0 PiB"],
    [5000 * 1024 ** 5, "5000.0 PiB"],
    [-2048, "-2.0 KiB"],
    [NaN, "?"],
  ]],
  [formatSeconds, [
    [0, "0 ms"],
    [0.12, "120 ms"],
    [0.9996, "1.0 s"],
    [4.24, "4.2 s"],
    [59.94, "59.9 s"],
    [59.97, "1 m 00 s"],
    [65, "1 m 05 s"],
    [3599.6, "1 h 00 m"],
    [7380, "2 h 03 m"],
    [-65, "-1 m 05 s"],
    [Infinity, "?"],
  ]],
  [formatPercent, [[0, "0.0 %"], [12.34, "12.3 %"], [100, "100.0 %"], [NaN, "?"]]],
  [formatCount, [[0, "0"], [1234567, "1,234,567"], [NaN, "?"]]],
];

for (const [format, cases] of CASES) {
  for (const [value, text] of cases) {
    Deno.test(`${format.name}(${value}) is ${text}`, () => assertEquals(format(value), text));
  }
}

Deno.test("formatCount() has one chunk, but no, two and more chunks", () => {
  assertEquals([0, 1, 2].map((count) => formatCount(count, "chunk")), ["0 chunks", "1 chunk", "2 chunks"]);
  assertEquals(formatCount(2, "entry", "entries"), "2 entries");
});
