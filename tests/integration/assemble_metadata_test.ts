/** What a file says of itself, through a split and a join, as ffprobe reads it before and after. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import type { AssembleResult } from "../../lib/assemble/assemble.ts";
import { planSource } from "../../lib/chunk/keyframe_segments.ts";
import { openSource } from "../../lib/chunk/source_file.ts";
import { complaints, probeFile } from "../media/probe.ts";
import { copyThrough } from "../media/round_trip.ts";
import { runFfmpeg } from "../media/run_ffmpeg.ts";
import { assertSameBytes } from "./same_bytes.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const CREATED = "2021-05-06T07:08:09.000000Z";
const PLACE = "+48.2082+016.3738/";
const RECORDED = { creation_time: CREATED, location: PLACE, make: "Acme", model: "Z1" };
const APPLE = {
  "com.apple.quicktime.location.ISO6709": PLACE,
  "com.apple.quicktime.make": "Apple",
  "com.apple.quicktime.model": "iPhone 12",
  "com.apple.quicktime.software": "15.4",
  "com.android.version": "13",
};

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: HAS_FFMPEG ? name : `${name} ${WITHOUT_FFMPEG}`, ignore: !HAS_FFMPEG, fn });
}

interface Source {
  readonly tags?: Readonly<Record<string, string>>;
  readonly codec?: string;
  readonly options?: readonly string[];
}

async function make(path: string, { tags = {}, codec = "libx264", options = [] }: Source): Promise<void> {
  await runFfmpeg("ffmpeg", [
    ...["-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=1", "-c:v", codec, "-b:v", "100k"],
    ...Object.entries(tags).flatMap(([name, value]) => ["-metadata", `${name}=${value}`]),
    ...[...options, path],
  ]);
}

async function through(input: string, path: string): Promise<AssembleResult> {
  using source = await openSource(input);
  const plan = await planSource(source, { kind: "seconds", seconds: 1 });
  const result = await copyThrough({ source, plan, path });
  assertEquals(await complaints(path), "");
  return result;
}

/** Their names in lower case: Matroska's are in capitals. */
async function tagsOf(path: string): Promise<Record<string, string | undefined>> {
  const { tags } = await probeFile(path);
  return Object.fromEntries(Object.entries(tags).map(([name, value]) => [name.toLowerCase(), value]));
}

function picked(tags: Record<string, string | undefined>, names: Iterable<string>): Record<string, unknown> {
  return Object.fromEntries([...names].map((name) => [name, tags[name.toLowerCase()]]));
}

for (const from of ["mov", "mkv"]) {
  for (const to of ["mp4", "mov", "mkv"]) {
    test(`when, where and with what a .${from} was recorded reaches .${to}`, async () => {
      await using folder = await temporaryFolder();
      const [input, path, again] = [`in.${from}`, `out.${to}`, `again.${to}`].map((name) =>
        join(folder.path, name)
      ) as [string, string, string];
      await make(input, { tags: RECORDED });
      assertEquals(picked(await tagsOf(input), Object.keys(RECORDED)), RECORDED);
      const { notCarried } = await through(input, path);
      assertEquals(notCarried, []);
      assertEquals(picked(await tagsOf(path), Object.keys(RECORDED)), RECORDED);
      await through(input, again);
      assertSameBytes(await Deno.readFile(again), await Deno.readFile(path));
    });
  }
}

for (const to of ["mp4", "mov"]) {
  test(`tags under the keys of phones reach .${to} as they are`, async () => {
    await using folder = await temporaryFolder();
    const [input, path] = [join(folder.path, "in.mp4"), join(folder.path, `out.${to}`)];
    await make(input, {
      tags: { ...APPLE, creation_time: CREATED, title: "A film" },
      options: ["-movflags", "use_metadata_tags"],
    });
    const { notCarried } = await through(input, path);
    const tags = await tagsOf(path);
    assertEquals(picked(tags, Object.keys(APPLE)), APPLE);
    assertEquals([tags.title, tags.creation_time, notCarried], ["A film", CREATED, []]);
  });
}

test("what phones say of themselves has its usual names in .mkv", async () => {
  await using folder = await temporaryFolder();
  const [input, path] = [join(folder.path, "in.mp4"), join(folder.path, "out.mkv")];
  await make(input, { tags: APPLE, options: ["-movflags", "use_metadata_tags"] });
  const { notCarried } = await through(input, path);
  const tags = await tagsOf(path);
  assertEquals([tags.location, tags.make, tags.model], [PLACE, "Apple", "iPhone 12"]);
  assertEquals([tags["com.android.version"], notCarried], ["13", []]);
});

for (const [to, codec] of [["mkv", "libx264"], ["webm", "libvpx"], ["mp4", "libx264"]] as const) {
  test(`tags of any name in .mkv, and its title, reach .${to}, and what is made of that`, async () => {
    await using folder = await temporaryFolder();
    const [input, path, remuxed] = ["in.mkv", `out.${to}`, "remuxed.mp4"].map((name) =>
      join(folder.path, name)
    ) as [string, string, string];
    const tags = { title: "A film", SHOW: "A show", IMDB: "tt0000001", ROOM: "12" };
    await make(input, { tags, codec });
    const { notCarried } = await through(input, path);
    assertEquals([picked(await tagsOf(path), Object.keys(tags)), notCarried], [tags, []]);
    const { tags: asNamed } = await probeFile(path);
    assertEquals(asNamed.title, "A film");
    if (to !== "mkv") return;
    await runFfmpeg("ffmpeg", ["-i", path, "-c", "copy", remuxed]);
    assertEquals((await probeFile(remuxed)).tags.title, "A film");
  });
}

