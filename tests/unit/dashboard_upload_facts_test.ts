import { assertEquals, assertThrows } from "@std/assert";
import { readUploadFacts } from "../../lib/master/web/upload_facts.ts";
import { RequestError } from "../../lib/master/web/request_error.ts";
import { DEFAULT_QUERY, withField } from "../../lib/master/web/client/upload_query.ts";
import { pageFacts } from "../../lib/master/web/page.ts";
import { readUpload } from "../../lib/master/upload_order.ts";
import { CODECS } from "../../lib/encode/settings.ts";

const read = (query: string) => readUploadFacts(new URLSearchParams(query));

Deno.test("readUploadFacts() reads everything that can be said of a video", () => {
  const facts = read(
    "video_id=a&original_filename=%C3%A9&size_bytes=9000000000&container=mkv&audio=opus:96k&chunk_seconds=2.5&priority=-3" +
      "&codec=av1&crf=30&preset=slow&width=640&height=360&pixel_format=yuv420p10&keyframe_interval=50&deinterlace=true",
  );
  assertEquals({ ...facts }, {
    videoId: "a",
    originalFilename: "é",
    sizeBytes: 9_000_000_000,
    container: "mkv",
    audio: { codec: "opus", bitsPerSecond: 96_000 },
    chunkSeconds: 2.5,
    priority: -3,
    encode: {
      codec: "av1",
      rate: { kind: "crf", crf: 30 },
      preset: "slow",
      width: 640,
      height: 360,
      pixelFormat: "yuv420p10",
      keyframeInterval: 50,
      deinterlace: true,
    },
  });
});

Deno.test("readUploadFacts() leaves to the master what is not said", () => {
  const { encode, ...facts } = read("video_id=a");
  assertEquals(encode, {});
  assertEquals(Object.entries(facts).filter(([, value]) => value !== undefined), [["videoId", "a"]]);
});

Deno.test("readUploadFacts() gives a codec that comes alone its usual quality", () => {
  assertEquals(read("video_id=a&codec=vp9").encode, { codec: "vp9", rate: { kind: "crf", crf: 31 } });
});

const WRONG: readonly [query: string, field: string][] = [
  ["", "video_id"],
  ["video_id=a&video_id=b", "video_id"],
  ["video_id=a&codec=divx", "codec"],
  ["video_id=a&crf=low", "crf"],
  ["video_id=a&crf=NaN", "crf"],
  ["video_id=a&crf=Infinity", "crf"],
  ["video_id=a&crf=1e3", "crf"],
  ["video_id=a&crf=", "crf"],
  ["video_id=a&crf=20&bitrate=100000", "bitrate"],
  ["video_id=a&audio=mp3", "audio"],
  ["video_id=a&audio=opus:96", "audio"],
  ["video_id=a&deinterlace=1", "deinterlace"],
  ["video_id=a&container=avi", "container"],
  ["video_id=a&threads=64", "threads"],
  ["video_id=a&__proto__=x", "__proto__"],
  [`video_id=a&original_filename=${"x".repeat(1_001)}`, "original_filename"],
];

for (const [query, field] of WRONG) {
  Deno.test(`readUploadFacts() refuses ${query.slice(0, 60)}, and names ${field}`, () => {
    const error = assertThrows(() => read(query), RequestError);
    assertEquals((error as RequestError).field, field);
  });
}

Deno.test("all that the form can say at first, or after another codec was chosen, is what a master takes", () => {
  const { containers } = pageFacts(false);
  for (const codec of CODECS) {
    const query = withField({ ...DEFAULT_QUERY, container: "webm" }, "codec", codec, containers);
    const { settings } = readUpload(readUploadFacts(new URLSearchParams({ video_id: "a", ...query })));
    assertEquals(settings.encode.codec, codec);
  }
});
