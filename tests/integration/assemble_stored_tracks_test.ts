/** What no muxer knows goes into another file of its kind as it is stored, and is named where that cannot be. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { assemble, type AssembleResult } from "../../lib/assemble/assemble.ts";
import type { AudioMode } from "../../lib/assemble/audio_plan.ts";
import { element } from "../../lib/assemble/ebml_bytes.ts";
import { type OutputStart, startedVideo } from "../../lib/assemble/output_start.ts";
import { mediaFile } from "../media/make_media.ts";
import { MATROSKA_ID as ID, type Rewrite, rewritten } from "../media/matroska_rewrite.ts";
import { MEDIA_CASES } from "../media/media_cases.ts";
import { complaints, probeFile, probePackets, toNumber } from "../media/probe.ts";
import { runFfmpeg } from "../media/run_ffmpeg.ts";
import { disableTrack } from "../media/stored_blocks.ts";
import { copies, planned } from "./assemble_fixture.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";

function test(behaviour: string, fn: (folder: string) => Promise<void>): void {
  Deno.test({
    name: HAS_FFMPEG ? behaviour : `${behaviour} ${WITHOUT_FFMPEG}`,
    ignore: !HAS_FFMPEG,
    async fn() {
      await using folder = await temporaryFolder();
      await fn(folder.path);
    },
  });
}

const made = async (file: string) => await mediaFile(MEDIA_CASES.find((media) => media.file === file)!);

interface CopyOptions {
  readonly audio?: AudioMode;
  readonly start?: OutputStart;
}

async function copied(
  input: string,
  path: string,
  { audio = "copy", start = "source" }: CopyOptions = {},
): Promise<AssembleResult> {
  using video = await planned(input, { kind: "seconds", seconds: 1 });
  const shards = copies(video.source, video.plan);
  return await assemble({
    ...await startedVideo({ ...video, path, audio, start }),
    path,
    shards,
    copied: true,
    audio,
  });
}

/** A file of the cases, written again. */
async function changed(file: string, folder: string, rewrite: Rewrite): Promise<string> {
  const path = join(folder, "changed.mkv");
  await Deno.writeFile(path, rewritten(await Deno.readFile(await made(file)), rewrite));
  return path;
}

/** Where subtitles stand in the cases. */
const SUBTITLES = 3;
const isOfSubtitles = (id: number, bytes: Uint8Array) =>
  (id === ID.SimpleBlock || id === ID.Block) && bytes[0] === (0x80 | SUBTITLES);

interface TrackFacts {
  readonly packets: readonly Readonly<Record<string, string>>[];
  readonly streams: readonly Readonly<Record<string, unknown>>[];
}

/** By ffprobe, all that it says of a track and of its packets but where they are. */
async function trackFacts(path: string, stream: string): Promise<TrackFacts> {
  const { stdout } = await runFfmpeg("ffprobe", [
    ...["-select_streams", stream, "-show_data_hash", "sha256", "-of", "json", "-show_entries"],
    "packet=pts_time,duration_time,data_hash:stream=codec_name,extradata_hash,channels,sample_rate:" +
    "stream_tags=language,title:stream_disposition=default,forced,comment",
    path,
  ]);
  const { packets, streams } = JSON.parse(stdout) as TrackFacts;
  return { packets, streams: streams.map((stream) => ({ tags: {}, ...stream })) };
}

for (
  const [file, stream, title, mp4] of [
    ["pgs.mkv", "s:0", "subtitles (S_HDMV/PGS, deu)", "named"],
    ["pgs_zlib.mkv", "s:0", "subtitles (S_HDMV/PGS, deu)", "named"],
    ["vobsub.mkv", "s:0", "subtitles (S_VOBSUB, deu)", "named"],
    ["dvbsub.mkv", "s:0", "subtitles (S_DVBSUB, deu)", "named"],
    ["alac.mkv", "a:0", "audio track 1 (alac, und)", "encoded"],
    ["truehd.mkv", "a:0", "audio track 1 (truehd, und)", "encoded"],
    ["mp2.mkv", "a:0", "audio track 1 (mp2, und)", "encoded"],
    ["wavpack.mkv", "a:0", "audio track 1 (A_WAVPACK4, und)", "named"],
    ["sound_compressed.mkv", "a:0", "audio track (A_AC3, und), which is compressed (zlib)", "named"],
  ] as const
) {
  test(`${file}: what no muxer knows is the same, packet for packet, in another .mkv, and is ${mp4} for .mp4`, async (folder) => {
    const input = await made(file);
    const path = join(folder, "out.mkv");
    const result = await copied(input, path);
    assertEquals(result.notCarried, []);
    assertEquals(
      result.audioTracks.filter((audio) => audio.title === title),
      stream === "a:0" ? [{ title, kind: "copied" }] : [],
    );
    assertEquals(await trackFacts(path, stream), await trackFacts(input, stream));
    // Of TrueHD's packets several have the same time by Matroska's clock, which FFmpeg has words for.
    if (await complaints(input) === "") assertEquals(await complaints(path), "");
    const again = join(folder, "again.mkv");
    await copied(path, again);
    assertEquals(await trackFacts(again, stream), await trackFacts(input, stream));
    const other = await copied(input, join(folder, "out.mp4"));
    const encoded = other.audioTracks.filter(({ kind }) => kind === "encoded").map(({ title }) => title);
    assertEquals([encoded, other.notCarried], mp4 === "encoded" ? [[title], []] : [[], [title]]);
  });
}

