import { assertEquals } from "@std/assert";
import { mpegFrameSamples, mpegLayer } from "../../lib/chunk/mpeg_audio.ts";

for (
  const [name, header, layer, samples] of [
    ["MPEG-1, layer I", [0xff, 0xff, 0x94, 0], 1, 384],
    ["MPEG-1, layer II", [0xff, 0xfd, 0xa4, 0xc4], 2, 1152],
    ["MPEG-1, layer III", [0xff, 0xfb, 0x94, 0xc4], 3, 1152],
    ["MPEG-2, layer II", [0xff, 0xf5, 0xa4, 0xc4], 2, 1152],
    ["MPEG-2, layer III", [0xff, 0xf3, 0x94, 0xc4], 3, 576],
    ["ADTS", [0xff, 0xf1, 0x4c, 0x40], undefined, undefined],
    ["another mark", [0x0b, 0x77, 0x94, 0xc4], undefined, undefined],
    ["too little", [0xff, 0xfb], undefined, undefined],
  ] as const
) {
  Deno.test(`mpegLayer() and mpegFrameSamples() read the header of ${name}`, () => {
    const frame = Uint8Array.from(header);
    assertEquals([mpegLayer(frame), mpegFrameSamples(frame)], [layer, samples]);
  });
}
