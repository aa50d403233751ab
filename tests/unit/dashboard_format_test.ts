import { assertEquals } from "@std/assert";
import { formatAgo, formatBytes, formatDuration, formatRate } from "../../lib/master/web/client/format.ts";

Deno.test("formatBytes() has three digits and the unit that fits", () => {
  const sizes = [0, 999, 1_000, 12_345, 999_499, 999_500, 1_234_567, 5e9, 1.5e12, 2e15];
  const texts = [
    "0 B",
    "999 B",
    "1.00 kB",
    "12.3 kB",
    "999 kB",
    "1.00 MB",
    "1.23 MB",
    "5.00 GB",
    "1.50 TB",
    "2000 TB",
  ];
  assertEquals(sizes.map(formatBytes), texts);
});

Deno.test("formatDuration() has hours only where there are some", () => {
  assertEquals([0, 7.4, 59.6, 3_599, 3_600, 90_061, -1].map(formatDuration), [
    "0:00",
    "0:07",
    "1:00",
    "59:59",
    "1:00:00",
    "25:01:01",
    "0:00",
  ]);
});

Deno.test("formatAgo() and formatRate() are as rough as one reads them", () => {
  const ago = [-5_000, 1_999, 2_000, 60_000, 3.6e6, 2 * 8.64e7].map(formatAgo);
  assertEquals(ago, ["now", "now", "2 s ago", "1 min ago", "1 h ago", "2 days ago"]);
  assertEquals([0, 7.26, 99.94, 181.6].map(formatRate), ["0.0", "7.3", "99.9", "182"]);
});
