import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { assemble } from "../../lib/assemble/assemble.ts";
import { AssembleError } from "../../lib/assemble/assemble_error.ts";
import type { AudioMode, AudioResult } from "../../lib/assemble/audio_plan.ts";
import { SourceError } from "../../lib/chunk/source_error.ts";
import { openSource, packetsOf } from "../../lib/chunk/source_file.ts";
import { h264, picture, VP9 } from "../media/ffmpeg_args.ts";
import { runFfmpeg } from "../media/run_ffmpeg.ts";
import { audioPackets, copies, fileNames, planned, videoFile } from "./assemble_fixture.ts";
import { audioEncoderPids, firstFrameSeconds, heard, lagSamples, made, ticks } from "./audio_sound.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { until } from "./until.ts";

const ONE_SECOND = { kind: "seconds", seconds: 1 } as const;
/** More than pipes hold, so that its encoder cannot have ended before it is to. */
const MUCH_SOUND = { seconds: 60 } as const;
/** Of one frame of AAC at 48 kHz, the longer of the two. */
const FRAME_SAMPLES = 1024;

/** Splits the video at `path`, and puts it together again beside it with its sound treated as `audio` says. */
async function reassembled(
  path: string,
  outPath: string,
  audio: AudioMode,
): Promise<{ readonly audioTracks: readonly AudioResult[]; readonly notCarried: readonly string[] }> {
  using video = await planned(path, ONE_SECOND);
  const { source, plan } = video;
  return await assemble({ plan, source, path: outPath, shards: copies(source, plan), audio });
}

for (
  const [outName, codec, primingSamples, sampleRate, frameSamples] of [
    ["out.mp4", "aac", 1024, 44_100, 1024],
    ["out.mov", "aac", 1024, 44_100, 1024],
    ["out.mkv", "opus", 312, 48_000, 960],
    ["out.mp4", "opus", 312, 48_000, 960],
  ] as const
) {
  Deno.test(`assemble() encodes sound to ${codec} in ${outName}, as long as the source's and priming before 0`, async () => {
    await using folder = await temporaryFolder();
    const path = await videoFile(folder.path, "video.mp4");
    const outPath = join(folder.path, outName);
    const { audioTracks, notCarried } = await reassembled(path, outPath, { codec, bitsPerSecond: 96_000 });
    assertEquals(audioTracks, [{
      title: "audio track 1 (aac, und)",
      kind: "encoded",
      from: "aac",
      to: codec,
    }]);
    assertEquals(notCarried, []);

    using output = await openSource(outPath);
    const [audio] = output.audio;
    assertEquals([output.audio.length, audio?.codec, audio?.decoderConfig?.sampleRate], [
      1,
      codec,
      sampleRate,
    ]);
    const packets = await audioPackets(audio!);
    // Matroska has a clock of one millisecond.
    const tolerance = outName.endsWith("mkv") ? 0.000_501 : 1e-9;
    assert(Math.abs(packets[0]!.time + primingSamples / sampleRate) <= tolerance, `${packets[0]!.time}`);
    const endSeconds = packets.at(-1)!.time + frameSamples / sampleRate;
    assert(endSeconds > 5 - tolerance && endSeconds < 5 + 2 * FRAME_SAMPLES / sampleRate, `${endSeconds}`);
    assertEquals(new Set(packets.map(({ sha256 }) => sha256)).size > packets.length / 2, true);
  });
}

Deno.test("assemble() keeps to the bitrate that is asked for", async () => {
  await using folder = await temporaryFolder();
  const path = await videoFile(folder.path, "video.mp4", { seconds: 10 });
  const sizes: number[] = [];
  for (const bitsPerSecond of [32_000, 128_000]) {
    const outPath = join(folder.path, `${bitsPerSecond}.mkv`);
    await reassembled(path, outPath, { codec: "opus", bitsPerSecond });
    using output = await openSource(outPath);
    let bytes = 0;
    for await (const packet of packetsOf(output.audio[0]!)) {
      bytes += packet.byteLength;
    }
    sizes.push(8 * bytes / 10);
  }
  assert(sizes[0]! < 48_000 && sizes[1]! > 64_000 && sizes[1]! < 192_000, `${sizes} bits a second`);
});

Deno.test("assemble() gives the same bytes each time that it encodes sound", async () => {
  await using folder = await temporaryFolder();
  const path = await videoFile(folder.path, "video.mp4");
  const outputs = ["1.mp4", "2.mp4"].map((name) => join(folder.path, name));
  for (const outPath of outputs) await reassembled(path, outPath, { codec: "aac" });
  const [first, second] = await Promise.all(outputs.map((outPath) => Deno.readFile(outPath)));
  assertEquals(first, second);
});

