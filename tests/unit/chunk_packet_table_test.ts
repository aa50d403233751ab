import { assertEquals } from "@std/assert";
import { PacketTable } from "../../lib/chunk/packet_table.ts";

Deno.test("PacketTable keeps every row while it grows", () => {
  const rows = Array.from(
    { length: 5000 },
    (_, i) => ({ ticks: i * 2 ** 33, key: i % 7 === 0, sizeBytes: i + 1 }),
  );
  const table = PacketTable.from(rows);
  assertEquals(table.length, 5000);
  assertEquals([...table.ticks], rows.map(({ ticks }) => ticks));
  assertEquals([...table.sizesBytes], rows.map(({ sizeBytes }) => sizeBytes));
  assertEquals([...table.keys], rows.map(({ key }) => key ? 1 : 0));
});
