import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  checkKey,
  checkVideoId,
  InvalidKeyError,
  isVideoId,
  MAX_CHUNK_INDEX,
  quoted,
} from "../../lib/store/shard_key.ts";

const refused: [string, string, string][] = [
  ["an empty one", "", "is empty"],
  ["one that leads out of the store", "../x", "slash"],
  ["one with a slash", "a/b", "slash"],
  ["one with a backslash", "a\\b", "backslash"],
  ["the folder itself", ".", "dot"],
  ["the folder above", "..", "dot"],
  ["a hidden name", ".hidden", "dot"],
  ["NUL", "a\0b", "control"],
  ["a line feed", "a\nb", "control"],
  ["DEL", "a\u007f", "control"],
  ["a C1 control", "a\u0085", "control"],
  ["the metadata folder", "metadata", "own folder"],
  ["the metadata folder in another case", "MetaData", "own folder"],
  ["a lone surrogate", "a\ud800", "well-formed"],
  ["201 bytes", "a".repeat(201), "at most 200 bytes"],
  ["101 characters of two bytes", "é".repeat(101), "at most 200 bytes"],
  ["ten megabytes", "a".repeat(1e7), "at most 200 bytes"],
];

for (const [what, videoId, why] of refused) {
  Deno.test(`checkVideoId() refuses ${what}`, () => {
    const error = assertThrows(() => checkVideoId(videoId), InvalidKeyError, why);
    assertEquals(error.field, "video_id");
    assertEquals(isVideoId(videoId), false);
  });
}

const accepted = [
  "a",
  "my video.mp4",
  "a_chunk_1",
  "a..b",
  "-rf",
  "é".repeat(100),
  "x".repeat(200),
  "фильм 🎬",
];

for (const videoId of accepted) {
  Deno.test(`checkVideoId() takes ${quoted(videoId)}`, () => {
    checkVideoId(videoId);
    assertEquals(isVideoId(videoId), true);
  });
}

for (const chunkIndex of [-1, 0.5, NaN, Infinity, MAX_CHUNK_INDEX + 1]) {
  Deno.test(`checkKey() refuses chunk_index ${chunkIndex}`, () => {
    const error = assertThrows(
      () => checkKey({ videoId: "a", chunkIndex }),
      InvalidKeyError,
      `${chunkIndex}`,
    );
    assertEquals(error.field, "chunk_index");
  });
}

Deno.test("checkKey() takes the first and the last chunk_index", () => {
  checkKey({ videoId: "a", chunkIndex: 0 });
  checkKey({ videoId: "a", chunkIndex: MAX_CHUNK_INDEX });
});

Deno.test("checkVideoId() lets nothing pass that is more than one segment of a path", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    fc.pre(isVideoId(text));
    const { pathname } = new URL(`file:///root/${encodeURIComponent(text)}/end`);
    assertEquals(pathname.split("/").map(decodeURIComponent), ["", "root", text, "end"]);
  }));
});

Deno.test("quoted() keeps text from outside on one line, and short", () => {
  assertEquals(quoted('a"b\n\u0085\u2028'), '"a\\"b\\n\\u0085\\u2028"');
  assertStringIncludes(quoted("a".repeat(1000)), "…");
  assertEquals(quoted("a".repeat(1000)).length < 210, true);
});
