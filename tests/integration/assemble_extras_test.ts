/** Chapters and subtitles through a split and a join, as ffprobe and ffmpeg read them before and after. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import type { AssembleResult } from "../../lib/assemble/assemble.ts";
import { checkFrames } from "../../lib/assemble/check_frames.ts";
import { planSource } from "../../lib/chunk/keyframe_segments.ts";
import { openSource } from "../../lib/chunk/source_file.ts";
import { makeMedia, mediaFile } from "../media/make_media.ts";
import type { MediaCase, TextFile } from "../media/media_case.ts";
import { MEDIA_CASES } from "../media/media_cases.ts";
import { complaints, type ProbedStream, probeFile, probePackets } from "../media/probe.ts";
import { copyThrough } from "../media/round_trip.ts";
import { runFfmpeg } from "../media/run_ffmpeg.ts";
import { assertSameBytes } from "./same_bytes.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** An MP4's own clock, and Matroska's, with what ffmpeg rounds off. */
const TOLERANCE_SECONDS = 0.0011;

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: HAS_FFMPEG ? name : `${name} ${WITHOUT_FFMPEG}`, ignore: !HAS_FFMPEG, fn });
}

async function made(file: string): Promise<string> {
  return await mediaFile(MEDIA_CASES.find((media) => media.file === file)!);
}

/** Splits the video at `input` and puts its chunks together at `path`. */
async function through(input: string, path: string): Promise<AssembleResult> {
  using source = await openSource(input);
  const plan = await planSource(source, { kind: "seconds", seconds: 1 });
  const result = await copyThrough({ source, plan, path });
  await checkFrames(plan, path);
  assertEquals(await complaints(path), "");
  return result;
}

interface Shown {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What a track of subtitles says, and when, without its markup. */
async function shownBy(path: string, track = 0): Promise<Shown[]> {
  const { stdout } = await runFfmpeg("ffmpeg", [
    "-copyts",
    "-i",
    path,
    "-map",
    `0:s:${track}`,
    "-f",
    "srt",
    "-",
  ]);
  return stdout.replaceAll("\r", "").split("\n\n").flatMap((block) => {
    const [, times = "", ...text] = block.split("\n");
    if (!times.includes("-->")) return [];
    const [start, end] = times.split(" --> ").map(secondsOf);
    return [{ start: start!, end: end!, text: text.join("\n").replace(/<\/?[a-z][^>]*>|\{\\[^}]*\}/gi, "") }];
  });
}

function secondsOf(time: string): number {
  const [hours, minutes, seconds] = time.replace(",", ".").split(":").map(Number);
  return hours! * 3600 + minutes! * 60 + seconds!;
}

function assertSameShown(actual: readonly Shown[], expected: readonly Shown[]): void {
  assertEquals(actual.map(({ text }) => text), expected.map(({ text }) => text));
  for (const [index, { start, end }] of actual.entries()) {
    const off = Math.max(Math.abs(start - expected[index]!.start), Math.abs(end - expected[index]!.end));
    assert(off <= TOLERANCE_SECONDS, `text ${index} is ${off} s off`);
  }
}

async function subtitlesOf(path: string): Promise<readonly ProbedStream[]> {
  return (await probeFile(path)).streams.filter(({ kind }) => kind === "subtitle");
}

/** By source and output: what ffprobe calls the format there, and what the result says of it. */
const SUBTITLES: readonly (readonly [file: string, extension: string, codec: string, converted: string[]])[] =
  [
    ["subtitles.mp4", "mp4", "mov_text", []],
    ["subtitles.mp4", "mkv", "subrip", ["subtitles -> S_TEXT/UTF8, without their styles and places"]],
    ["subtitles_srt.mkv", "mkv", "subrip", []],
    ["subtitles_srt.mkv", "mov", "mov_text", [
      "subtitles (S_TEXT/UTF8, deu) -> tx3g, without their styles and places",
    ]],
    ["subtitles_ass.mkv", "mkv", "ass", []],
    ["subtitles_ass.mkv", "mp4", "mov_text", [
      "subtitles (S_TEXT/ASS, deu) -> tx3g, without their styles and places",
    ]],
  ];

