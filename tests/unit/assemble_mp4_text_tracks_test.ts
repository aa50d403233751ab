import { assertEquals } from "@std/assert";
import type { OutputSubtitles } from "../../lib/assemble/output_subtitles.ts";
import { textTracks, withTexts } from "../../lib/assemble/mp4_text_tracks.ts";
import { box, words } from "../../lib/chunk/mp4_box_bytes.ts";
import { boxesAt, boxesIn, letters } from "../../lib/chunk/mp4_boxes.ts";
import { chapterTrackIds, listedChapters } from "../../lib/chunk/mp4_chapters.ts";
import { trackId, trackTimescale } from "../../lib/chunk/mp4_movie.ts";
import type { SubtitleTrack } from "../../lib/chunk/subtitle_track.ts";
import { sampleText } from "../../lib/chunk/mp4_text.ts";

/** What a muxer gives for a picture and its sound, as far as it matters here. */
function movie(): DataView {
  const trak = (id: number, handler: string) =>
    box(
      "trak",
      box(
        "tkhd",
        words(0, 0, 0, id, 0, 0, 0, 0, 0, 0, 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0, 160 << 16, 120 << 16),
      ),
      box("mdia", box("hdlr", words(0, 0), new TextEncoder().encode(handler), words(0, 0, 0))),
    );
  const udta = box("udta", box("meta"));
  const bytes = box("moov", box("mvhd", words(0, 1, 2, 3)), trak(1, "vide"), trak(2, "soun"), udta);
  return new DataView(bytes.buffer, 8);
}

function subtitles(cues: OutputSubtitles["cues"]): OutputSubtitles {
  const track: SubtitleTrack = {
    ...{
      id: 9,
      title: "subtitles",
      format: "srt",
      codecId: "S_TEXT/UTF8",
      languageCode: "deu",
      name: "Für alle",
    },
    ...{ isDefault: true, isForced: true, header: undefined, packing: undefined, samples: undefined },
    readCues: () => Promise.resolve([]),
  };
  return { track, codecId: "tx3g", header: undefined, cues, to: "tx3g", isPlainer: false };
}

const CHAPTERS = [
  { startSeconds: 0, endSeconds: 60, title: "Anfang – ü" },
  { startSeconds: 60, endSeconds: 90, title: "é".repeat(300) },
];

Deno.test("withTexts() adds tracks behind those that there are, and what refers to them", () => {
  const cues = [{ startSeconds: 1, endSeconds: 2, text: "a" }];
  const moov = withTexts(movie(), { subtitles: [subtitles(cues)], chapters: CHAPTERS }, 3);
  const traks = [...boxesAt(moov, "trak")];
  assertEquals(traks.map(trackId), [1, 2, 3, 4]);
  assertEquals(traks.slice(2).map((trak) => letters([...boxesAt(trak, "mdia", "hdlr")][0]!, 8)), [
    "sbtl",
    "text",
  ]);
  assertEquals(traks.map((trak) => [...chapterTrackIds(trak)]), [[4], [], [], []]);
  const [mvhd] = boxesAt(moov, "mvhd");
  assertEquals(mvhd!.getUint32(12), 5, "the next number that is free");
  assertEquals([...boxesAt(moov, "udta")].flatMap((udta) => [...boxesIn(udta)].map(({ type }) => type)), [
    "meta",
    "chpl",
  ]);
});

Deno.test("withTexts() lists chapters, their titles cut where a byte cannot say how long they are", () => {
  const many = Array.from({ length: 300 }, (_, minute) => (
    { startSeconds: 60 * minute, endSeconds: 60 * minute + 60, title: "é".repeat(200) }
  ));
  const listed = listedChapters(withTexts(movie(), { subtitles: [], chapters: many }, 3))!.chapters;
  assertEquals([listed.length, listed[254]?.startSeconds], [255, 254 * 60]);
  assertEquals(listed[0]?.title, "é".repeat(127));
});

Deno.test("withTexts() takes a coarser clock where 32 bits would be too few", () => {
  const timescale = (endSeconds: number) => {
    const texts = { subtitles: [subtitles([{ startSeconds: 1, endSeconds, text: "a" }])], chapters: [] };
    return trackTimescale([...boxesAt(withTexts(movie(), texts, 3), "trak")].at(-1)!);
  };
  assertEquals([timescale(86_400), timescale(200_000)], [30_000, 1_000]);
});

Deno.test("textTracks() fills the time between texts with empty ones, and ends with one", async () => {
  const cues = [
    { startSeconds: 1, endSeconds: 2, text: "a" },
    { startSeconds: 2, endSeconds: 3, text: "ü".repeat(40_000) },
    { startSeconds: 5, endSeconds: 6, text: "", sample: Uint8Array.of(0, 1, 0x41, 9) },
  ];
  const [track] = textTracks({ subtitles: [subtitles(cues)], chapters: [] });
  const packets = await Array.fromAsync(track!.feed.packets);
  assertEquals(track!.mostPackets, packets.length);
  assertEquals(
    packets.map(({ timestamp, duration, data }) => [timestamp, duration, sampleText(data, "tx3g").length]),
    [
      [0, 1, 0],
      [1, 1, 1],
      [2, 1, 32_767],
      [3, 2, 0],
      [5, 1, 1],
      [6, 0, 0],
    ],
  );
  assertEquals([...packets[4]!.data], [0, 1, 0x41, 9]);
});
