import { assertEquals } from "@std/assert";
import { codecName } from "../../lib/chunk/codec_name.ts";

for (
  const [code, name] of [
    ["mp4v", "MPEG-4 Part 2 [mp4v]"],
    ["V_MPEG4/ISO/ASP", "MPEG-4 Part 2 [V_MPEG4/ISO/ASP]"],
    ["jpeg", "Motion JPEG [jpeg]"],
    ["V_MJPEG", "Motion JPEG [V_MJPEG]"],
    ["V_THEORA", "Theora [V_THEORA]"],
    ["dvc ", "DV [dvc]"],
    ["abcd", "abcd"],
    ["a\x1b[2J", "a?[2J"],
    [null, "unknown"],
  ] as const
) {
  Deno.test(`codecName() calls ${JSON.stringify(code)} ${name}`, () => assertEquals(codecName(code), name));
}
