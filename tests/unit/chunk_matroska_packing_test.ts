import { assertEquals } from "@std/assert";
import { element } from "../../lib/assemble/ebml_bytes.ts";
import { packingOf, unpacked } from "../../lib/chunk/matroska_packing.ts";

const [ENCODING, SCOPE, TYPE, COMPRESSION, ALGORITHM, SETTINGS] = [
  0x6240,
  0x5032,
  0x5033,
  0x5034,
  0x4254,
  0x4255,
];

const compressed = (...fields: readonly Uint8Array[]) => element(ENCODING, element(COMPRESSION, ...fields));

Deno.test("packingOf() knows zlib and stripped headers of blocks, and nothing else", () => {
  const start = Uint8Array.of(1, 2);
  assertEquals(packingOf(compressed()), { kind: "zlib" });
  assertEquals(packingOf(compressed(element(ALGORITHM, 0))), { kind: "zlib" });
  assertEquals(packingOf(compressed(element(ALGORITHM, 3), element(SETTINGS, start))), {
    kind: "without start",
    start,
  });
  assertEquals(packingOf(compressed(element(ALGORITHM, 1))), undefined);
  assertEquals(packingOf(element(ENCODING, element(TYPE, 1))), undefined);
  assertEquals(packingOf(element(ENCODING, element(SCOPE, 3), element(COMPRESSION))), undefined);
  assertEquals(packingOf(Uint8Array.of(...compressed(), ...compressed())), undefined);
  assertEquals(packingOf(new Uint8Array()), undefined);
});

const ZLIB = { kind: "zlib" } as const;

async function packed(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"))).bytes();
}

Deno.test("unpacked() gives back what was packed", async () => {
  const text = new TextEncoder().encode("Hello, hello, hello");
  assertEquals(unpacked(await packed(text), ZLIB, 100), text);
  const packing = { kind: "without start", start: text.subarray(0, 5) } as const;
  assertEquals(unpacked(text.subarray(5), packing, 100), text);
});

Deno.test("unpacked() gives nothing for what is damaged, or much larger than it may be", async () => {
  const bomb = await packed(new Uint8Array(20_000_000));
  assertEquals(bomb.length < 100_000, true);
  assertEquals(unpacked(bomb, ZLIB, 1_000_000), undefined);
  assertEquals(unpacked(Uint8Array.of(1, 2, 3), ZLIB, 100), undefined);
  assertEquals(unpacked(bomb.subarray(0, 50), ZLIB, 30_000_000), undefined);
});
