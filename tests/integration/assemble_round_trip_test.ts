import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { assemble } from "../../lib/assemble/assemble.ts";
import { checkFrames } from "../../lib/assemble/check_frames.ts";
import { planSource } from "../../lib/chunk/keyframe_segments.ts";
import type { SegmentTarget } from "../../lib/chunk/plan_segments.ts";
import { openSource } from "../../lib/chunk/source_file.ts";
import type { MakeVideoOptions } from "../../lib/encode/make_video.ts";
import { evenPackets, type SyntheticVideo, syntheticVideo } from "../unit/chunk_synthetic_video.ts";
import {
  audioPackets,
  copiedFiles,
  copies,
  fileNames,
  type FilePacket,
  planned,
  videoFile,
  videoPackets,
} from "./assemble_fixture.ts";
import { HAS_FFMPEG, runSystem, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const NTSC = { frameRate: { num: 30_000, den: 1001 } };
const ONE_SECOND: SegmentTarget = { kind: "seconds", seconds: 1 };
const EVERY_KEYFRAME: SegmentTarget = { kind: "bytes", bytes: 1 };

/** Half a tick of Matroska's clock, and what floats make of it. */
const MATROSKA_SECONDS = 0.000_501;

const CASES: readonly (readonly [string, string, MakeVideoOptions, SegmentTarget])[] = [
  ["video.mp4", "out.mp4", {}, ONE_SECOND],
  ["video.mp4", "out.mov", {}, { kind: "bytes", bytes: 50_000 }],
  ["video.mp4", "out.mkv", {}, { kind: "seconds", seconds: 2 }],
  ["ntsc.mp4", "out.mp4", NTSC, EVERY_KEYFRAME],
  ["ntsc.mp4", "out.mkv", NTSC, ONE_SECOND],
  ["ntsc.mov", "out.mp4", NTSC, { kind: "bytes", bytes: 70_000 }],
  ["ntsc.mkv", "out.mp4", NTSC, ONE_SECOND],
  ["ntsc.mkv", "out.mkv", NTSC, EVERY_KEYFRAME],
  ["silent.mp4", "out.mp4", { ...NTSC, tone: null }, ONE_SECOND],
  ["silent.mkv", "out.mov", { tone: null }, { kind: "bytes", bytes: 60_000 }],
  ["last.mp4", "out.mp4", { layout: "moov-last" }, { kind: "seconds", seconds: 60 }],
  ["fragmented.mp4", "out.mp4", { layout: "fragmented" }, ONE_SECOND],
  ["uneven.mp4", "out.mp4", { irregular: true }, EVERY_KEYFRAME],
  ["uneven.mp4", "out.mkv", { irregular: true }, EVERY_KEYFRAME],
];

for (const [name, outName, options, target] of CASES) {
  const limit = "bytes" in target ? `${target.bytes} bytes` : `${target.seconds} s`;
  Deno.test(`${name} split by ${limit} and put together as ${outName} has the same packets at the same times`, async () => {
    await using folder = await temporaryFolder();
    using video = await planned(await videoFile(folder.path, name, options), target);
    const { source, plan } = video;
    const path = join(folder.path, outName);
    const result = await assemble({ plan, source, path, shards: copies(source, plan) });

    using output = await openSource(path);
    const timeTolerance = path.endsWith(".mkv") ? MATROSKA_SECONDS : 1e-9;
    assertSamePackets(
      inSeconds(await videoPackets(output), output.video.timescale),
      inSeconds(await videoPackets(source), source.video.timescale),
      timeTolerance,
    );
    assertEquals(output.video.decoderConfig, source.video.decoderConfig);
    assertEquals(output.audio.length, source.audio.length);
    for (const [index, audio] of output.audio.entries()) {
      // The sound's clock is its sample rate: what comes from Matroska's is rounded to that.
      const tolerance = Math.max(timeTolerance, 0.501 / audio.decoderConfig!.sampleRate);
      assertSamePackets(await audioPackets(audio), await audioPackets(source.audio[index]!), tolerance);
      assertEquals(audio.decoderConfig?.description, source.audio[index]!.decoderConfig?.description);
    }
    assertEquals(result, {
      path,
      container: outName.slice(4) as "mp4",
      sizeBytes: (await Deno.stat(path)).size,
      audioTracks: source.audio.map(({ title }) => ({ title, kind: "copied" as const })),
      converted: [],
      notCarried: [],
    });

    const check = await checkFrames(plan, path);
    assertEquals([check.framesIn, check.framesOut], [plan.shownTicks.length, plan.shownTicks.length]);
    assert(check.largestDifferenceSeconds <= (path.endsWith(".mkv") ? MATROSKA_SECONDS : 0));
    const durationSeconds = (plan.endTicks - plan.shownTicks[0]!) / plan.timescale;
    // The length of the last frame is not in Matroska.
    assert(Math.abs(check.durationSeconds - durationSeconds) < (path.endsWith(".mkv") ? 0.5 : 1e-9));
  });
}

function inSeconds(packets: readonly FilePacket[], timescale: number): FilePacket[] {
  return packets.map((packet) => ({ ...packet, time: packet.time / timescale }));
}

function assertSamePackets(
  actual: readonly FilePacket[],
  expected: readonly FilePacket[],
  seconds: number,
): void {
  const withoutTime = ({ key, sha256 }: FilePacket) => ({ key, sha256 });
  assertEquals(actual.map(withoutTime), expected.map(withoutTime));
  const differences = actual.map(({ time }, index) => Math.abs(time - expected[index]!.time));
  assert(
    differences.every((difference) => difference <= seconds),
    `up to ${Math.max(...differences)} s apart`,
  );
}

Deno.test("assemble() gives the same bytes whether shards are files or in memory, however often", async () => {
  await using folder = await temporaryFolder();
  using video = await planned(await videoFile(folder.path, "video.mp4"), ONE_SECOND);
  const { source, plan } = video;
  const now = Date.now;
  try {
    for (const container of ["mp4", "mov", "mkv"]) {
      const outputs = [`first.${container}`, `second.${container}`].map((name) => join(folder.path, name));
      Date.now = () => 1e12;
      await assemble({ plan, source, path: outputs[0]!, shards: copies(source, plan) });
      Date.now = () => 2e12;
      await assemble({ plan, source, path: outputs[1]!, shards: copiedFiles(folder.path, source, plan) });
      const [first, second] = await Promise.all(outputs.map((path) => Deno.readFile(path)));
      assertEquals(first, second);
    }
  } finally {
    Date.now = now;
  }
});

Deno.test("assemble() puts the index of an MP4 in front of the media", async () => {
  await using folder = await temporaryFolder();
  using video = await planned(await videoFile(folder.path, "video.mp4"), ONE_SECOND);
  const { source, plan } = video;
  for (const name of ["out.mp4", "out.mov"]) {
    const path = join(folder.path, name);
    await assemble({ plan, source, path, shards: copies(source, plan) });
    const text = new TextDecoder("latin1").decode(await Deno.readFile(path));
    assert(text.indexOf("moov") > 0 && text.indexOf("moov") < text.indexOf("mdat"));
  }
});

Deno.test("assemble() leaves the sound out when told to", async () => {
  await using folder = await temporaryFolder();
  using video = await planned(await videoFile(folder.path, "video.mp4"), ONE_SECOND);
  const { source, plan } = video;
  const path = join(folder.path, "out.mp4");
  const result = await assemble({ plan, source, path, shards: copies(source, plan), audio: "none" });
  assertEquals([result.audioTracks, result.notCarried], [[], []]);
  using output = await openSource(path);
  assertEquals(output.audio, []);
});

Deno.test("assemble() tells of each segment as it comes to it", async () => {
  await using folder = await temporaryFolder();
  using video = await planned(await videoFile(folder.path, "video.mp4"), ONE_SECOND);
  const { source, plan } = video;
  const told: number[] = [];
  await assemble({
    plan,
    source,
    path: join(folder.path, "out.mp4"),
    shards: copies(source, plan),
    onProgress: (segment) => told.push(segment),
  });
  assertEquals(told, [0, 1, 2, 3, 4]);
});

/** Splits a synthetic video at every keyframe and puts it together again. */
async function reassembled(folder: string, video: SyntheticVideo, outName: string) {
  const path = join(folder, `source.${video.container === "mkv" ? "mkv" : "mp4"}`);
  await Deno.writeFile(path, await syntheticVideo(video));
  const outPath = join(folder, outName);
  using source = await openSource(path);
  const plan = await planSource(source, EVERY_KEYFRAME);
  const result = await assemble({ plan, source, path: outPath, shards: copies(source, plan) });
  return { plan, result, outPath, check: await checkFrames(plan, outPath) };
}

for (
  const [what, startTicks, timescale] of [
    ["late, on a clock finer than a movie's", 133_501, 90_000],
    ["a frame late", 1001, 30_000],
    ["before 0", -2002, 30_000],
    ["past 2^32 ticks", 2 ** 33 + 1, 90_000],
  ] as const
) {
  Deno.test(`assemble() keeps every tick of a video that starts ${what}`, async () => {
    await using folder = await temporaryFolder();
    const packets = evenPackets(30, 6, 1001).map((row) => ({ ...row, ticks: row.ticks + startTicks }));
    const audioSeconds = Array.from(
      { length: 40 },
      (_, i) => startTicks / timescale + 0.01 + i * 1024 / 48_000,
    );
    const source: SyntheticVideo = { packets, timescale, audioSeconds, container: "fragmented" };
    const { check, outPath } = await reassembled(folder.path, source, "out.mp4");
    assertEquals(check.largestDifferenceSeconds, 0);
    using output = await openSource(outPath);
    assertEquals((await videoPackets(output)).map(({ time }) => time), packets.map(({ ticks }) => ticks));
    const start = (await audioPackets(output.audio[0]!))[0]!.time;
    assert(Math.abs(start - audioSeconds[0]!) < 1 / 48_000, `${start} instead of ${audioSeconds[0]}`);
  });
}

Deno.test("assemble() keeps sound that starts late or ends early where it is", async () => {
  await using folder = await temporaryFolder();
  const packets = evenPackets(250, 25);
  const audioSeconds = [4, 4.5, 5];
  for (const outName of ["out.mp4", "out.mkv"]) {
    const { outPath } = await reassembled(folder.path, { packets, timescale: 25, audioSeconds }, outName);
    using output = await openSource(outPath);
    assertEquals((await audioPackets(output.audio[0]!)).map(({ time }) => time), audioSeconds);
  }
});

for (const outName of ["out.mp4", "out.mov", "out.mkv"]) {
  Deno.test(`assemble() keeps rotation, mirroring, language and name in ${outName}`, async () => {
    await using folder = await temporaryFolder();
    const metadata = { rotation: 90, flip: true, languageCode: "deu", name: "Ansicht" } as const;
    const video = { packets: evenPackets(10, 5), timescale: 25, metadata };
    const { outPath } = await reassembled(folder.path, video, outName);
    using output = await openSource(outPath);
    const { rotation, flip, languageCode, name } = output.video;
    assertEquals({ rotation, flip, languageCode, name }, metadata);
  });
}

Deno.test("assemble() keeps stated colours", async () => {
  await using folder = await temporaryFolder();
  using video = await planned(await videoFile(folder.path, "hdr.mp4", { colour: "bt2020-pq" }), ONE_SECOND);
  const { source, plan } = video;
  for (const name of ["out.mp4", "out.mkv"]) {
    const path = join(folder.path, name);
    await assemble({ plan, source, path, shards: copies(source, plan) });
    using output = await openSource(path);
    const { primaries, transfer, matrix } = output.video.decoderConfig.colorSpace ?? {};
    assertEquals([primaries, transfer, matrix], ["bt2020", "pq", "bt2020-ncl"]);
  }
});

Deno.test("assemble() takes the colours from the source where the shards state none", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "source.mp4");
  const video = { packets: evenPackets(10, 10), timescale: 25 };
  const colorSpace = { primaries: "bt709", transfer: "bt709", matrix: "bt709", fullRange: false } as const;
  await Deno.writeFile(path, await syntheticVideo({ ...video, colorSpace }));
  using source = await openSource(path);
  const plan = await planSource(source, EVERY_KEYFRAME);
  const outPath = join(folder.path, "out.mp4");
  const shards = ReadableStream.from([{ segment: 0, worker: "w", data: await syntheticVideo(video) }]);
  await assemble({ plan, source, path: outPath, shards });
  using output = await openSource(outPath);
  assertEquals(output.video.decoderConfig.colorSpace, colorSpace);
});