/** Without what lasts for no time, as the end of a text does: FFmpeg takes it for hidden behind an edit list. */
async function shownFacts(path: string, stream: string): Promise<unknown> {
  const { packets, streams } = await trackFacts(path, stream);
  return { packets: packets.filter(({ duration_time }) => Number(duration_time) > 0), streams };
}

for (
  const [file, stream, title] of [
    ["vobsub.mp4", "s:0", "subtitles"],
    ["telemetry.mp4", "d:0", "metadata track"],
    ["timecode.mp4", "d:0", "timecode track"],
    ["timecode.mov", "d:0", "timecode track"],
  ] as const
) {
  for (const extension of ["mp4", "mov"]) {
    test(`${file}: what no muxer knows is the same, sample for sample, in .${extension}, and is named for .mkv`, async (folder) => {
      const input = await made(file);
      const path = join(folder, `out.${extension}`);
      assertEquals((await copied(input, path)).notCarried, []);
      assertEquals(await shownFacts(path, stream), await shownFacts(input, stream));
      assertEquals(await complaints(path), "");
      const again = join(folder, `again.${extension}`);
      await copied(path, again);
      assertEquals(await shownFacts(again, stream), await shownFacts(input, stream));
      assertEquals((await copied(input, join(folder, "out.mkv"))).notCarried, [title]);
    });
  }
}

test("ALAC as QuickTime describes it is the same in .mov", async (folder) => {
  const input = await made("alac.mov");
  const path = join(folder, "out.mov");
  assertEquals((await copied(input, path)).audioTracks.map(({ kind }) => kind), ["copied"]);
  assertEquals(await trackFacts(path, "a:0"), await trackFacts(input, "a:0"));
  assertEquals(await complaints(path), "");
});

test("pictures keep their timecode, beside chapters", async (folder) => {
  const input = join(folder, "both.mov");
  const chapters = await made("chapters.mov");
  await runFfmpeg("ffmpeg", [
    ...[
      "-i",
      await made("timecode.mov"),
      "-i",
      chapters,
      "-map",
      "0",
      "-map_chapters",
      "1",
      "-c",
      "copy",
      input,
    ],
  ]);
  const timecodesOf = async (path: string) => {
    const file = await probeFile(path);
    return {
      timecodes: file.streams.map(({ kind, tags }) => [kind, tags.timecode]),
      chapters: file.chapters.map(({ title }) => title),
    };
  };
  for (const extension of ["mp4", "mov"]) {
    const path = join(folder, `out.${extension}`);
    await copied(input, path);
    const { timecodes, chapters } = await timecodesOf(path);
    assertEquals(chapters, ["First", "Second"]);
    // FFmpeg gives the pictures the timecode of the track that they refer to.
    assertEquals(timecodes.filter(([, timecode]) => timecode), [["video", "01:00:00:00"], [
      "data",
      "01:00:00:00",
    ]]);
  }
});

test("names, roles and flags of subtitles that are pictures are those of the source", async (folder) => {
  const input = join(folder, "named.mkv");
  await runFfmpeg("ffmpeg", [
    ...["-i", await made("pgs.mkv"), "-map", "0", "-c", "copy", "-metadata:s:s:0", "title=Für alle"],
    ...["-disposition:s:0", "forced+comment", input],
  ]);
  const path = join(folder, "out.mkv");
  await copied(input, path);
  const { streams } = await probeFile(path);
  const { tags, dispositions } = streams.find(({ kind }) => kind === "subtitle")!;
  assertEquals([tags.title, tags.language], ["Für alle", "deu"]);
  assertEquals(dispositions.filter((name) => name !== "default").sort(), ["comment", "forced"]);
  assertEquals(await trackFacts(path, "s:0"), await trackFacts(input, "s:0"));
});

