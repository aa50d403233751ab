import { assertEquals, assertThrows } from "@std/assert";
import { element, elementSize, filler } from "../../lib/assemble/ebml_bytes.ts";
import { cuesWithin, withoutCarried } from "../../lib/assemble/extras.ts";
import type { Container } from "../../lib/assemble/output_container.ts";
import { subtitlesFor } from "../../lib/assemble/output_subtitles.ts";
import { plainText, webVttBlock } from "../../lib/assemble/subtitle_text.ts";
import { elementAt, elementsIn } from "../../lib/chunk/ebml.ts";
import { hasStyles, sampleText } from "../../lib/chunk/mp4_text.ts";
import type { Cue, SubtitleTrack } from "../../lib/chunk/subtitle_track.ts";

const ass = (text: string) => `0,0,Default,,0,0,0,,${text}`;

const PLAIN = [
  ["srt", "A <i>b</i> & <font color='#fff'>c</font>\r\nd", "A b & c\nd", true],
  ["srt", "3 < 4 <3 >", "3 < 4 <3 >", false],
  ["srt", "{\\an8}Up {not a place}", "Up {not a place}", true],
  ["ass", ass("{\\i1}One{\\i0}, two\\Nthree\\hfour"), "One, two\nthree\u00a0four", true],
  ["ass", ass("{\\p1}m 0 0 l 10 10{\\p0}Text"), "Text", true],
  ["ass", ass("{\\p4}m 0 0{\\c&H00FF00&} l 1 1"), "", true],
  ["ass", "broken", "", true],
  ["webvtt", "name\nposition:10%\n<v Bob>Hi &lt;there&gt; &amp;amp;</v>", "Hi <there> &amp;", true],
  ["webvtt", "\n\nHi\nthere", "Hi\nthere", false],
  ["tx3g", "A <b>", "A <b>", false],
] as const;

for (const [format, text, words, isPlainer] of PLAIN) {
  Deno.test(`plainText() gives the words of ${format}: ${JSON.stringify(text)}`, () => {
    assertEquals(plainText(text, format), { text: words, isPlainer });
  });
}

const AS_WEBVTT = [
  ["srt", "<I>a</I> & <b>b</b> <font size=1>c</font> 1 < 2\n\n\nd", "<i>a</i> &amp; <b>b</b> c 1 &lt; 2\nd"],
  ["srt", "a --> b", "a --&gt; b"],
  ["ass", ass("{\\b1}a\\N\\Nb"), "a\nb"],
  ["tx3g", "<x>", "&lt;x&gt;"],
] as const;

for (const [format, text, block] of AS_WEBVTT) {
  Deno.test(`webVttBlock() makes a block of ${format}: ${JSON.stringify(text)}`, () => {
    assertEquals(webVttBlock(text, format).text, `\n\n${block}`);
  });
}

function track(format: SubtitleTrack["format"], codecId: string, header?: Uint8Array): SubtitleTrack {
  return {
    ...{ id: 3, title: `subtitles (${codecId}, deu)`, format, codecId, languageCode: "deu", name: undefined },
    ...{ isDefault: true, isForced: false, header, packing: undefined, samples: undefined },
    readCues: () => Promise.resolve(undefined),
  };
}

const cue = (startSeconds: number, endSeconds: number, text: string): Cue => (
  { startSeconds, endSeconds, text, isStyled: false }
);
const SRT = track("srt", "S_TEXT/UTF8");

Deno.test("subtitlesFor() shows together in an MP4 what is shown at the same time, one sample after another", () => {
  const made = subtitlesFor("mp4", SRT, [cue(1, 4, "a"), cue(2, 3, "b"), cue(5, 6, "c"), cue(6, 7, "d")]);
  assertEquals(made?.cues, [
    { startSeconds: 1, endSeconds: 2, text: "a" },
    { startSeconds: 2, endSeconds: 3, text: "a\nb" },
    { startSeconds: 3, endSeconds: 4, text: "a" },
    { startSeconds: 5, endSeconds: 6, text: "c" },
    { startSeconds: 6, endSeconds: 7, text: "d" },
  ]);
  assertEquals(subtitlesFor("mkv", SRT, [cue(1, 4, "a"), cue(2, 3, "b")])?.cues.length, 2);
});

Deno.test("subtitlesFor() leaves to be named what cannot be read, has no words, or too many at a time", () => {
  assertEquals(subtitlesFor("mkv", SRT, []), undefined);
  assertEquals(subtitlesFor("mp4", SRT, [cue(0, 1, "<i></i>")]), undefined);
  const crowd = Array.from({ length: 50_000 }, (_, i) => cue(i / 1e6, 10, "x"));
  assertEquals(subtitlesFor("mp4", SRT, crowd), undefined);
  assertEquals(subtitlesFor("mkv", SRT, crowd)?.cues.length, 50_000);
});

