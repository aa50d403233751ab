/** The client as a process, against a worker as a process: the whole way of a video. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { makeVideo } from "../../lib/encode/make_video.ts";
import { startOurWorker } from "../peers/our_worker.ts";
import { startFakeWorker } from "./fake_worker.ts";
import { filesUnder } from "./files_under.ts";
import {
  areTimesWithin,
  ffmpegComplaints,
  ffprobeFrameSeconds,
  hasFfmpeg,
  mediaFacts,
} from "./media_facts.ts";
import { runScript, type ScriptResult } from "./run_script.ts";
import { assertSameBytes } from "./same_bytes.ts";
import { temporaryFolder } from "./temporary_folder.ts";

// the fake worker runs in here, and grpc-js leaves a timer or two behind where a client is killed amid a call
Deno.test.sanitizer({ ops: false, resources: false });

const FFMPEG = await hasFfmpeg();

/** A worker with a store of its own, and the folder in which the client runs. */
async function setUp() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const shardsDir = join(folder.path, "shards");
  const cwd = join(folder.path, "here");
  await Deno.mkdir(cwd);
  const worker = stack.use(await startOurWorker({ shardsDir }));
  const done = stack.move();
  return {
    shardsDir,
    cwd,
    client: (...flags: string[]) =>
      runScript("test_worker_client.ts", ["--worker", worker.address, ...flags], { cwd }),
    [Symbol.asyncDispose]: () => done.disposeAsync(),
  };
}

function assertDone({ code, stdout, stderr }: ScriptResult): void {
  assertEquals(code, 0, `${stdout}\n${stderr}`);
}

Deno.test("the client with nothing but a worker makes the sample, has it encoded, and keeps the shard as the worker has it", async () => {
  await using t = await setUp();
  const result = await t.client();
  assertDone(result);
  const [shard, sample, ...others] = await filesUnder(t.cwd);
  assertEquals([sample, ...others], ["test_video_small.mp4"]);
  const [, videoId] = /^retrieved_shards\/(test_video_small-[0-9a-f]{8})_chunk_0\.shard$/.exec(shard!) ?? [];
  assert(videoId !== undefined, `${shard} is not named after its video`);
  const kept = await Deno.readFile(join(t.cwd, shard!));
  assertSameBytes(kept, await Deno.readFile(join(t.shardsDir, videoId, "chunk_0.shard")));
  assertMatch(result.stdout, /^Chunk 0 processed successfully/m);
  assertStringIncludes(
    result.stdout,
    `Successfully retrieved and saved shard data to '${shard}' (${kept.length} bytes)\n`,
  );
  assertMatch(result.stdout, /libx264/);
  const { width, height, frameSeconds, audio } = await mediaFacts(join(t.cwd, sample!));
  assertEquals([width, height, frameSeconds.length], [320, 240, 75]);
  assert(audio.length > 5 * 40);
});

for (const [extension, clockSeconds] of [["mp4", 0], ["mkv", 0.0005]] as const) {
  Deno.test(`--reconstruct to .${extension} has every frame at its time and the sound untouched, and says so`, async (test) => {
    await using t = await setUp();
    const [source, output] = [join(t.cwd, "test_video_small.mp4"), join(t.cwd, `out.${extension}`)];
    const result = await t.client("--chunk_size", "20000", "--preset", "ultrafast", "--reconstruct", output);
    assertDone(result);
    assertEquals(result.stdout.match(/processed successfully/g)?.length, 5);
    assertMatch(
      result.stdout,
      /Reconstructed .*\(.*\): 75 frames in, 75 out, largest time difference (0 ms|[1-4]\d\d µs), duration 5\.0 s\n/,
    );
    const [original, made] = [await mediaFacts(source), await mediaFacts(output)];
    assert(areTimesWithin(clockSeconds + 1e-9, made.frameSeconds, original.frameSeconds));
    assertEquals([made.width, made.height], [320, 240]);
    assertEquals(made.audio.map(({ sha256 }) => sha256), original.audio.map(({ sha256 }) => sha256));
    const [heard, sounded] = [made, original].map(({ audio }) => audio.map(({ seconds }) => seconds));
    assert(areTimesWithin(clockSeconds + 1e-9, heard!, sounded!));

    await test.step({
      name:
        "ffprobe reads the same times, and ffmpeg decodes it in silence (needs ffmpeg: apt install ffmpeg)",
      ignore: !FFMPEG,
      fn: async () => {
        const originalSeconds = await ffprobeFrameSeconds(source);
        assertEquals(originalSeconds.length, 75);
        // ffprobe prints microseconds
        assert(areTimesWithin(clockSeconds + 2e-6, await ffprobeFrameSeconds(output), originalSeconds));
        assertEquals(await ffmpegComplaints(output), "");
      },
    });
  });
}

Deno.test("--reconstruct replaces a file that is there by the whole video", async () => {
  await using t = await setUp();
  await Deno.writeFile(join(t.cwd, "out.mp4"), new Uint8Array(1_000_000));
  assertDone(await t.client("--preset", "ultrafast", "--reconstruct", "out.mp4"));
  assert((await Deno.stat(join(t.cwd, "out.mp4"))).size < 1_000_000);
  assertEquals((await mediaFacts(join(t.cwd, "out.mp4"))).frameSeconds.length, 75);
});

Deno.test("--reconstruct keeps a video without sound, a rate of 30000/1001 and a name with quotes and brackets", async () => {
  await using t = await setUp();
  const source = join(t.cwd, 'it\'s [a] "video" é.mkv');
  await makeVideo(source, { seconds: 2, tone: null, frameRate: { num: 30_000, den: 1_001 } });
  const output = join(t.cwd, "o'u\"t [1].mp4");
  assertDone(await t.client("--video_path", source, "--chunk_size", "1", "--reconstruct", output));
  const [made, original] = [await mediaFacts(output), await mediaFacts(source)];
  assert(areTimesWithin(1e-9, made.frameSeconds, original.frameSeconds));
  assertEquals(made.audio, []);
});

