import { assertEquals, assertStringIncludes } from "@std/assert";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import { filterChain, takesPixelFormat } from "../../lib/encode/video_filters.ts";

const SEGMENT = { timescale: 15_360, startTicks: 30_720, frameCount: 15 };

Deno.test("filterChain() puts the first frame at 0 on the segment's clock, before anything counts in it", () => {
  const chain = filterChain(DEFAULT_SETTINGS, { ...SEGMENT, endTicks: 46_080 });
  assertEquals(chain.startsWith("settb=1/15360,setpts=PTS-STARTPTS,trim=end_pts=15360,scale="), true, chain);
});

Deno.test("filterChain() drops no frame of a segment without an end", () => {
  assertEquals(filterChain(DEFAULT_SETTINGS, SEGMENT).includes("trim"), false);
});

const SIDES: [width: number, height: number, scale: string][] = [
  [0, 0, "scale=w=trunc(iw/2)*2:h=trunc(ih/2)*2:"],
  [0, 180, "scale=w=-2:h=180:"],
  [321, 0, "scale=w=322:h=-2:"],
  [640, 361, "scale=w=640:h=362:"],
];
for (const [width, height, scale] of SIDES) {
  Deno.test(`filterChain() asks for ${scale} given a width of ${width} and a height of ${height}`, () => {
    assertStringIncludes(filterChain({ ...DEFAULT_SETTINGS, width, height }, SEGMENT), scale);
  });
}

Deno.test("filterChain() makes whole frames where asked, before it sets the times", () => {
  const chain = filterChain({ ...DEFAULT_SETTINGS, deinterlace: true }, SEGMENT);
  assertEquals(chain.startsWith("bwdif=mode=send_frame:deint=interlaced,settb="), true, chain);
});

Deno.test("filterChain() keeps a full-range source's range when a pixel format is asked for", () => {
  const chain = filterChain({ ...DEFAULT_SETTINGS, pixelFormat: "yuv422p" }, SEGMENT);
  assertStringIncludes(chain, ",format=yuv422p|yuvj422p");
});

Deno.test("takesPixelFormat() is false for a format that the encoder lacks", () => {
  const formats = ["yuv420p", "yuvj420p"];
  assertEquals(takesPixelFormat(formats, { ...DEFAULT_SETTINGS, pixelFormat: "source" }), true);
  assertEquals(takesPixelFormat(formats, { ...DEFAULT_SETTINGS, pixelFormat: "yuv420p" }), true);
  assertEquals(takesPixelFormat(formats, { ...DEFAULT_SETTINGS, pixelFormat: "yuv420p10" }), false);
});