Deno.test("assemble() names the track whose sound is damaged, and leaves nothing behind", async () => {
  await using folder = await temporaryFolder();
  await using outFolder = await temporaryFolder();
  const path = await videoFile(folder.path, "video.mp4");
  const bytes = await Deno.readFile(path);
  {
    using source = await openSource(path);
    for await (const { timestamp, data } of packetsOf(source.audio[0]!)) {
      if (timestamp > 2 && timestamp < 2.5) {
        bytes.fill(0xff, indexOf(bytes, data), indexOf(bytes, data) + data.length);
      }
    }
  }
  await Deno.writeFile(path, bytes);
  const error = await assertRejects(
    () => reassembled(path, join(outFolder.path, "out.mp4"), { codec: "aac" }),
    SourceError,
  );
  assertStringIncludes(
    error.message,
    "its audio track 1 (aac, und) cannot be encoded: could not decode it at 2.0",
  );
  assertEquals(error.message.includes("\n"), false);
  assertEquals(await fileNames(outFolder.path), []);
  assertEquals(await audioEncoderPids(), []);
});

function indexOf(bytes: Uint8Array, part: Uint8Array): number {
  return new TextDecoder("latin1").decode(bytes).indexOf(new TextDecoder("latin1").decode(part));
}

for (const when of ["before it starts", "while sound is encoded"] as const) {
  Deno.test(`assemble() leaves no process and no file when it is aborted ${when}`, async () => {
    await using folder = await temporaryFolder();
    await using outFolder = await temporaryFolder();
    using video = await planned(await videoFile(folder.path, "video.mp4", MUCH_SOUND), ONE_SECOND);
    const { source, plan } = video;
    const abort = new AbortController();
    const reason = new Error("enough");
    let running: Promise<number[]> = Promise.resolve([]);
    if (when === "before it starts") abort.abort(reason);
    const stopAtThree = (segment: number): void => {
      if (segment !== 3) return;
      running = untilSoundIsEncoded();
      running.then(() => abort.abort(reason), () => {}); // whoever awaits it hears
    };
    const shards = async function* () {
      for await (const shard of copies(source, plan)) {
        yield shard;
        if (shard.segment === 3) await running;
      }
    };
    const error = await assertRejects(() =>
      assemble({
        plan,
        source,
        path: join(outFolder.path, "out.mp4"),
        shards: shards(),
        audio: { codec: "aac" },
        onProgress: stopAtThree,
        signal: abort.signal,
      })
    );
    assertEquals(error, reason);
    assertEquals((await running).length, when === "before it starts" ? 0 : 1);
    assertEquals(await audioEncoderPids(), []);
    assertEquals(await fileNames(outFolder.path), []);
  });
}

/** It may begin a moment after the pictures beside it. */
async function untilSoundIsEncoded(): Promise<number[]> {
  let pids: number[] = [];
  await until(async () => (pids = await audioEncoderPids()).length > 0);
  return pids;
}

Deno.test("assemble() leaves no process when the video fails while sound is encoded", async () => {
  await using folder = await temporaryFolder();
  using video = await planned(await videoFile(folder.path, "video.mp4", MUCH_SOUND), ONE_SECOND);
  const { source, plan } = video;
  let running: number[] = [];
  const shards = async function* () {
    for await (const shard of copies(source, plan)) {
      if (shard.segment === 3) {
        running = await untilSoundIsEncoded();
        throw new Error("the worker is gone");
      }
      yield shard;
    }
  };
  const path = join(folder.path, "out.mp4");
  await assertRejects(
    () => assemble({ plan, source, path, shards: shards(), audio: { codec: "aac" } }),
    Error,
    "the worker is gone",
  );
  assertEquals(running.length, 1);
  assertEquals(await audioEncoderPids(), []);
});

Deno.test("assemble() names the track when the process that encodes it dies", async () => {
  await using folder = await temporaryFolder();
  using video = await planned(await videoFile(folder.path, "video.mp4", MUCH_SOUND), ONE_SECOND);
  const { source, plan } = video;
  const shards = async function* () {
    for await (const shard of copies(source, plan)) {
      if (shard.segment === 3) { for (const pid of await untilSoundIsEncoded()) Deno.kill(pid, "SIGKILL"); }
      yield shard;
    }
  };
  const path = join(folder.path, "out.mp4");
  const audio = { codec: "opus", bitsPerSecond: 500_000 } as const;
  await assertRejects(
    () => assemble({ plan, source, path, shards: shards(), audio }),
    AssembleError,
    "Cannot encode audio track 1 (aac, und): the libav process ended: killed by SIGKILL",
  );
  assertEquals(await fileNames(folder.path), ["video.mp4"]);
});

