import { assertEquals, assertStringIncludes } from "@std/assert";
import { changeNotes, type PictureFacts } from "../../lib/encode/picture_facts.ts";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";

const PICTURE: PictureFacts = { width: 161, height: 121, pixelFormat: "yuv420p", fields: "whole", hdr: {} };

function note(source: PictureFacts, encoded: PictureFacts, settings = DEFAULT_SETTINGS): string {
  const notes = changeNotes(source, encoded, settings);
  assertEquals(notes.length, 1);
  return notes[0]!;
}

Deno.test("changeNotes() says nothing of what is kept, or was asked for", () => {
  assertEquals(changeNotes(PICTURE, PICTURE, DEFAULT_SETTINGS), []);
  const asked = { ...DEFAULT_SETTINGS, height: 60, pixelFormat: "yuv444p", deinterlace: true } as const;
  const encoded = { ...PICTURE, width: 80, height: 60, pixelFormat: "yuv444p" };
  assertEquals(changeNotes({ ...PICTURE, fields: "top first" }, encoded, asked), []);
});

Deno.test("changeNotes() names a pixel format that is converted, and sides that are cut", () => {
  const deep = { ...PICTURE, pixelFormat: "yuv420p12le" };
  assertStringIncludes(note(deep, { ...deep, pixelFormat: "yuv420p10le" }), "yuv420p12le, which");
  assertStringIncludes(note(PICTURE, { ...PICTURE, width: 160, height: 120 }), "161x121 is cut to 160x120");
});

Deno.test("changeNotes() names fields that the codec cannot state, and no others", () => {
  const interlaced = { ...PICTURE, fields: "bottom first" } as const;
  assertEquals(changeNotes(interlaced, interlaced, DEFAULT_SETTINGS), []);
  for (const codec of ["hevc", "vp9", "av1"] as const) {
    assertStringIncludes(note(interlaced, interlaced, { ...DEFAULT_SETTINGS, codec }), "interlaced");
  }
});

Deno.test("changeNotes() names HDR metadata that the codec has no place for, and no other", () => {
  const bright = { ...PICTURE, hdr: { contentLight: { max: 1_000, maxAverage: 400 } } };
  for (const codec of ["h264", "hevc", "av1"] as const) {
    assertEquals(changeNotes(bright, bright, { ...DEFAULT_SETTINGS, codec }), []);
  }
  assertStringIncludes(note(bright, bright, { ...DEFAULT_SETTINGS, codec: "vp9" }), "HDR");
});