Deno.test("--json gives the result alone on standard output, with what was reconstructed", async () => {
  await using t = await setUp();
  const result = await t.client(
    "--json",
    "--video_id",
    "v",
    "--chunk_size",
    "20000",
    "--reconstruct",
    "o.mp4",
  );
  assertDone(result);
  const json = JSON.parse(result.stdout);
  assertEquals([json.video_id, json.total_chunks, json.failed], ["v", 5, []]);
  assertEquals(json.chunks.length, 5);
  const [first] = json.chunks;
  assertEquals([first.chunk_index, first.frame_count, first.path], [
    0,
    15,
    "retrieved_shards/v_chunk_0.shard",
  ]);
  assertEquals(first.encoded_size, (await Deno.stat(join(t.cwd, first.path))).size);
  assertMatch(first.sha256, /^[0-9a-f]{64}$/);
  assertEquals(first.shard_location, join(t.shardsDir, "v", "chunk_0.shard"));
  const { path, frames_in, frames_out, largest_difference_seconds, duration_seconds, audio_tracks } =
    json.reconstruction;
  assertEquals([path, frames_in, frames_out, largest_difference_seconds], ["o.mp4", 75, 75, 0]);
  assertEquals([duration_seconds, audio_tracks.length], [5, 1]);
});

Deno.test("the encode settings shape the picture and its size, and the worker notes them", async () => {
  await using t = await setUp();
  const settingsOf = async (videoId: string) =>
    JSON.parse(await Deno.readTextFile(join(t.shardsDir, "metadata", `${videoId}_chunk_0_metadata.json`)));
  for (
    const [videoId, ...flags] of [
      ["small", "--width", "160", "--reconstruct", "small.mp4"],
      ["tall", "--height", "480", "--preset", "ultrafast", "--reconstruct", "tall.mp4"],
      ["fine", "--crf", "10", "--preset", "ultrafast"],
      ["coarse", "--crf", "45", "--preset", "ultrafast"],
      ["bits", "--bitrate", "100k", "--preset", "faster"],
    ]
  ) assertDone(await t.client("--video_id", videoId!, ...flags));
  const sizes = await Promise.all(
    ["small.mp4", "tall.mp4"].map(async (name) => await mediaFacts(join(t.cwd, name))),
  );
  assertEquals(sizes.map(({ width, height }) => [width, height]), [[160, 120], [640, 480]]);
  const [fine, coarse, bits] = await Promise.all(["fine", "coarse", "bits"].map(settingsOf));
  assert(fine.encoded_size > 3 * coarse.encoded_size);
  assertEquals([fine.settings.rate, bits.settings.rate], [
    { kind: "crf", crf: 10 },
    { kind: "bitrate", bitsPerSecond: 100_000 },
  ]);
  assertEquals([fine.settings.preset, bits.settings.preset], ["ultrafast", "faster"]);
  const bitsPerSecond = bits.encoded_size * 8 / 5;
  assert(bitsPerSecond > 60_000 && bitsPerSecond < 150_000, `${bitsPerSecond} bits a second`);
});

Deno.test("--split bytes sends raw slices of chunk_size by ProcessChunk, as the Python client does", async () => {
  await using folder = await temporaryFolder();
  using worker = await startFakeWorker();
  const bytes = crypto.getRandomValues(new Uint8Array(25_000));
  await Deno.writeFile(join(folder.path, "any.bin"), bytes);
  const flags = ["--split", "bytes", "--video_path", "any.bin", "--chunk_size", "10000", "--video_id", "any"];
  assertDone(
    await runScript("test_worker_client.ts", ["--worker", worker.address, ...flags], { cwd: folder.path }),
  );
  const chunks = worker.chunks.toSorted((a, b) => a.index - b.index);
  assertEquals(chunks.map(({ call, videoId, index }) => [call, videoId, index]), [
    ["ProcessChunk", "any", 0],
    ["ProcessChunk", "any", 1],
    ["ProcessChunk", "any", 2],
  ]);
  assertEquals(chunks.map(({ bytes }) => bytes.length), [10_000, 10_000, 5_000]);
  assertSameBytes(new Uint8Array(Buffer.concat(chunks.map(({ bytes }) => bytes))), bytes);
});

Deno.test("--split bytes of a video is simulated, said so, and each shard is a prefix of its slice", async () => {
  await using t = await setUp();
  const result = await t.client("--split", "bytes", "--chunk_size", "100000", "--video_id", "raw");
  assertDone(result);
  assertEquals(result.stdout.match(/^Chunk \d processed successfully \(.*simulated\)$/gm)?.length, 2);
  const source = await Deno.readFile(join(t.cwd, "test_video_small.mp4"));
  for (const index of [0, 1]) {
    const shard = await Deno.readFile(join(t.cwd, `retrieved_shards/raw_chunk_${index}.shard`));
    const slice = source.subarray(index * 100_000, (index + 1) * 100_000);
    assert(shard.length > 0 && shard.length < slice.length);
    assertSameBytes(shard, slice.slice(0, shard.length));
  }
});

Deno.test("flags are taken in kebab case and with an equals sign too", async () => {
  await using t = await setUp();
  assertDone(await t.client("--video-id=k", "--output-dir", "else where", "--split=bytes"));
  assertEquals(await filesUnder(t.cwd), ["else where/k_chunk_0.shard", "test_video_small.mp4"]);
});
