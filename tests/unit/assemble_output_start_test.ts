import { assertEquals } from "@std/assert";
import { lateStartNote, startedVideo } from "../../lib/assemble/output_start.ts";
import type { Chapter } from "../../lib/chunk/chapters.ts";
import type { VideoPlan } from "../../lib/chunk/keyframe_segments.ts";
import { PacketTable } from "../../lib/chunk/packet_table.ts";
import { planSegments } from "../../lib/chunk/plan_segments.ts";
import type { SourceFile } from "../../lib/chunk/source_file.ts";
import type { StoredTrack } from "../../lib/chunk/stored_track.ts";
import type { Cue } from "../../lib/chunk/subtitle_track.ts";
import { evenPackets } from "./chunk_synthetic_video.ts";

const TIMESCALE = 25;

/** Four frames and two segments from `seconds` on. */
function planAt(seconds: number): VideoPlan {
  const packets = evenPackets(4, 2).map((packet) => ({
    ...packet,
    ticks: packet.ticks + seconds * TIMESCALE,
  }));
  const plan = planSegments(PacketTable.from(packets), { kind: "bytes", bytes: 1 }, TIMESCALE);
  const endTicks = 4 + seconds * TIMESCALE;
  return { ...plan, endTicks, hiddenFirst: 0, hiddenLast: 0, parametersChangeAt: undefined };
}

const cue = (startSeconds: number): Cue => ({
  startSeconds,
  endSeconds: startSeconds + 1,
  text: "words",
  isStyled: false,
});
const chapter = (startSeconds: number): Chapter => ({ startSeconds, endSeconds: undefined, title: "one" });

/** Something of one block, as a file has it that is read as it is stored. */
function storedAt(seconds: number): StoredTrack {
  const index = {
    ...{ length: 1, timescale: 1, ticks: Float64Array.of(seconds), durationTicks: Float64Array.of(1) },
    ...{ positions: Float64Array.of(0), sizesBytes: Uint32Array.of(1), keys: Uint8Array.of(1) },
    displayOrder: undefined,
  };
  return {
    kind: "matroska",
    ...{ id: 3, isSound: false, title: "subtitles", entry: new Uint8Array(), delaySeconds: 0 },
    readIndex: () => Promise.resolve(index),
    packets: async function* () {},
  };
}

function sourceWith(
  cues: readonly Cue[],
  chapters: readonly Chapter[],
  stored: readonly StoredTrack[],
): SourceFile {
  const subtitles = [{
    title: "subtitles",
    format: "srt",
    codecId: "S_TEXT/UTF8",
    readCues: () => Promise.resolve(cues),
  }];
  const readChapters = chapters.length > 0 ? () => Promise.resolve({ chapters, omitted: 0 }) : undefined;
  return { audio: [], subtitles, stored, readChapters } as unknown as SourceFile;
}

async function started(
  seconds: number,
  start: "source" | "zero" | undefined,
  { cues = [], chapters = [], stored = [] }: {
    cues?: readonly Cue[];
    chapters?: readonly Chapter[];
    stored?: readonly StoredTrack[];
  } = {},
) {
  const plan = planAt(seconds);
  const source = sourceWith(cues, chapters, stored);
  const video = await startedVideo({ plan, source, path: "out.mkv", audio: "copy", start });
  return {
    late: video.lateStartSeconds,
    shown: [...video.plan.shownTicks],
    end: video.plan.endTicks,
    segments: video.plan.segments.map(({ startTicks, endTicks }) => [startTicks, endTicks]),
    cues: (await video.source.subtitles[0]!.readCues())!.map(({ startSeconds, endSeconds }) => [
      startSeconds,
      endSeconds,
    ]),
    chapters: (await video.source.readChapters?.())?.chapters.map(({ startSeconds }) => startSeconds),
    delays: video.source.stored.map(({ delaySeconds }) => delaySeconds),
    isAsItWas: video.plan === plan && video.source === source,
  };
}

Deno.test("startedVideo() leaves all times as they are unless told otherwise, and says when they are late", async () => {
  for (const start of [undefined, "source"] as const) {
    assertEquals(await started(60, start).then(({ late, isAsItWas }) => [late, isAsItWas]), [
      undefined,
      true,
    ]);
    assertEquals(await started(61, start).then(({ late, isAsItWas }) => [late, isAsItWas]), [61, true]);
  }
  assertEquals((await started(90, undefined, { cues: [cue(70)], chapters: [chapter(80)] })).late, 70);
  assertEquals((await started(90, undefined, { chapters: [chapter(0)] })).late, undefined);
});

Deno.test("startedVideo() takes one offset off everything, so that the earliest begins at 0", async () => {
  const alone = await started(40_000, "zero");
  assertEquals(alone, {
    ...{ late: undefined, shown: [0, 1, 2, 3], end: 4, isAsItWas: false },
    ...{ segments: [[0, 2], [2, undefined]], cues: [], chapters: undefined, delays: [] },
  });
  const both = await started(40_000, "zero", {
    cues: [cue(39_999), cue(40_000)],
    chapters: [chapter(40_000)],
  });
  assertEquals(both.shown, [25, 26, 27, 28]);
  assertEquals(both.cues, [[0, 1], [1, 2]]);
  assertEquals(both.chapters, [1]);
  const chaptersFirst = await started(40_000, "zero", { cues: [cue(40_000)], chapters: [chapter(39_998)] });
  assertEquals([chaptersFirst.shown[0], chaptersFirst.cues, chaptersFirst.chapters], [50, [[2, 3]], [0]]);
  const storedFirst = await started(40_000, "zero", { stored: [storedAt(39_998)] });
  assertEquals([storedFirst.shown[0], storedFirst.delays], [50, [39_998]]);
});

Deno.test("startedVideo() has nothing to do where something begins at 0, or before", async () => {
  assertEquals((await started(0, "zero")).isAsItWas, true);
  assertEquals((await started(-1, "zero")).isAsItWas, true);
  assertEquals((await started(1, "zero", { chapters: [chapter(0)] })).isAsItWas, true);
  assertEquals((await started(1, "zero")).shown, [0, 1, 2, 3]);
});

Deno.test("lateStartNote() gives hours, minutes and seconds", () => {
  assertEquals(lateStartNote(40_000.9), "Begins at 11:06:40, as its source does");
  assertEquals(lateStartNote(61), "Begins at 0:01:01, as its source does");
});