Deno.test("assemble() makes a video without sound of a track in which nothing is to be heard", async () => {
  await using folder = await temporaryFolder();
  using video = await planned(await videoFile(folder.path, "video.mp4"), ONE_SECOND);
  const { plan } = video;
  const source = {
    ...video.source,
    audio: video.source.audio.map((audio) => ({ ...audio, delaySeconds: 100 })),
  };
  for (const outName of ["out.mp4", "out.mkv"]) {
    const path = join(folder.path, outName);
    await assemble({ plan, source, path, shards: copies(video.source, plan), audio: { codec: "opus" } });
    using output = await openSource(path);
    for (const audio of output.audio) assertEquals(await audioPackets(audio), []);
  }
});

for (const audio of ["copy", { codec: "aac" }, { codec: "opus" }] as const) {
  const how = typeof audio === "string" ? "copied" : `encoded to ${audio.codec}`;
  Deno.test(`assemble() ends sound that is ${how} where an edit list hides the rest of it`, async () => {
    await using folder = await temporaryFolder();
    using video = await planned(await videoFile(folder.path, "video.mp4"), ONE_SECOND);
    const { plan } = video;
    const tracks = video.source.audio.map((track) => ({ ...track, shownUntilSeconds: 2 }));
    const source = { ...video.source, audio: tracks };
    const path = join(folder.path, "out.mp4");
    await assemble({ plan, source, path, shards: copies(video.source, plan), audio });
    const { endSeconds, frameSeconds } = await soundEnd(path);
    assert(endSeconds > 2 - 1e-9 && endSeconds < 2 + frameSeconds, `it ends at ${endSeconds} s`);
  });
}

/** A test that needs ffmpeg. */
function ffmpegTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: HAS_FFMPEG ? name : `${name} ${WITHOUT_FFMPEG}`, ignore: !HAS_FFMPEG, fn });
}

const SECONDS = 4;
const VIDEO = [
  ...picture({ seconds: SECONDS }),
  ...ticks(2, SECONDS),
  "-map",
  "0:v",
  "-map",
  "1:a",
  ...h264(),
];
const LATE = [
  ...[...picture({ seconds: SECONDS }), "-itsoffset", "0.53", ...ticks(2, SECONDS)],
  ...["-map", "0:v", "-map", "1:a", ...h264()],
];
const SHIFTED = [...VIDEO, "-output_ts_offset", "5.3"];

/** Source, how it is made, output, treatment, when its first tick is. */
const OFFSETS: readonly (readonly [string, readonly string[], string, AudioMode, number])[] = [
  ["aac.mp4", [...VIDEO, "-c:a", "aac"], "out.mp4", "copy", 0.5],
  ["aac.mp4", [...VIDEO, "-c:a", "aac"], "out.mkv", "copy", 0.5],
  ["aac.mp4", [...VIDEO, "-c:a", "aac"], "out.mp4", { codec: "aac" }, 0.5],
  ["aac.mp4", [...VIDEO, "-c:a", "aac"], "out.mkv", { codec: "opus" }, 0.5],
  ["aac44.mkv", [...VIDEO, "-c:a", "aac", "-ar", "44100"], "out.mp4", { codec: "opus" }, 0.521],
  ["aac22.mp4", [...VIDEO, "-c:a", "aac", "-ar", "22050"], "out.mp4", { codec: "aac" }, 0.5],
  ["aac.ts", [...VIDEO, "-c:a", "aac"], "out.mp4", { codec: "aac" }, 1.98],
  ["ulaw.mov", [...VIDEO, "-c:a", "pcm_mulaw", "-ar", "8000"], "out.mp4", "copy", 0.5],
  ["u8.mkv", [...VIDEO, "-c:a", "pcm_u8"], "out.mp4", "copy", 0.5],
  ["pcm.mov", [...VIDEO, "-c:a", "pcm_s24be"], "out.mov", { codec: "aac" }, 0.5],
  ["flac.mkv", [...VIDEO, "-c:a", "flac"], "out.mp4", { codec: "aac" }, 0.5],
  ["alac.mkv", [...VIDEO, "-c:a", "alac"], "out.mp4", { codec: "aac" }, 0.5],
  ["alac.mov", [...VIDEO, "-c:a", "alac"], "out.mkv", { codec: "opus" }, 0.5],
  [
    "truehd.mkv",
    [...VIDEO, "-ar", "48000", "-c:a", "truehd", "-strict", "-2"],
    "out.mp4",
    { codec: "aac" },
    0.5,
  ],
  ["mp2.mkv", [...VIDEO, "-c:a", "mp2"], "out.mp4", { codec: "aac" }, 0.5],
  ["vorbis.mkv", [...VIDEO, "-c:a", "libvorbis"], "out.mp4", { codec: "aac" }, 0.5],
  ["opus.mkv", [...VIDEO, "-c:a", "libopus"], "out.mp4", { codec: "aac" }, 0.5],
  ["opus.mp4", [...VIDEO, "-c:a", "libopus"], "out.mkv", { codec: "opus" }, 0.5],
  ["ac3.mkv", [...VIDEO, "-c:a", "ac3"], "out.mp4", { codec: "aac" }, 0.5],
  ["mp3.mp4", [...VIDEO, "-c:a", "libmp3lame"], "out.mp4", { codec: "aac" }, 0.5],
  ["dts.mkv", [...VIDEO, "-c:a", "dca", "-strict", "-2"], "out.mp4", { codec: "aac" }, 0.5],
  ["late.mp4", [...LATE, "-c:a", "aac"], "out.mp4", "copy", 1.03],
  ["late.mp4", [...LATE, "-c:a", "aac"], "out.mp4", { codec: "aac" }, 1.03],
  ["late.mkv", [...LATE, "-c:a", "flac"], "out.mkv", { codec: "opus" }, 1.03],
  ["shifted.mp4", [...SHIFTED, "-c:a", "aac"], "out.mp4", { codec: "aac" }, 5.8],
];

