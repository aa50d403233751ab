import { assertEquals } from "@std/assert";
import { FirstPictures } from "../../lib/encode/first_pictures.ts";

const DECODED = "[showinfo@decoded @ 0x5581323d0640]";
const ENCODED = "[showinfo@encoded @ 0x5581323d0a80]";
const COLOURS = "color_range:tv color_space:bt2020nc color_primaries:bt2020 color_trc:smpte2084";

function frame(number: number, format: string, size: string, fields: string): string {
  const times = `n:${String(number).padStart(4)} pts:      0 pts_time:0       pos:       44`;
  return `${times} fmt:${format} sar:1/1 s:${size} i:${fields} iskey:1 type:I `;
}

/** As FFmpeg 5.1 and 7.1 print it, the latter with the place of the colours. */
const FRAMES = [
  frame(0, "yuv420p10le", "1920x1080", "P"),
  "n:   0 pts:      0 pts_time:0       duration:    512 duration_time:0.04    " +
  "fmt:yuv420p10le cl:left sar:1/1 s:1920x1080 i:P iskey:1 type:I checksum:00000000",
];
for (const [index, line] of FRAMES.entries()) {
  Deno.test(`FirstPictures reads size, format and HDR metadata, in form ${index}`, () => {
    const pictures = new FirstPictures();
    const lines = [
      "config in time_base: 1/12800, frame_rate: 25/1",
      line,
      "  side data - mastering display: has_primaries:1 has_luminance:1 r(0.6800,0.3200) g(0.2650,0.6900) " +
      "b(0.1500 0.0600) wp(0.3127, 0.3290) min_luminance=0.000100, max_luminance=1000.000000",
      "  side data - Content Light Level information: MaxCLL=1000, MaxFALL=400",
      COLOURS,
      frame(1, "gray", "16x16", "B"),
      COLOURS,
    ];
    for (const text of lines) pictures.read(`${DECODED} ${text}`);
    assertEquals(pictures.encoded, undefined);
    assertEquals(pictures.decoded, {
      width: 1920,
      height: 1080,
      pixelFormat: "yuv420p10le",
      fields: "whole",
      hdr: {
        masteringDisplay: {
          red: [0.68, 0.32],
          green: [0.265, 0.69],
          blue: [0.15, 0.06],
          white: [0.3127, 0.329],
          minLuminance: 0.0001,
          maxLuminance: 1000,
        },
        contentLight: { max: 1000, maxAverage: 400 },
      },
    });
  });
}

Deno.test("FirstPictures tells what was decoded from what is encoded, and one field order from the other", () => {
  const pictures = new FirstPictures();
  for (const line of [frame(0, "yuv420p", "161x121", "T"), COLOURS]) pictures.read(`${DECODED} ${line}`);
  pictures.read(`${ENCODED} ${frame(0, "yuv420p", "160x120", "B")}`);
  assertEquals(pictures.encoded, undefined); // there may be side data
  pictures.read(`${ENCODED} ${COLOURS}`);
  assertEquals([pictures.decoded?.width, pictures.encoded?.width], [161, 160]);
  assertEquals([pictures.decoded?.fields, pictures.encoded?.fields], ["top first", "bottom first"]);
  assertEquals(pictures.decoded?.hdr, {});
});

Deno.test("FirstPictures takes a mastering display without luminance for none", () => {
  const pictures = new FirstPictures();
  const display =
    "mastering display: has_primaries:1 has_luminance:0 r(0.6,0.3) g(0.2,0.6) b(0.1 0.06) wp(0.3, 0.3) " +
    "min_luminance=0.000000, max_luminance=0.000000";
  for (const line of [frame(0, "yuv420p", "16x16", "P"), display, COLOURS]) {
    pictures.read(`${ENCODED} ${line}`);
  }
  assertEquals(pictures.encoded?.hdr, {});
});

Deno.test("FirstPictures takes nothing from lines that are not the filters'", () => {
  const pictures = new FirstPictures();
  for (const line of [frame(0, "yuv420p", "16x16", "P"), COLOURS]) {
    pictures.read(line);
    pictures.read(`    title           : ${ENCODED} ${line}`);
    pictures.read(`[Parsed_showinfo_0 @ 0x1] ${line}`);
  }
  assertEquals([pictures.decoded, pictures.encoded], [undefined, undefined]);
});
