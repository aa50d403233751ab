import { assertEquals } from "@std/assert";
import { codecDifferences } from "../../lib/assemble/codec_agreement.ts";
import type { DecoderConfig } from "../../lib/chunk/source_file.ts";

const CONFIG: DecoderConfig = {
  codec: "avc1.64001f",
  codedWidth: 1280,
  codedHeight: 720,
  description: Uint8Array.of(1, 100, 0, 31),
  colorSpace: { primaries: "bt709", transfer: "bt709", matrix: "bt709", fullRange: false },
};

Deno.test("codecDifferences() finds none between equal configurations, however they hold their bytes", () => {
  const buffer = Uint8Array.of(9, 1, 100, 0, 31, 9).buffer;
  assertEquals(codecDifferences(CONFIG, { ...CONFIG, description: new Uint8Array(buffer, 1, 4) }), []);
  assertEquals(codecDifferences(CONFIG, { ...CONFIG, description: buffer.slice(1, 5) }), []);
  assertEquals(codecDifferences(CONFIG, { ...CONFIG, displayAspectWidth: 16, displayAspectHeight: 9 }), []);
});

for (
  const [what, other] of [
    ["codec (avc1.64001f and avc1.640020)", { codec: "avc1.640020" }],
    ["parameter sets (0164001f and 01640020)", { description: Uint8Array.of(1, 100, 0, 32) }],
    ["pixel aspect (1.7778 and 2.3333)", { displayAspectWidth: 21, displayAspectHeight: 9 }],
    ["colour (bt709/bt709/bt709/limited and bt709/bt709/bt709/full)", {
      colorSpace: { ...CONFIG.colorSpace, fullRange: true },
    }],
  ] as const
) {
  Deno.test(`codecDifferences() names another ${what.split(" (")[0]}`, () => {
    assertEquals(codecDifferences(CONFIG, { ...CONFIG, ...other }), [what]);
  });
}

Deno.test("codecDifferences() names everything that differs", () => {
  const { description: _, ...other } = { ...CONFIG, codedWidth: 640, codedHeight: 360 };
  assertEquals(codecDifferences(CONFIG, other), [
    "size (1280x720 and 640x360)",
    "parameter sets (0164001f and none)",
  ]);
});
