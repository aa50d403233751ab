import { assertEquals } from "@std/assert";
import type { JobView } from "../../lib/master/job_view.ts";
import { nameOf } from "../../lib/master/web/client/job_texts.ts";

const named = (originalFilename: string, videoId = "id") => nameOf({ originalFilename, videoId } as JobView);

Deno.test("nameOf() is the file's name, or else the video's", () => {
  assertEquals([named("Film 1.mp4"), named("", "film.mp4")], ["Film 1.mp4", "film.mp4"]);
});

Deno.test("nameOf() shows every character that would turn the direction of what follows", () => {
  const turning =
    "\u{61C}\u{200E}\u{200F}\u{202A}\u{202B}\u{202C}\u{202D}\u{202E}\u{2066}\u{2067}\u{2068}\u{2069}";
  for (const character of turning) {
    assertEquals(named(`a${character}b${character}c`), "a\u{FFFD}b\u{FFFD}c");
    assertEquals(named("", `a${character}b`), "a\u{FFFD}b");
  }
});

Deno.test("nameOf() leaves letters as they are, those from right to left too", () => {
  for (const name of ["שלום.mp4", "سلام (1).mkv", "Ein Film – Teil 2.webm", "🎬.mp4"]) {
    assertEquals(named(name), name);
  }
});