async function stereoOf(path: string): Promise<unknown> {
  const [video] = (await probeFile(path)).streams;
  return video?.sideData.find(({ side_data_type }) => side_data_type === "Stereo 3D")?.type;
}

for (const [to, codec] of [["mkv", "libx264"], ["webm", "libvpx"]] as const) {
  test(`two pictures side by side are 3D in .${to} as they are in .mkv`, async () => {
    await using folder = await temporaryFolder();
    const [input, path] = [join(folder.path, "in.mkv"), join(folder.path, `out.${to}`)];
    await make(input, { codec, options: ["-metadata:s:v", "stereo_mode=left_right"] });
    assertEquals(await stereoOf(input), "side by side");
    const { notCarried } = await through(input, path);
    assertEquals([await stereoOf(path), notCarried], ["side by side", []]);
    const [was, is] = [await probeFile(input), await probeFile(path)].map(({ streams }) => streams[0]!.field);
    assertEquals(is!.display_aspect_ratio, was!.display_aspect_ratio);
  });
}

test("that a video was 3D is named for .mp4, and for .webm where that has no such layout", async () => {
  await using folder = await temporaryFolder();
  const input = join(folder.path, "in.mkv");
  for (const [mode, to] of [["left_right", "mp4"], ["row_interleaved_lr", "webm"]] as const) {
    await make(input, { codec: "libvpx-vp9", options: ["-y", "-metadata:s:v", `stereo_mode=${mode}`] });
    const { notCarried } = await through(input, join(folder.path, `out.${to}`));
    assertEquals(notCarried.map((what) => what.startsWith("the 3D layout")), [true]);
  }
});

test("a title, chapters, subtitles and 3D have room in one .mkv beside each other", async () => {
  await using folder = await temporaryFolder();
  const [input, path] = [join(folder.path, "in.mkv"), join(folder.path, "out.mkv")];
  const [texts, chapters] = [join(folder.path, "in.srt"), join(folder.path, "in.txt")];
  await Deno.writeTextFile(texts, "1\n00:00:00,100 --> 00:00:00,800\nHello\n");
  await Deno.writeTextFile(
    chapters,
    ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=900\ntitle=One\n",
  );
  await make(input, {
    tags: { title: "T".repeat(9000), creation_time: CREATED },
    options: [
      ...["-metadata:s:v", "stereo_mode=top_bottom"],
    ],
  });
  const whole = join(folder.path, "whole.mkv");
  await runFfmpeg("ffmpeg", [
    ...["-i", input, "-i", texts, "-f", "ffmetadata", "-i", chapters, "-map", "0", "-map", "1"],
    ...["-map_metadata", "0", "-map_chapters", "2", "-c", "copy", whole],
  ]);
  const { notCarried } = await through(whole, path);
  const { tags, chapters: made, streams } = await probeFile(path);
  assertEquals([tags.title?.length, tags.creation_time, notCarried], [9000, CREATED, []]);
  assertEquals([made.map(({ title }) => title), streams.map(({ kind }) => kind)], [["One"], [
    "video",
    "subtitle",
  ]]);
  assertEquals(await stereoOf(path), "top and bottom");
});

/** By id of an element at the top of a Matroska segment, where its index says that it is, and what is there. */
function seeksIn(bytes: Uint8Array): [sought: string, found: string][] {
  const hex = (from: number, count: number) => bytes.subarray(from, from + count).toHex();
  const segment = bytes.findIndex((_, at) => hex(at, 4) === "18538067");
  const contents = segment + 4 + Math.clz32(bytes[segment + 4]!) - 23;
  return [...bytes.subarray(0, 4096).entries()].flatMap(([at]) => {
    if (hex(at, 3) !== "53ab84" || hex(at + 7, 3) !== "53ac85") return [];
    return [[hex(at + 3, 4), hex(contents + Number(`0x${hex(at + 10, 5)}`), 4)]];
  });
}

test("the index at the start of a .mkv says where its parts are, whatever has been put between them", async () => {
  await using folder = await temporaryFolder();
  const [input, path] = [join(folder.path, "in.mkv"), join(folder.path, "out.mkv")];
  const parts = ["1549a966", "1654ae6b", "1254c367", "1c53bb6b"];
  for (const tags of [{ title: "A film", SHOW: "A show" }, {}]) {
    await make(input, { tags, options: ["-y", "-metadata:s:v", "stereo_mode=left_right"] });
    await through(input, path);
    const expected = parts.filter((id) => id !== "1254c367" || "SHOW" in tags).map((id) => [id, id]);
    assertEquals(seeksIn(await Deno.readFile(path)), expected);
    using made = await openSource(path);
    assertEquals([made.title, made.stereoMode], [tags.title, 1]);
  }
});

test("assemble() names tags that it does not take over, ten of them at most, in plain letters", async () => {
  await using folder = await temporaryFolder();
  const [input, path] = [join(folder.path, "in.mkv"), join(folder.path, "out.mkv")];
  const many = Array.from({ length: 300 }, (_, index) => [`K\x1b[2J${index}X`, "v"] as const);
  await make(input, { tags: Object.fromEntries([["LONG", "x".repeat(100_000)], ...many]) });
  const { notCarried } = await through(input, path);
  assertEquals(notCarried.length, 1);
  const [named = ""] = notCarried;
  assert(/^tags \(LONG, (K\[2J\d+X, ){8}K\[2J\d+X and \d+ more\)$/.test(named), named);
  assertEquals(Object.keys(await tagsOf(path)).filter((name) => name.startsWith("k")).length <= 256, true);
});