const HEADER = Uint8Array.of(1, 2);
const TARGETS: readonly (readonly [SubtitleTrack, Container, string, string | undefined, boolean])[] = [
  [SRT, "mkv", "S_TEXT/UTF8", undefined, false],
  [SRT, "webm", "D_WEBVTT/SUBTITLES", "D_WEBVTT/SUBTITLES", false],
  [SRT, "mov", "tx3g", "tx3g", true],
  [track("ass", "S_TEXT/ASS", HEADER), "mkv", "S_TEXT/ASS", undefined, false],
  [track("ass", "S_TEXT/ASS", HEADER), "mp4", "tx3g", "tx3g", true],
  [track("webvtt", "D_WEBVTT/SUBTITLES"), "webm", "D_WEBVTT/SUBTITLES", undefined, false],
  [track("webvtt", "S_TEXT/WEBVTT"), "mkv", "D_WEBVTT/SUBTITLES", "D_WEBVTT/SUBTITLES", false],
  [track("tx3g", "tx3g", HEADER), "mp4", "tx3g", undefined, false],
  [track("tx3g", "tx3g"), "mkv", "S_TEXT/UTF8", "S_TEXT/UTF8", false],
];

for (const [source, container, codecId, to, isPlainer] of TARGETS) {
  Deno.test(`subtitlesFor() puts ${source.codecId} into ${container} as ${codecId}`, () => {
    const text = source.format === "ass"
      ? ass("{\\i1}Hello")
      : source.format === "srt"
      ? "<i>Hello</i>"
      : "\n\nHello";
    const made = subtitlesFor(container, source, [cue(0, 1, text)]);
    assertEquals([made?.codecId, made?.to, made?.isPlainer], [codecId, to, isPlainer]);
    assertEquals(made?.header, to === undefined ? source.header : undefined);
  });
}

Deno.test("subtitlesFor() says that styles are lost which a sample has apart from its text", () => {
  const made = subtitlesFor("mkv", track("tx3g", "tx3g", HEADER), [{ ...cue(0, 1, "a"), isStyled: true }]);
  assertEquals(made?.isPlainer, true);
});

Deno.test("subtitlesFor() has none for an MP4 with a pause that it cannot time, but for Matroska", () => {
  const apart = [cue(1, 2, "a"), cue(5_000_000, 5_000_001, "b")];
  assertEquals(subtitlesFor("mp4", SRT, apart), undefined);
  assertEquals(subtitlesFor("mkv", SRT, apart)?.cues.length, 2);
  assertEquals(subtitlesFor("mp4", SRT, apart.slice(1))?.cues.length, 1);
});

Deno.test("sampleText() and hasStyles() take a sample that is cut as far as it goes", () => {
  const styled = Uint8Array.of(0, 1, 0x41, 0, 0, 0, 8, ...new TextEncoder().encode("styl"));
  assertEquals([sampleText(styled, "tx3g"), hasStyles(styled)], ["A", true]);
  const encoded = Uint8Array.of(0, 1, 0x41, 0, 0, 0, 12, ...new TextEncoder().encode("encd"), 0, 0, 1, 0);
  assertEquals(hasStyles(encoded), false);
  for (const sample of [[], [0], [0, 9], [255, 255, 0x41]]) {
    assertEquals(hasStyles(Uint8Array.from(sample)), false);
    assertEquals(sampleText(Uint8Array.from(sample), "tx3g").length <= 1, true);
  }
});

Deno.test("cuesWithin() ends with the video what lasts longer, and takes none that is of another", () => {
  const cues = [cue(1, 2, "a"), cue(3, 1e9, "b"), cue(100, 1e9, "c")];
  assertEquals(cuesWithin(cues, 60).map(({ endSeconds }) => endSeconds), [2, 60, 110]);
  assertEquals(cuesWithin([...cues, cue(1e6, 1e6 + 1, "d")], 60), []);
});

Deno.test("withoutCarried() takes one name off for each that is carried", () => {
  assertEquals(withoutCarried(["a", "b", "a", "c"], ["a", "c"]), ["b", "a"]);
});

Deno.test("element() and filler() are read back, of any size", () => {
  for (const sizeBytes of [0, 1, 126, 127, 128, 300, 70_000]) {
    const [read] = elementsIn(element(0x45b9, new Uint8Array(sizeBytes)));
    assertEquals([read?.id, read?.bytes.length], [0x45b9, sizeBytes]);
  }
  for (const sizeBytes of [2, 3, 127, 128, 129, 136, 137, 70_000]) {
    const bytes = filler(sizeBytes);
    assertEquals([bytes.length, elementAt(bytes, 0)?.id, elementAt(bytes, 0)?.end], [
      sizeBytes,
      0xec,
      sizeBytes,
    ]);
  }
  assertThrows(() => filler(1), RangeError);
  assertEquals([...elementSize(5, 4)], [0x10, 0, 0, 5]);
  assertEquals([...element(0xd7, 300)], [0xd7, 0x82, 1, 44]);
});