for (const outName of ["out.mp4", "out.mov", "out.mkv"]) {
  Deno.test(`assemble() keeps title and comment in ${outName}`, async () => {
    await using folder = await temporaryFolder();
    const tags = { title: "Ein Film", comment: "mit Umlauten: äöü" };
    const { outPath, result } = await reassembled(
      folder.path,
      { packets: evenPackets(10, 5), timescale: 25, tags },
      outName,
    );
    using output = await openSource(outPath);
    const { title, comment } = await output.input.getMetadataTags();
    assertEquals({ title, comment }, tags);
    assertEquals(result.notCarried, []);
  });
}

Deno.test("assemble() names what the source has and the output has not", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "source.mp4");
  const bytes = await syntheticVideo({ packets: evenPackets(10, 5), timescale: 25, audioSeconds: [0] });
  // A second look at the file finds subtitles where the sound was.
  const at = new TextDecoder("latin1").decode(bytes).indexOf("soun");
  bytes.set(new TextEncoder().encode("sbtl"), at);
  await Deno.writeFile(path, bytes);
  using source = await openSource(path);
  const plan = await planSource(source, EVERY_KEYFRAME);
  const result = await assemble({
    plan,
    source,
    path: join(folder.path, "out.mkv"),
    shards: copies(source, plan),
  });
  assertEquals([result.audioTracks, result.notCarried], [[], ["subtitles"]]);
});

