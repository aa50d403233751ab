import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { planSource, segmentChunks } from "../../lib/chunk/keyframe_segments.ts";
import { NotMediaError, SourceError, type SourceErrorReason } from "../../lib/chunk/source_error.ts";
import { openSource } from "../../lib/chunk/source_file.ts";
import { syntheticVideo } from "../unit/chunk_synthetic_video.ts";
import { videoFile } from "./assemble_fixture.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const ONE_SECOND = { kind: "seconds", seconds: 1 } as const;

async function refusal(path: string): Promise<SourceError> {
  return await assertRejects(() => openSource(path), SourceError, path);
}

Deno.test("openSource() tells the tracks of a video", async () => {
  await using folder = await temporaryFolder();
  const path = await videoFile(folder.path, "video.mp4", { frameRate: { num: 30_000, den: 1001 } });
  using source = await openSource(path);
  assertEquals(source.path, path);
  assertEquals(source.sizeBytes, (await Deno.stat(path)).size);
  const { codec, codedWidth, codedHeight, rotation, flip, timescale, decoderConfig } = source.video;
  assertEquals({ codec, codedWidth, codedHeight, rotation, flip, timescale }, {
    codec: "avc",
    codedWidth: 320,
    codedHeight: 240,
    rotation: 0,
    flip: false,
    timescale: 30_000,
  });
  assert(decoderConfig.codec.startsWith("avc1.64"));
  assertEquals(source.audio.map(({ codec, title }) => [codec, title]), [["aac", "audio track 1 (aac, und)"]]);
  assertEquals(source.otherContents, []);
});

Deno.test("openSource() tells the delay that Matroska states apart from the times of the sound", async () => {
  await using folder = await temporaryFolder();
  using mkv = await openSource(await videoFile(folder.path, "video.mkv"));
  using mp4 = await openSource(await videoFile(folder.path, "video.mp4"));
  const starts = await Promise.all([mkv, mp4].map(async ({ audio: [audio] }) => {
    return await audio!.track.getFirstTimestamp() - audio!.delaySeconds;
  }));
  assert(Math.abs(starts[0]! - starts[1]!) < 0.001, `${starts}`);
  assert(starts[1]! < -0.02);
});

Deno.test("openSource() names what is not there to be read", async () => {
  await using folder = await temporaryFolder();
  const reasons: [string, SourceErrorReason][] = [
    [join(folder.path, "none.mp4"), "missing"],
    [join(folder.path, "none", "none.mp4"), "missing"],
    [folder.path, "directory"],
    [join(folder.path, "empty.mp4"), "empty"],
  ];
  await Deno.writeFile(join(folder.path, "empty.mp4"), new Uint8Array());
  for (const [path, reason] of reasons) assertEquals((await refusal(path)).reason, reason);
});

Deno.test({
  name: "openSource() refuses a named pipe without waiting for a writer",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "pipe.mp4");
    await new Deno.Command("mkfifo", { args: [path] }).output();
    assertEquals((await refusal(path)).reason, "unreadable");
  },
});

for (
  const [what, bytes] of [
    ["text", new TextEncoder().encode("Once upon a time there was a video. ".repeat(200))],
    ["four bytes", Uint8Array.of(0, 0, 0, 24)],
    ["noise", crypto.getRandomValues(new Uint8Array(60_000))],
    ["zeros", new Uint8Array(60_000)],
  ] as const
) {
  Deno.test(`openSource() calls a file of ${what} no media, whatever its name`, async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "video.mp4");
    await Deno.writeFile(path, bytes);
    assertEquals((await assertRejects(() => openSource(path), NotMediaError)).reason, "not-media");
  });
}

Deno.test("openSource() refuses a file that has only sound", async () => {
  await using folder = await temporaryFolder();
  const video = await syntheticVideo({
    packets: [{ ticks: 0, key: true, sizeBytes: 9 }],
    timescale: 25,
    audioSeconds: [0],
  });
  const path = join(folder.path, "sound.mp4");
  // A handler that is neither video nor sound, so that the picture is not seen.
  await Deno.writeFile(path, replaced(video, "vide", "none"));
  assertEquals((await refusal(path)).reason, "no-video");
});

Deno.test("openSource() refuses a codec that it does not know, by name", async () => {
  await using folder = await temporaryFolder();
  const video = await syntheticVideo({ packets: [{ ticks: 0, key: true, sizeBytes: 9 }], timescale: 25 });
  const path = join(folder.path, "odd.mp4");
  // The last one is the sample description; before it comes the file's brand.
  await Deno.writeFile(path, replaced(video, "avc1", "xyz1"));
  const error = await refusal(path);
  assertEquals(error.reason, "unsupported-codec");
  assert(error.message.includes("xyz1"), error.message);
});

/** With the last place where `from` stands changed to `to`. */
function replaced(bytes: Uint8Array<ArrayBuffer>, from: string, to: string): Uint8Array<ArrayBuffer> {
  const text = new TextDecoder("latin1").decode(bytes);
  const changed = bytes.slice();
  changed.set(new TextEncoder().encode(to), text.lastIndexOf(from));
  return changed;
}

for (
  const [name, options] of [
    ["moov-first.mp4", { layout: "moov-first" }],
    ["moov-last.mp4", { layout: "moov-last" }],
    ["fragmented.mp4", { layout: "fragmented" }],
    ["video.mov", {}],
    ["video.mkv", {}],
  ] as const
) {
  Deno.test(`openSource() refuses ${name} when its end is missing, and says how much of it there is`, async () => {
    await using folder = await temporaryFolder();
    const whole = await Deno.readFile(await videoFile(folder.path, name, options));
    const path = join(folder.path, `cut-${name}`);
    for (const part of [0.1, 0.5, 0.9, 0.99]) {
      const sizeBytes = Math.floor(part * whole.length);
      await Deno.writeFile(path, whole.subarray(0, sizeBytes));
      const error = await refusal(path);
      assertEquals(error.reason, "damaged");
      assert(error.message.includes(`it ends after ${sizeBytes} of `), error.message);
    }
  });
}

Deno.test("planSource() refuses an index that promises more than the file holds", async () => {
  await using folder = await temporaryFolder();
  const path = await videoFile(folder.path, "moov-first.mp4", { layout: "moov-first" });
  const bytes = await Deno.readFile(path);
  // The media box made to end where the file is cut, so that only the index tells.
  const at = new TextDecoder("latin1").decode(bytes).lastIndexOf("mdat") - 4;
  const view = new DataView(bytes.buffer);
  const cutBytes = at + Math.floor(view.getUint32(at) / 2);
  view.setUint32(at, cutBytes - at);
  await Deno.writeFile(path, bytes.subarray(0, cutBytes));
  using source = await openSource(path);
  const error = await assertRejects(() => planSource(source, ONE_SECOND), SourceError, "cannot be read");
  assertEquals(error.reason, "damaged");
});

Deno.test("segmentChunks() says so when the file gets shorter while it is read", async () => {
  await using folder = await temporaryFolder();
  const path = await videoFile(folder.path, "large.mp4", { width: 640, height: 480, crf: 1, tone: null });
  using planning = await openSource(path);
  const plan = await planSource(planning, ONE_SECOND);
  // Planning has read keyframes, and they may still be in memory.
  using source = await openSource(path);
  const chunks = segmentChunks(source, plan).getReader();
  await chunks.read();
  await Deno.truncate(path, 1000);
  const error = await assertRejects(async () => {
    while (!(await chunks.read()).done);
  }, SourceError);
  assertEquals(error.reason, "damaged");
});
