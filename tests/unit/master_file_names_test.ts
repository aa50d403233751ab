import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { mediaTypeOf, resultFileName, sourceFileName } from "../../lib/master/file_names.ts";

const named = (originalFilename: string) => ({ originalFilename, videoId: "film" });

Deno.test("sourceFileName() keeps brackets, quotes, spaces and Unicode, and drops where it was", () => {
  assertEquals(sourceFileName(named("My [film]'s (1).mkv")), "My [film]'s (1).mkv");
  assertEquals(sourceFileName(named("映画 – été.mp4")), "映画 – été.mp4");
  assertEquals(sourceFileName(named("C:\\Users\\x\\film.mov")), "film.mov");
  assertEquals(sourceFileName(named("../../etc/passwd")), "passwd");
});

Deno.test("sourceFileName() takes the video_id where nothing is left of the name", () => {
  assertEquals(sourceFileName(named("")), "film");
  assertEquals(sourceFileName(named("...")), "film");
});

Deno.test("resultFileName() has the container's extension in place of the source's", () => {
  assertEquals(resultFileName(named("a.b.avi"), "mkv"), "a.b.mkv");
  assertEquals(resultFileName(named("a"), "mp4"), "a.mp4");
});

Deno.test("file names are one safe path segment, whatever the uploader said", () => {
  const anything = fc.string({ unit: "binary" });
  fc.assert(fc.property(anything, anything, (originalFilename, videoId) => {
    const names = { originalFilename, videoId };
    for (const made of [sourceFileName(names), resultFileName(names, "mp4")]) {
      assert(made !== "" && !/[/\\\p{Cc}<>:"|?*]/u.test(made) && !made.startsWith("."), made);
      assert(new TextEncoder().encode(made).length <= 255, made);
    }
  }));
});

Deno.test("mediaTypeOf() knows the containers that browsers play", () => {
  assertEquals(["a.mp4", "a.MKV", "a.webm", "a"].map(mediaTypeOf), [
    "video/mp4",
    "video/x-matroska",
    "video/webm",
    "application/octet-stream",
  ]);
});