for (const [name, args, outName, audio, firstTick] of OFFSETS) {
  const how = typeof audio === "string" ? audio : `to ${audio.codec}`;
  ffmpegTest(
    `${name} put together as ${outName}, its sound ${how}, has sound and picture as far apart as before`,
    async () => {
      await using folder = await temporaryFolder();
      const path = await made(folder.path, name, args);
      const outPath = join(folder.path, outName);
      await reassembled(path, outPath, audio);
      const [expected, actual] = [await heard(path), await heard(outPath)];
      const shift = await firstFrameSeconds(outPath) - await firstFrameSeconds(path);
      assert(Math.abs(shift) < 0.001, `the picture is ${shift} s later`);
      for (const seconds of [firstTick, firstTick + SECONDS - 1]) {
        const lag = lagSamples(expected, actual, seconds);
        assert(Math.abs(lag) <= 96, `at ${seconds} s the sound comes ${lag} samples later`); // 2 ms
      }
      const { endSeconds, frameSeconds } = await soundEnd(outPath);
      const longer = endSeconds - expected.length / 48_000;
      assert(Math.abs(longer) <= frameSeconds, `the sound ends ${longer} s later`);
      assertEquals((await runFfmpeg("ffmpeg", ["-i", outPath, "-f", "null", "-"])).stderr, "");
    },
  );
}

/** When the last packet of sound ends, as far as the container says it, and how long a packet is. */
async function soundEnd(path: string): Promise<{ endSeconds: number; frameSeconds: number }> {
  using output = await openSource(path);
  const [audio] = output.audio;
  const frameSeconds = (audio!.codec === "opus" ? 960 : 1024) / audio!.decoderConfig!.sampleRate;
  let endSeconds = 0;
  // Matroska says nothing of how long the last one is.
  for await (const { timestamp, duration } of packetsOf(audio!)) {
    endSeconds = timestamp + (duration || frameSeconds);
  }
  return { endSeconds, frameSeconds };
}

for (const channels of [1, 2, 3, 4, 5, 6, 7, 8]) {
  ffmpegTest(`assemble() encodes sound of ${channels} channels`, async () => {
    await using folder = await temporaryFolder();
    const sound = ["-map", "0:v", "-map", "1:a", "-c:a", "flac"];
    const args = [...picture({ seconds: 2 }), ...ticks(channels, 2), ...h264(), ...sound];
    const path = await made(folder.path, "source.mkv", args);
    for (const [codec, outName] of [["aac", "out.mp4"], ["opus", "out.mkv"]] as const) {
      const outPath = join(folder.path, outName);
      await reassembled(path, outPath, { codec });
      const entries = ["-select_streams", "a:0", "-show_entries", "stream=channels", "-of", "csv=p=0"];
      const { stdout } = await runFfmpeg("ffprobe", [...entries, outPath]);
      assertEquals(Number(stdout), codec === "aac" && channels === 7 ? 8 : channels);
      assertEquals(lagSamples(await heard(path), await heard(outPath), 1.5), 0);
      assertEquals((await runFfmpeg("ffmpeg", ["-i", outPath, "-f", "null", "-"])).stderr, "");
    }
  });
}

