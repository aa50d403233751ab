import { assertEquals } from "@std/assert";
import type { OutputSubtitles } from "../../lib/assemble/output_subtitles.ts";
import { fitsTrack, textTracks, withTexts } from "../../lib/assemble/mp4_text_tracks.ts";
import { box, words } from "../../lib/chunk/mp4_box_bytes.ts";
import { boxesAt, boxesIn, letters } from "../../lib/chunk/mp4_boxes.ts";
import { chapterTrackIds, listedChapters } from "../../lib/chunk/mp4_chapters.ts";
import { trackId, trackTimescale } from "../../lib/chunk/mp4_movie.ts";
import { sampleTables, type TrackTables } from "../../lib/chunk/mp4_sample_tables.ts";
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

/** The tables that a track of text would get, as a writer makes them. */
async function tablesOf(texts: Parameters<typeof textTracks>[0], track = 0): Promise<TrackTables> {
  const moov = withTexts(movie(), texts, 3);
  const tables = sampleTables(trackTimescale([...boxesAt(moov, "trak")][2 + track]!));
  for await (const { timestamp, duration, byteLength } of textTracks(texts)[track]!.feed.packets) {
    tables.add({ seconds: timestamp, durationSeconds: duration, sizeBytes: byteLength, key: true });
  }
  return tables.finish();
}

Deno.test("textTracks() begins with the first text where an empty one before it could not be that long", async () => {
  const cue = (startSeconds: number) => ({ startSeconds, endSeconds: startSeconds + 2, text: "a" });
  const starts = async (startSeconds: number) => {
    const tables = await tablesOf({
      subtitles: [subtitles([cue(startSeconds), cue(startSeconds + 60)])],
      chapters: [],
    });
    return [tables.startSeconds, Math.round(tables.spanSeconds * 1000) / 1000];
  };
  assertEquals(await starts(4_000_000), [0, 4_000_062]);
  assertEquals(await starts(5_000_000), [5_000_000, 62.001]);
  assertEquals(await starts(1e12), [1e12, 62.001]);
});

Deno.test("fitsTrack() says whether 32 bits can say how long each text and each pause is", () => {
  const cue = (startSeconds: number, endSeconds: number) => ({ startSeconds, endSeconds });
  assertEquals(fitsTrack([]), true);
  assertEquals(fitsTrack([cue(1e12, 1e12 + 5), cue(1e12 + 4_000_000, 1e12 + 4_000_001)]), true);
  assertEquals(fitsTrack([cue(0, 1), cue(5_000_000, 5_000_001)]), false);
  assertEquals(fitsTrack([cue(0, 5_000_000)]), false);
});

Deno.test("textTracks() and withTexts() have no track of titles that 32 bits could not time, but the list of them", async () => {
  const cue = { startSeconds: 5_000_000, endSeconds: 5_000_001, text: "a" };
  const chapters = [
    { startSeconds: 0, endSeconds: 5_000_000, title: "A" },
    { startSeconds: 5_000_000, endSeconds: 5_000_001, title: "B" },
  ];
  const texts = { subtitles: [subtitles([cue])], chapters };
  assertEquals(textTracks(texts).length, 1);
  const moov = withTexts(movie(), texts, 3);
  const traks = [...boxesAt(moov, "trak")];
  assertEquals(traks.map(trackId), [1, 2, 3]);
  assertEquals(traks.map((trak) => [...chapterTrackIds(trak)]), [[], [], []]);
  assertEquals(listedChapters(moov)?.chapters.map(({ startSeconds }) => startSeconds), [0, 5_000_000]);
  const late = chapters.slice(1);
  assertEquals((await tablesOf({ subtitles: [], chapters: late })).startSeconds, 5_000_000);
});