for (const [file, extension, codec, converted] of SUBTITLES) {
  test(`assemble() carries the subtitles of ${file} to .${extension} as ${codec}`, async () => {
    await using folder = await temporaryFolder();
    const [input, path] = [await made(file), join(folder.path, `out.${extension}`)];
    const result = await through(input, path);
    assertEquals([result.converted, result.notCarried], [converted, []]);
    const [track, ...more] = await subtitlesOf(path);
    assertEquals([track?.codec, track?.tags.language, more.length], [codec, "deu", 0]);
    const shown = await shownBy(path);
    assertSameShown(shown, await shownBy(input));
    assertEquals(shown.map(({ text }) => text), ["Hello", "World"]);
    if (converted.length === 0) assertEquals(await packetHashes(path), await packetHashes(input));
    if (codec === "ass") assertEquals(await headerHash(path), await headerHash(input));
  });
}

/** Of those packets of the first track of subtitles that have text. */
async function packetHashes(path: string): Promise<string[]> {
  const packets = await probePackets(path, "s:0");
  return packets.filter(({ sizeBytes }) => sizeBytes > 2).map(({ sha256 }) => sha256);
}

/** Of the styles that come before them. */
async function headerHash(path: string): Promise<unknown> {
  const { stdout } = await runFfmpeg("ffprobe", [
    ...["-select_streams", "s:0", "-show_streams", "-show_data_hash", "sha256", "-of", "json", path],
  ]);
  const [stream] = JSON.parse(stdout).streams;
  assert(stream.extradata_size > 0);
  return stream.extradata_hash;
}

const CHAPTERS: readonly (readonly [file: string, extension: string])[] = [
  ["chapters.mp4", "mp4"],
  ["chapters.mp4", "mkv"],
  ["chapters.mov", "mov"],
  ["chapters.mov", "mkv"],
  ["chapters.mkv", "mkv"],
  ["chapters.mkv", "mp4"],
];

for (const [file, extension] of CHAPTERS) {
  test(`assemble() carries the chapters of ${file} to .${extension}, and the tags`, async () => {
    await using folder = await temporaryFolder();
    const [input, path] = [await made(file), join(folder.path, `out.${extension}`)];
    const result = await through(input, path);
    assertEquals([result.converted, result.notCarried], [[], []]);
    const { chapters, tags } = await probeFile(path);
    assertEquals(chapters.map(({ title }) => title), ["First", "Second"]);
    assertEquals(chapters.map(({ start, end }) => [Number(start), Number(end)]), [[0, 1.5], [1.5, 3]]);
    assertEquals(tags.title, "A film");
  });
}

const SRT = `1
00:00:00,500 --> 00:00:02,000
Eins & <b>zwei</b>

2
00:00:01,000 --> 00:00:02,500
{\\an8}Drei < vier
<i>fünf</i>

`;
const VTT = `WEBVTT

00:00:00.400 --> 00:00:01.500
One &amp; two

00:00:01.800 --> 00:00:02.800
Three
`;
const LATE_CHAPTERS = `;FFMETADATA1
[CHAPTER]
TIMEBASE=1/1000
START=333
END=1500
title=Anfang – ü
[CHAPTER]
TIMEBASE=1/1000
START=2001
END=2900
title=Ende
`;

/** Two tracks of subtitles, of which texts of the first are shown together, and chapters that begin late. */
function several(file: string, encoding: readonly string[]): MediaCase {
  return {
    name: file,
    file,
    expect: { frames: 75 },
    make: (path) => {
      const texts: TextFile[] = [
        { path: `${path}.srt`, text: SRT },
        { path: `${path}.vtt`, text: VTT },
        { path: `${path}.txt`, text: LATE_CHAPTERS },
      ];
      return [...texts, [
        ...[
          "-f",
          "lavfi",
          "-i",
          "testsrc2=s=160x120:r=25:d=3",
          ...texts.slice(0, 2).flatMap(({ path }) => ["-i", path]),
        ],
        ...[
          "-f",
          "ffmetadata",
          "-i",
          texts[2]!.path,
          "-map",
          "0",
          "-map",
          "1",
          "-map",
          "2",
          "-map_metadata",
          "3",
        ],
        ...[...encoding, "-c:s:0", "srt", "-c:s:1", "webvtt", "-metadata:s:s:0", "language=ger"],
        ...["-metadata:s:s:0", "title=Für alle", "-metadata:s:s:1", "language=eng"],
        ...["-disposition:s:0", "default+forced", path],
      ]];
    },
  };
}

