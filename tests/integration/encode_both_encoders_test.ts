/** What holds of the two encoders together, and what FFmpeg's own tools say of their shards. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { chooseEncoders } from "../../lib/encode/choose_encoder.ts";
import type { Encoder } from "../../lib/encode/encoder.ts";
import { createFfmpegEncoder } from "../../lib/encode/ffmpeg_encoder.ts";
import { createLibavEncoder } from "../../lib/encode/libav_encoder.ts";
import type { MakeVideoOptions } from "../../lib/encode/make_video.ts";
import { DEFAULT_SETTINGS, type EncodeSettings } from "../../lib/encode/settings.ts";
import { isAlive } from "./child_processes.ts";
import { type Chunk, chunkOfBytes, readVideo, wholeChunk } from "./encode_media.ts";
import { HAS_FFMPEG, runSystem, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { until } from "./until.ts";
import { within } from "./within.ts";

const LOSSLESS: EncodeSettings = { ...DEFAULT_SETTINGS, preset: "ultrafast", rate: { kind: "crf", crf: 0 } };
const SOURCES: Record<string, MakeVideoOptions> = {
  "closed groups": { seconds: 2 },
  "open groups": { seconds: 2, closedGop: false, bFrames: 4 },
  "uneven times": { seconds: 2, irregular: true },
  "4:4:4": { seconds: 1, pixelFormat: "yuv444p" },
};

function testWithFfmpeg(behaviour: string, fn: () => Promise<void>): void {
  Deno.test({ name: HAS_FFMPEG ? behaviour : `${behaviour} ${WITHOUT_FFMPEG}`, ignore: !HAS_FFMPEG, fn });
}

async function shardOf(
  encoder: Encoder,
  { bytes, segment }: Chunk,
  settings: EncodeSettings,
): Promise<Uint8Array<ArrayBuffer>> {
  return await new Response(encoder.encode(new Blob([bytes]).stream(), { settings, segment }).shard).bytes();
}

/** A hash of every picture, in the order in which they are shown. */
async function pictureHashes(bytes: Uint8Array<ArrayBuffer>): Promise<string[]> {
  const args = ["-i", "pipe:0", "-map", "0:v", "-fps_mode", "passthrough", "-f", "framemd5", "pipe:1"];
  const lines = (await runSystem("ffmpeg", args, bytes)).split("\n");
  return lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) =>
    line.split(", ").at(-1)!.trim()
  );
}

async function probedTicks(bytes: Uint8Array<ArrayBuffer>): Promise<number[]> {
  const args = ["-show_entries", "frame=pts", "-of", "csv=p=0", "-i", "pipe:0"];
  return (await runSystem("ffprobe", args, bytes)).trim().split(/\s+/).map((pts) => parseInt(pts));
}

for (const [source, options] of Object.entries(SOURCES)) {
  testWithFfmpeg(`a lossless shard has the very pictures of a source with ${source}`, async () => {
    const chunk = await wholeChunk(options);
    const expected = await pictureHashes(chunk.bytes);
    for (const create of [createLibavEncoder, createFfmpegEncoder]) {
      const shard = await shardOf(await create(), chunk, LOSSLESS);
      assertEquals(await pictureHashes(shard), expected);
      assertEquals(await probedTicks(shard), [...chunk.shownTicks]);
    }
  });

  testWithFfmpeg(`both encoders' shards can stand in one file, of a source with ${source}`, async () => {
    const chunk = await wholeChunk(options);
    const settings = { ...DEFAULT_SETTINGS, height: 120, threads: 2 };
    const [libav, ffmpeg] = await Promise.all([createLibavEncoder(), createFfmpegEncoder()].map(
      async (encoder) => await readVideo(await shardOf(await encoder, chunk, settings)),
    ));
    assertEquals(libav!.shownTicks, ffmpeg!.shownTicks);
    assertEquals(libav!.timescale, ffmpeg!.timescale);
    assertEquals([libav!.width, libav!.height], [ffmpeg!.width, ffmpeg!.height]);
    assertEquals(libav!.parameterSets, ffmpeg!.parameterSets);
  });
}

Deno.test("createLibavEncoder() says what it is", async () => {
  const { name, version } = await createLibavEncoder();
  assertEquals([name, /^\d+\.\d+/.test(version)], ["libav", true]);
});

Deno.test("chooseEncoders(auto) takes the embedded encoder", async () => {
  const { media } = await chooseEncoders("auto");
  assertEquals(media?.name, "libav");
});

testWithFfmpeg("both encoders convert a pixel format that they cannot take, and note it", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/rgb.mp4`;
  const encode = ["-c:v", "libx264rgb", "-preset", "ultrafast", "-movflags", "+frag_keyframe", path];
  await runSystem("ffmpeg", ["-f", "lavfi", "-i", "testsrc2=duration=0.2", ...encode], new Uint8Array(0));
  const chunk = await chunkOfBytes(await Deno.readFile(path));
  const notes = await Promise.all([createLibavEncoder(), createFfmpegEncoder()].map(async (created) => {
    const { shard, facts } = (await created).encode(new Blob([chunk.bytes]).stream(), {
      settings: LOSSLESS,
      segment: chunk.segment,
    });
    assertStringIncludes((await readVideo(await new Response(shard).bytes())).codec, "avc1.f4"); // 4:4:4
    return (await facts).notes;
  }));
  assertEquals(notes[0]!.length, 1);
  assertStringIncludes(notes[0]![0]!, "from gbrp, which the encoder cannot take, to yuv444p");
  assertEquals(notes[1], notes[0]!);
});

for (const name of ["libav", "ffmpeg"]) {
  const test = name === "ffmpeg" ? testWithFfmpeg : Deno.test;
  test(`${name}'s process ends with the process that it works for, killed as that is`, async () => {
    const script = new URL("./encode_orphan.ts", import.meta.url).href;
    const args = ["run", "-A", "--quiet", script, name];
    await using worker = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
    const output = worker.stdout.getReader();
    const encoderPid = parseInt(new TextDecoder().decode((await within(90_000, output.read())).value));
    assert(await isThere(encoderPid));
    worker.kill("SIGKILL");
    await worker.status;
    await output.cancel();
    await until(async () => !await isThere(encoderPid)); // another's child: there is no event to wait for
  });
}

/** Nobody may ask about an orphan that has ended: on Linux such a one is told from one that runs. */
async function isThere(pid: number): Promise<boolean> {
  if (Deno.build.os === "linux") return await isAlive(pid);
  try {
    Deno.kill(pid, "SIGCONT");
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
