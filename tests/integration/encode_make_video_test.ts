import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { ALL_FORMATS, BufferSource, Input } from "mediabunny";
import { makeVideo } from "../../lib/encode/make_video.ts";
import { readVideo, videoBytes } from "./encode_media.ts";
import { assertSameBytes } from "./same_bytes.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { within } from "./within.ts";

async function fileNames(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
}

for (const extension of ["mp4", "mov", "mkv"]) {
  Deno.test(`makeVideo() makes the sample as ${extension}, the same on every run`, async () => {
    await using folder = await temporaryFolder();
    const paths = Array.from({ length: 6 }, (_, run) => `${folder.path}/${run}.${extension}`);
    await Promise.all(paths.map((path) => makeVideo(path)));
    const bytes = await Deno.readFile(paths[0]!);
    for (const again of paths.slice(1)) assertSameBytes(await Deno.readFile(again), bytes);

    const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(bytes) });
    const [video, audio] = [await input.getPrimaryVideoTrack(), await input.getPrimaryAudioTrack()];
    assert(video && audio);
    assertEquals([video.codec, video.codedWidth, video.codedHeight], ["avc", 320, 240]);
    assertEquals([audio.codec, audio.sampleRate], ["aac", 44_100]);
    const { packetCount } = await video.computePacketStats();
    assertEquals(packetCount, 75);
    assert(Math.abs((await audio.computeDuration()) - 5) < 0.1);
  });
}

Deno.test("makeVideo() sets a keyframe every second unless told otherwise", async () => {
  assertEquals((await readVideo(await videoBytes())).keyframes, 5);
  assertEquals((await readVideo(await videoBytes({ keyframeInterval: 5 }))).keyframes, 15);
});

Deno.test("makeVideo() puts the index of an MP4 where it is told to", async () => {
  const kinds = async (layout: "moov-first" | "moov-last" | "fragmented"): Promise<string[]> =>
    topBoxes(await videoBytes({ layout, seconds: 2 }));
  assertEquals(await kinds("moov-first"), ["ftyp", "moov", "free", "mdat"]);
  assertEquals((await kinds("moov-last")).at(-1), "moov");
  assertEquals((await kinds("fragmented")).slice(0, 4), ["ftyp", "moov", "moof", "mdat"]);
});

function topBoxes(bytes: Uint8Array<ArrayBuffer>): string[] {
  const view = new DataView(bytes.buffer);
  const kinds: string[] = [];
  for (let at = 0; at < bytes.length; at += view.getUint32(at)) {
    kinds.push(new TextDecoder().decode(bytes.subarray(at + 4, at + 8)));
  }
  return kinds;
}

Deno.test("makeVideo() gives uneven times when asked to, and even ones otherwise", async () => {
  const steps = async (irregular: boolean): Promise<number> => {
    const { shownTicks } = await readVideo(await videoBytes({ irregular }));
    return new Set(shownTicks.slice(1).map((tick, index) => tick - shownTicks[index]!)).size;
  };
  assertEquals(await steps(false), 1);
  assert((await steps(true)) > 20);
});

Deno.test("makeVideo() makes open groups when asked to", async () => {
  const options = { bFrames: 3, seconds: 2 };
  assertNotEquals(await videoBytes({ ...options, closedGop: false }), await videoBytes(options));
});

Deno.test("makeVideo() leaves nothing behind once aborted", async () => {
  await using folder = await temporaryFolder();
  const abort = new AbortController();
  const large = { seconds: 3_600, width: 1_280, height: 720 };
  using watcher = Deno.watchFs(folder.path); // before there is anything to miss
  const made = makeVideo(`${folder.path}/video.mp4`, large, { signal: abort.signal });
  for await (const event of watcher) if (event.kind === "create") break;
  abort.abort(new Error("changed my mind"));
  await within(30_000, assertRejects(() => made, Error, "changed my mind"));
  assertEquals(await fileNames(folder.path), []);
});

Deno.test("makeVideo() says why it could not write", async () => {
  await using folder = await temporaryFolder();
  const made = () => makeVideo(`${folder.path}/missing/video.mp4`);
  await assertRejects(made, Error, "No such file or directory");
});