for (const [extension, codecs] of [["webm", ["webvtt", "webvtt"]], ["mkv", ["subrip", "webvtt"]]] as const) {
  test(`assemble() carries several subtitles and late chapters to .${extension}, with their labels`, async () => {
    await using folder = await temporaryFolder();
    const [input, path] = [join(folder.path, "in.mkv"), join(folder.path, `out.${extension}`)];
    await makeMedia(several("in.mkv", ["-c:v", "libvpx", "-b:v", "100k"]), input);
    const { notCarried } = await through(input, path);
    assertEquals(notCarried, []);
    const tracks = await subtitlesOf(path);
    assertEquals(tracks.map(({ codec }) => codec), [...codecs]);
    assertEquals(tracks.map(({ tags }) => [tags.language, tags.title]), [["ger", "Für alle"], [
      "eng",
      undefined,
    ]]);
    assertEquals(tracks.map(({ dispositions }) => dispositions), [["default", "forced"], []]);
    assertSameShown(await shownBy(path, 0), await shownBy(input, 0));
    assertSameShown(await shownBy(path, 1), await shownBy(input, 1));
    const [before, after] = [await probeFile(input), await probeFile(path)];
    assertEquals(after.chapters, before.chapters);
    const again = join(folder.path, `again.${extension}`);
    await through(input, again);
    assertSameBytes(await Deno.readFile(again), await Deno.readFile(path));
  });
}

test("assemble() shows one text after another in an MP4, and carries them back to Matroska", async () => {
  await using folder = await temporaryFolder();
  const [input, path, back] = ["in.mkv", "out.mp4", "back.mkv"].map((name) => join(folder.path, name));
  await makeMedia(several("in.mkv", ["-c:v", "libx264", "-bf", "2"]), input!);
  await through(input!, path!);
  const [track] = await subtitlesOf(path!);
  assertEquals([track?.tags.language, track?.tags.handler_name], ["ger", "Für alle"]);
  const expected = [
    { start: 0.5, end: 1, text: "Eins & zwei" },
    { start: 1, end: 2, text: "Eins & zwei\nDrei < vier\nfünf" },
    { start: 2, end: 2.5, text: "Drei < vier\nfünf" },
  ];
  assertSameShown(await shownBy(path!), expected);
  assertSameShown(await shownBy(path!, 1), await shownBy(input!, 1));
  const { chapters } = await probeFile(path!);
  assertEquals(chapters.map(({ title, start }) => [title, Number(start)]), [["Anfang – ü", 0.333], [
    "Ende",
    2.001,
  ]]);
  const { converted, notCarried } = await through(path!, back!);
  assertEquals([converted.length, notCarried], [2, []]);
  assertSameShown(await shownBy(back!), expected);
  assertEquals((await subtitlesOf(back!))[0]?.tags.title, "Für alle");
});

test("assemble() names subtitles whose text is not in the file, and chapters still listed", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "out.mp4");
  for (const file of ["subtitles.mp4", "chapters.mp4"]) {
    const input = join(folder.path, file);
    const bytes = await Deno.readFile(await made(file));
    breakLastTrack(bytes);
    await Deno.writeFile(input, bytes);
    const { notCarried } = await through(input, path);
    assertEquals(notCarried, file === "chapters.mp4" ? [] : ["subtitles"]);
    const { chapters, streams } = await probeFile(path);
    assertEquals(chapters.length, file === "chapters.mp4" ? 2 : 0);
    assertEquals(streams.some(({ kind }) => kind === "subtitle"), false);
  }
});

/** Its first sample is then beyond the end. */
function breakLastTrack(bytes: Uint8Array): void {
  const at = new TextDecoder("latin1").decode(bytes).lastIndexOf("stco");
  bytes.set([0x7f, 0xff, 0, 0], at + 12);
}

test("assemble() writes the title of a sound track where ffprobe finds it in an MP4", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "out.mp4");
  await through(await made("languages.mkv"), path);
  const names = (await probeFile(path)).streams.map(({ tags }) => tags.handler_name);
  assertEquals(names[2], "Commentaire");
});
