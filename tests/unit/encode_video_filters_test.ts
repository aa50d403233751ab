import { assertEquals, assertStringIncludes } from "@std/assert";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import { encodedTimescale, filterChain, takesPixelFormat } from "../../lib/encode/video_filters.ts";

const SEGMENT = { timescale: 15_360, startTicks: 30_720, frameCount: 15 };

Deno.test("filterChain() puts the first frame at 0 on the segment's clock, before anything counts in it", () => {
  const chain = filterChain(DEFAULT_SETTINGS, { ...SEGMENT, endTicks: 46_080 });
  assertEquals(chain.startsWith("settb=1/15360,setpts=PTS-STARTPTS,trim=end_pts=15360,scale="), true, chain);
});

Deno.test("filterChain() drops no frame of a segment without an end", () => {
  assertEquals(filterChain(DEFAULT_SETTINGS, SEGMENT).includes("trim"), false);
});

const TO_30 = { ...DEFAULT_SETTINGS, frameRate: { num: 30_000, den: 1_001 } };
const CONVERTED = { ...SEGMENT, endTicks: 46_080, converted: { originTicks: 0, sourceFrameCount: 25 } };

Deno.test("filterChain() converts a rate in whole numbers, from where the whole video begins", () => {
  const chain = filterChain(TO_30, CONVERTED);
  // 30720 ticks are 59.94 frames: the first one lies 0.06 frames, or 921600 of 15375360 steps, later
  const frame = "if(gte(N,25),15,ceil((PTS/66*30000-921600)/15375360))";
  const expected = `settb=1/1013760,setpts='round(${frame}*1001*1013760/30000)',` +
    "fps=fps=30000/1001:start_time=0,settb=1/30000,scale=";
  assertStringIncludes(chain, expected);
  assertEquals(chain.includes("trim"), false);
  assertEquals([encodedTimescale(TO_30, CONVERTED), encodedTimescale(DEFAULT_SETTINGS, SEGMENT)], [
    30_000,
    15_360,
  ]);
});

Deno.test("filterChain() makes whole frames before it converts their rate", () => {
  const chain = filterChain({ ...TO_30, deinterlace: true }, CONVERTED);
  assertEquals([chain.indexOf("bwdif="), chain.indexOf("fps=fps=") > 0], [0, true]);
});

Deno.test("filterChain() counts the frames that are the segment's own, where it is asked to", () => {
  const counting = (segment: typeof CONVERTED | typeof SEGMENT) =>
    filterChain(TO_30, segment, { countsFrames: true });
  assertStringIncludes(counting(CONVERTED), ",select='if(lt(pts,15360),print(n+1,16),0)',settb=1/1013760,");
  assertEquals(filterChain(TO_30, CONVERTED).includes("print"), false);
  assertEquals(counting(SEGMENT).includes("print"), false);
});

const SIDES: [width: number, height: number, scale: string][] = [
  [0, 0, "scale=w=iw:h=ih:"],
  [0, 180, "scale=w=-2:h=180:"],
  [321, 0, "scale=w=322:h=-2:"],
  [640, 361, "scale=w=640:h=362:"],
];
for (const [width, height, scale] of SIDES) {
  Deno.test(`filterChain() asks for ${scale} given a width of ${width} and a height of ${height}`, () => {
    assertStringIncludes(filterChain({ ...DEFAULT_SETTINGS, width, height }, SEGMENT), scale);
  });
}

Deno.test("filterChain() cuts odd sides by a pixel, where the colours of the encoder's picture are coded at half", () => {
  const chain = filterChain(DEFAULT_SETTINGS, SEGMENT);
  assertEquals(chain.endsWith(",crop=w=trunc(iw/hsub)*hsub:h=trunc(ih/vsub)*vsub:x=0:y=0"), true, chain);
  assertEquals(filterChain({ ...DEFAULT_SETTINGS, codec: "vp9" }, SEGMENT).includes("crop"), false);
});

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