test("a track that is switched off stays so, of text and of pictures", async (folder) => {
  for (const file of ["subtitles_srt.mkv", "pgs.mkv"]) {
    const input = join(folder, file);
    await Deno.writeFile(input, disableTrack(SUBTITLES)([await Deno.readFile(await made(file))]));
    const path = join(folder, `out_${file}`);
    assertEquals((await copied(input, path)).notCarried, []);
    assertEquals(await trackFacts(path, "s:0"), await trackFacts(input, "s:0"));
    const flags: number[] = [];
    rewritten(await Deno.readFile(path), (id, bytes) => {
      if (id === ID.TrackEntry) flags.push(hasDisabled(bytes) ? 0 : 1);
      return undefined;
    });
    assertEquals(flags, [1, 1, 0]);
  }
});

/** FlagEnabled 0. */
const hasDisabled = (entry: Uint8Array) => entry.toHex().includes("b98100");

test("sound that no muxer knows is encoded or left out where that is asked for", async (folder) => {
  const files = { readable: await made("truehd.mkv"), unreadable: await made("wavpack.mkv") };
  const resultsOf = async (audio: AudioMode) => {
    const names = Object.keys(files) as (keyof typeof files)[];
    return await Promise.all(names.map(async (name) => {
      const { audioTracks, notCarried } = await copied(files[name], join(folder, `${name}.mkv`), { audio });
      return { kinds: audioTracks.map(({ kind }) => kind), notCarried };
    }));
  };
  assertEquals(await resultsOf("none"), [{ kinds: [], notCarried: [] }, { kinds: [], notCarried: [] }]);
  assertEquals(await resultsOf({ codec: "opus" }), [
    { kinds: ["encoded"], notCarried: [] },
    { kinds: [], notCarried: ["audio track 1 (A_WAVPACK4, und)"] },
  ]);
});

test("what is stored begins with the pictures where an output is to begin at 0", async (folder) => {
  const input = join(folder, "late.mkv");
  await runFfmpeg("ffmpeg", [
    ...["-i", await made("vobsub.mkv"), "-map", "0", "-c", "copy", "-output_ts_offset", "100", input],
  ]);
  const path = join(folder, "zero.mkv");
  await copied(input, path, { start: "zero" });
  const timesOf = async (path: string, stream: string) =>
    (await probePackets(path, stream)).map(({ shown }) => toNumber(shown!));
  const [early] = await timesOf(path, "v:0");
  assert(early! < 0.1, `${early}`);
  const [late] = await timesOf(input, "v:0");
  const expected = (await timesOf(input, "s:0")).map((time) => time - (late! - early!));
  for (const [index, time] of (await timesOf(path, "s:0")).entries()) {
    assert(Math.abs(time - expected[index]!) <= 0.0011, `${time}, not ${expected[index]}`);
  }
});

const NAMED: Readonly<Record<string, Rewrite>> = {
  "several frames in a block": (id, bytes) => {
    if (!isOfSubtitles(id, bytes)) return undefined;
    const laced = bytes.slice();
    laced[3]! |= 0x02;
    return element(id, laced);
  },
  "facts of single blocks": (id, bytes) =>
    id === ID.BlockGroup && bytes[2] === (0x80 | SUBTITLES) || isOfSubtitles(id, bytes)
      ? element(
        ID.BlockGroup,
        id === ID.BlockGroup ? bytes : element(ID.Block, bytes),
        element(BLOCK_ADDITIONS, element(0xa6, element(0xa5, 1))),
      )
      : undefined,
  "an entry without end": (id, bytes) =>
    id === ID.TrackEntry && bytes.includes(0xd7) && bytes[bytes.indexOf(0xd7) + 2] === SUBTITLES
      ? element(id, bytes, element(CODEC_PRIVATE, new Uint8Array(2 ** 20)))
      : undefined,
};
const [BLOCK_ADDITIONS, CODEC_PRIVATE] = [0x75a1, 0x63a2] as const;

for (const [what, rewrite] of Object.entries(NAMED)) {
  test(`subtitles that are pictures are named, not carried, where they have ${what}`, async (folder) => {
    const input = await changed("pgs.mkv", folder, rewrite);
    const path = join(folder, "out.mkv");
    assertEquals((await copied(input, path)).notCarried, ["subtitles (S_HDMV/PGS, deu)"]);
    assertEquals((await probeFile(path)).streams.map(({ kind }) => kind), ["video", "audio"]);
  });
}

test("a block that would last for years lasts no longer than the video and 10 s", async (folder) => {
  const input = await changed(
    "vobsub.mkv",
    folder,
    (id) => id === BLOCK_DURATION ? element(id, 2 ** 31) : undefined,
  );
  const path = join(folder, "out.mkv");
  assertEquals((await copied(input, path)).notCarried, []);
  const ends = (await probePackets(path, "s:0")).map(({ shown, duration }) =>
    toNumber(shown!) + toNumber(duration!)
  );
  assertEquals(ends.map(Math.round), [13, 13]);
});
const BLOCK_DURATION = 0x9b;
