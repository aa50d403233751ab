import { assertRejects } from "@std/assert";
import { makeVideo, type MakeVideoOptions } from "../../lib/encode/make_video.ts";

const UNUSABLE: [name: string, options: MakeVideoOptions][] = [
  ["seconds", { seconds: 0 }],
  ["seconds", { seconds: Infinity }],
  ["width", { width: 321 }],
  ["height", { height: 16_386 }],
  ["frameRate.num", { frameRate: { num: 0, den: 1 } }],
  ["frameRate.den", { frameRate: { num: 30, den: 1.001 } }],
  ["keyframeInterval", { keyframeInterval: 0 }],
  ["bFrames", { bFrames: 17 }],
  ["crf", { crf: 52 }],
  ["tone", { tone: -220 }],
];
for (const [name, options] of UNUSABLE) {
  Deno.test(`makeVideo() refuses ${JSON.stringify(options)} and names ${name}`, async () => {
    await assertRejects(() => makeVideo("video.mp4", options), RangeError, name);
  });
}

Deno.test("makeVideo() refuses an extension that names no container", async () => {
  await assertRejects(() => makeVideo("video.txt"), RangeError, ".mp4, .mov, .mkv");
});