Deno.test("assemble() replaces a file of that name and leaves nothing else beside it", async () => {
  await using folder = await temporaryFolder();
  await using outFolder = await temporaryFolder();
  const path = join(outFolder.path, "out.mp4");
  await Deno.writeTextFile(path, "an older video");
  using video = await planned(await videoFile(folder.path, "video.mp4"), ONE_SECOND);
  const { source, plan } = video;
  await assemble({ plan, source, path, shards: copies(source, plan) });
  assertEquals(await fileNames(outFolder.path), ["out.mp4"]);
  await checkFrames(plan, path);
});

/** How many of the files that are open lie in a folder. */
function openIn(folder: string): number {
  return [...Deno.readDirSync("/proc/self/fd")].filter(({ name }) => {
    try {
      return Deno.readLinkSync(`/proc/self/fd/${name}`).startsWith(folder);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false; // the one that lists them is gone
      throw error;
    }
  }).length;
}

Deno.test({
  name: "assemble() has one shard open at a time, however many there are",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "source.mp4");
    await Deno.writeFile(path, await syntheticVideo({ packets: evenPackets(400, 1), timescale: 25 }));
    using source = await openSource(path);
    const plan = await planSource(source, EVERY_KEYFRAME);
    assertEquals(plan.segments.length, 400);
    const openFiles = () => openIn(folder.path);
    const before = openFiles();
    let most = 0;
    await assemble({
      plan,
      source,
      path: join(folder.path, "out.mp4"),
      shards: copiedFiles(folder.path, source, plan),
      onProgress: () => most = Math.max(most, openFiles() - before),
    });
    assert(most >= 2 && most <= 3, `${most} files open at once`); // a shard and the output
  },
});