ffmpegTest("assemble() keeps a gap in sound that it encodes", async () => {
  await using folder = await temporaryFolder();
  const gap = ["-af", "aselect='not(between(t,0.9,2.1))'"];
  const path = await made(folder.path, "gap.mkv", [...VIDEO, ...gap, "-c:a", "flac"]);
  for (const [codec, outName] of [["aac", "out.mp4"], ["opus", "out.mkv"]] as const) {
    const outPath = join(folder.path, outName);
    await reassembled(path, outPath, { codec });
    const [expected, actual] = [await heard(path), await heard(outPath)];
    for (const seconds of [0.5, 2.5, 3.5]) assertEquals(lagSamples(expected, actual, seconds), 0);
    const inGap = actual.subarray(48_000, 96_000);
    assert(inGap.every((sample) => Math.abs(sample) < 0.001));
  }
});

ffmpegTest(
  "assemble() keeps several tracks in order with their languages, each copied or encoded as it must",
  async () => {
    await using folder = await temporaryFolder();
    const sounds = [ticks(2, SECONDS), ticks(1, 2), ["-itsoffset", "0.53", ...ticks(6, SECONDS)]];
    const languages = ["deu", "fra", "jpn"].flatMap((code, i) => [`-metadata:s:a:${i}`, `language=${code}`]);
    const path = await made(folder.path, "tracks.mkv", [
      ...[...picture({ seconds: SECONDS }), ...sounds.flat()],
      ...["-map", "0:v", "-map", "1:a", "-map", "2:a", "-map", "3:a", ...h264()],
      ...["-c:a:0", "aac", "-c:a:1", "pcm_u8", "-c:a:2", "ac3", ...languages],
    ]);
    const outPath = join(folder.path, "out.mp4");
    const { audioTracks } = await reassembled(path, outPath, "copy");
    assertEquals(audioTracks, [
      { title: "audio track 1 (aac, deu)", kind: "copied" },
      { title: "audio track 2 (pcm-u8, fra)", kind: "encoded", from: "pcm-u8", to: "aac" },
      { title: "audio track 3 (ac3, jpn)", kind: "copied" },
    ]);
    using output = await openSource(outPath);
    assertEquals(output.audio.map(({ codec, languageCode }) => `${codec} ${languageCode}`), [
      "aac deu",
      "aac fra",
      "ac3 jpn",
    ]);
    for (const [track, seconds] of [[0, 2.53], [1, 1.53], [2, 3.05]] as const) {
      const lag = lagSamples(await heard(path, track), await heard(outPath, track), seconds);
      assert(Math.abs(lag) <= 48, `track ${track} comes ${lag} samples later`);
    }
  },
);

ffmpegTest("assemble() encodes to Opus what WebM cannot hold", async () => {
  await using folder = await temporaryFolder();
  const args = [...picture({ seconds: 2 }), ...ticks(2, 2), ...VP9, "-c:a", "aac"];
  const path = await made(folder.path, "source.mkv", args);
  const outPath = join(folder.path, "out.webm");
  const { audioTracks } = await reassembled(path, outPath, "copy");
  assertEquals(audioTracks, [{
    title: "audio track 1 (aac, und)",
    kind: "encoded",
    from: "aac",
    to: "opus",
  }]);
  assert(Math.abs(lagSamples(await heard(path), await heard(outPath), 1.52)) <= 48);
});

ffmpegTest("assemble() names the track whose times go back", async () => {
  await using folder = await temporaryFolder();
  const path = await made(folder.path, "first.ts", [...VIDEO, "-c:a", "aac"]);
  const bytes = await Deno.readFile(path);
  const joined = join(folder.path, "joined.mkv");
  // two recordings in one, which ffmpeg is told to leave as they are
  await Deno.writeFile(join(folder.path, "joined.ts"), new Uint8Array([...bytes, ...bytes]));
  await runFfmpeg("ffmpeg", ["-y", "-i", path, "-c", "copy", joined]);
  using source = await openSource(join(folder.path, "joined.ts"));
  using video = await planned(joined, ONE_SECOND);
  const mixed = { ...video.source, path: source.path, audio: source.audio };
  const error = await assertRejects(
    () =>
      assemble({
        plan: video.plan,
        source: mixed,
        path: join(folder.path, "out.mp4"),
        shards: copies(video.source, video.plan),
        audio: { codec: "aac" },
      }),
    SourceError,
  );
  assertStringIncludes(error.message, "its audio track 1 (aac, und) cannot be encoded: its times go back by");
});
