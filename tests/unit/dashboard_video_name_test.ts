import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { freeVideoId } from "../../lib/master/web/client/video_name.ts";
import { isVideoId } from "../../lib/store/shard_key.ts";

const NAMES: readonly [fileName: string, videoId: string][] = [
  ["film.mkv", "film.mkv"],
  ["Ein Film [1080p] 'x'.mkv", "Ein Film [1080p] 'x'.mkv"],
  ["..hidden/../x\\y\n.mp4", "hidden_.._x_y_.mp4"],
  ["", "video"],
  ["...", "video"],
  ["METADATA", "METADATA-2"],
];

for (const [fileName, videoId] of NAMES) {
  Deno.test(`freeVideoId() makes ${JSON.stringify(videoId)} of ${JSON.stringify(fileName)}`, () => {
    assertEquals(freeVideoId(fileName, () => false), videoId);
  });
}

Deno.test("freeVideoId() counts on where names are taken", () => {
  const taken = new Set(["film.mkv", "film-2.mkv", "film"]);
  assertEquals(freeVideoId("film.mkv", (name) => taken.has(name)), "film-3.mkv");
  assertEquals(freeVideoId("film", (name) => taken.has(name)), "film-2");
});

Deno.test("freeVideoId() gives a name that may be one, whatever the file is called", () => {
  const fileName = fc.string({ unit: "binary", maxLength: 300 });
  fc.assert(fc.property(fileName, fc.nat(2), (fileName, asked) => {
    let times = 0;
    assert(isVideoId(freeVideoId(fileName, () => times++ < asked)));
  }));
  assert(isVideoId(freeVideoId("🎬".repeat(200), () => false)));
});