Deno.test({
  name: `ffprobe finds the source's own times and packets in the output, and ffmpeg nothing amiss ${
    HAS_FFMPEG ? "" : WITHOUT_FFMPEG
  }`,
  ignore: !HAS_FFMPEG,
  async fn() {
    await using folder = await temporaryFolder();
    for (
      const [name, options] of [["video.mp4", {}], ["ntsc.mp4", NTSC], ["fragmented.mp4", {
        layout: "fragmented",
      }]] as const
    ) {
      using video = await planned(await videoFile(folder.path, name, options), ONE_SECOND);
      const { source, plan } = video;
      for (const outName of ["out.mp4", "out.mov"]) {
        const path = join(folder.path, outName);
        await assemble({ plan, source, path, shards: copies(source, plan) });
        for (const stream of ["v:0", "a:0"]) {
          assertEquals(await probedPackets(path, stream), await probedPackets(source.path, stream));
        }
        assertEquals(await runSystem("ffmpeg", ["-i", path, "-f", "null", "-"], new Uint8Array()), "");
      }
    }
  },
});

/** Presentation times and hashes of a stream's packets, by time. */
async function probedPackets(path: string, stream: string): Promise<string[]> {
  const entries = ["-show_entries", "packet=pts_time,data_hash", "-show_data_hash", "md5", "-of", "csv=p=0"];
  const lines = await runSystem("ffprobe", ["-select_streams", stream, ...entries, path], new Uint8Array());
  return lines.trim().split("\n").sort((a, b) => parseFloat(a) - parseFloat(b));
}
