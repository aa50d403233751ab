import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { assemble, type AssembleOptions } from "../../lib/assemble/assemble.ts";
import { AssembleError } from "../../lib/assemble/assemble_error.ts";
import { checkFrames, FrameMismatchError } from "../../lib/assemble/check_frames.ts";
import type { EncodedShard } from "../../lib/assemble/shard_frames.ts";
import { planSource } from "../../lib/chunk/keyframe_segments.ts";
import { openSource } from "../../lib/chunk/source_file.ts";
import { evenPackets, syntheticVideo } from "../unit/chunk_synthetic_video.ts";
import { copiedFiles, copies, fileNames, planned, videoFile } from "./assemble_fixture.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const ONE_SECOND = { kind: "seconds", seconds: 1 } as const;

/** Four segments of five frames at 25 frames a second, and what may replace the shards of the middle ones. */
const VIDEO = { packets: evenPackets(20, 5, 512), timescale: 12_800, audioSeconds: [0, 0.3, 0.6] };

interface Attempt {
  readonly error: unknown;
  /** What is in the output's folder afterwards. */
  readonly left: readonly string[];
}

/** Fails to assemble {@link VIDEO} with its shards changed, over a file that is there already. */
async function attempt(
  change: (shards: EncodedShard[]) => EncodedShard[] | AsyncIterable<EncodedShard>,
  options: Partial<AssembleOptions> = {},
): Promise<Attempt> {
  await using folder = await temporaryFolder();
  await using outFolder = await temporaryFolder();
  const sourcePath = join(folder.path, "source.mp4");
  await Deno.writeFile(sourcePath, await syntheticVideo(VIDEO));
  const path = join(outFolder.path, "out.mp4");
  await Deno.writeTextFile(path, "an older video");
  using source = await openSource(sourcePath);
  const plan = await planSource(source, { kind: "bytes", bytes: 1 });
  const changed = change(await Array.fromAsync(copiedFiles(folder.path, source, plan)));
  const shards = Array.isArray(changed) ? ReadableStream.from(changed) : changed;
  const error = await assertRejects(() => assemble({ plan, source, path, shards, ...options }));
  assertEquals(await Deno.readTextFile(path), "an older video");
  return { error, left: await fileNames(outFolder.path) };
}

/** Asserts an AssembleError over these chunks that says so, and that nothing is left behind. */
function assertFault({ error, left }: Attempt, chunks: readonly number[], ...parts: readonly string[]): void {
  assert(error instanceof AssembleError, String(error));
  assertEquals(error.shards.map(({ segment }) => segment), chunks);
  for (const part of parts) assertStringIncludes(error.message, part);
  assertEquals(left, ["out.mp4"]);
}

async function replacement(video: Partial<typeof VIDEO> & { readonly width?: number }): Promise<Uint8Array> {
  return await syntheticVideo({ packets: evenPackets(5, 5, 512), timescale: 12_800, ...video });
}

Deno.test("assemble() names the chunk that is missing", async () => {
  assertFault(await attempt((shards) => shards.slice(0, 3)), [], "chunk 3 of 4 is missing");
  assertFault(await attempt(() => []), [], "chunk 0 of 4 is missing");
});

Deno.test("assemble() names a chunk that is out of order or not of the plan", async () => {
  const skipped = await attempt((shards) => shards.toSpliced(1, 1));
  assertFault(skipped, [2], "chunk 2 (worker worker-0)", "the next of the 4 chunks is 1");
  const doubled = await attempt((shards) => shards.toSpliced(1, 0, shards[0]!));
  assertFault(doubled, [0], "the next of the 4 chunks is 1");
  assertFault(await attempt((shards) => [...shards, { ...shards[3]!, segment: 4 }]), [4], "chunk 4");
});

for (
  const [what, data] of [
    ["no video", new TextEncoder().encode("no video at all")],
    ["empty", new Uint8Array()],
    ["a file that is not there", "/none/chunk.shard"],
  ] as const
) {
  Deno.test(`assemble() names chunk and worker of a shard that is ${what}`, async () => {
    const attempted = await attempt((shards) => shards.toSpliced(2, 1, { ...shards[2]!, data }));
    assertFault(attempted, [2], "chunk 2 (worker worker-0)");
  });
}

Deno.test("assemble() names chunk and worker of a shard with too few or too many frames", async () => {
  for (const count of [4, 6]) {
    const data = await replacement({ packets: evenPackets(count, 10, 512) });
    const attempted = await attempt((shards) => shards.toSpliced(1, 1, { ...shards[1]!, data }));
    assertFault(attempted, [1], "chunk 1 (worker worker-1)", `${count} frames instead of 5`);
  }
});

Deno.test("assemble() names chunk and worker of a shard whose frames are at other times", async () => {
  const packets = evenPackets(5, 5, 512).map((row, frame) => ({
    ...row,
    ticks: row.ticks + (frame > 2 ? 300 : 0),
  }));
  const data = await replacement({ packets });
  const attempted = await attempt((shards) => shards.toSpliced(1, 1, { ...shards[1]!, data }));
  assertFault(attempted, [1], "chunk 1 (worker worker-1)", "frame 3");
});

Deno.test("assemble() names both chunks and both workers where shards do not fit together", async () => {
  const data = await replacement({ width: 640 });
  const attempted = await attempt((shards) => shards.toSpliced(3, 1, { ...shards[3]!, data }));
  assertFault(
    attempted,
    [0, 3],
    "chunk 0 (worker worker-0)",
    "chunk 3 (worker worker-1)",
    "size (320x240 and 640x240)",
  );
});

Deno.test("assemble() takes shards on a clock of their own that start anywhere", async () => {
  await using folder = await temporaryFolder();
  const sourcePath = join(folder.path, "source.mp4");
  await Deno.writeFile(sourcePath, await syntheticVideo(VIDEO));
  using source = await openSource(sourcePath);
  const plan = await planSource(source, { kind: "bytes", bytes: 1 });
  const path = join(folder.path, "out.mp4");
  const shards = ReadableStream.from(
    await Promise.all(plan.segments.map(async ({ index }) => ({
      segment: index,
      worker: "w",
      data: await syntheticVideo({
        packets: evenPackets(5, 5, 40).map((row) => ({ ...row, ticks: row.ticks + 90 * index })),
        timescale: 1000,
        container: index % 2 === 0 ? "mkv" : "fragmented",
      }),
    }))),
  );
  await assemble({ plan, source, path, shards });
  assertEquals((await checkFrames(plan, path)).largestDifferenceSeconds, 0);
});

Deno.test("assemble() passes on what the shards' source throws, and leaves nothing behind", async () => {
  const gone = new Error("the worker is gone");
  const { error, left } = await attempt((shards) =>
    (async function* () {
      yield* shards.slice(0, 2);
      throw gone;
    })()
  );
  assertEquals(error, gone);
  assertEquals(left, ["out.mp4"]);
});

Deno.test("assemble() stops with the signal's reason, ends the shards' source and leaves nothing behind", async () => {
  const reason = new Error("enough");
  const stop = new AbortController();
  let ended = false;
  const { error, left } = await attempt((shards) =>
    (async function* () {
      try {
        yield* shards;
      } finally {
        ended = true;
      }
    })(), {
    signal: stop.signal,
    onProgress: (segment) => segment === 2 && stop.abort(reason),
  });
  assertEquals(error, reason);
  assert(ended);
  assertEquals(left, ["out.mp4"]);

  const before = await attempt((shards) => shards, { signal: AbortSignal.abort(reason) });
  assertEquals(before.error, reason);
});

Deno.test("assemble() refuses a container that cannot hold the video, or that it does not know", async () => {
  await using folder = await temporaryFolder();
  for (
    const [name, message] of [["out.webm", "use .mp4, .mov, .mkv"], [
      "out.avi",
      "its extension must be one of",
    ]]
  ) {
    const { error } = await attempt((shards) => shards, { path: join(folder.path, name!) });
    assert(error instanceof AssembleError);
    assertStringIncludes(error.message, message!);
  }
  assertEquals(await fileNames(folder.path), []);
});

Deno.test("assemble() refuses a folder that is not there, or one in the place of the file", async () => {
  await using folder = await temporaryFolder();
  const absent = await attempt((shards) => shards, { path: join(folder.path, "none", "out.mp4") });
  assert(absent.error instanceof Deno.errors.NotFound);
  await Deno.mkdir(join(folder.path, "folder.mp4"));
  const taken = await attempt((shards) => shards, { path: join(folder.path, "folder.mp4") });
  assert(taken.error instanceof Error);
  assertEquals(await fileNames(folder.path), ["folder.mp4"]);
});

Deno.test("checkFrames() names the chunk whose frames are not the plan's", async () => {
  await using folder = await temporaryFolder();
  const path = await videoFile(folder.path, "video.mp4");
  using video = await planned(path, ONE_SECOND);
  const { plan, source } = video;
  const shownTicks = plan.shownTicks.map((ticks, frame) => frame === 32 ? ticks + 1 : ticks);
  const error = await assertRejects(
    () => checkFrames({ ...plan, shownTicks }, path),
    FrameMismatchError,
    "chunk 2",
  );
  assertEquals([error.segment, error.frame], [2, 32]);
  await assertRejects(
    () => checkFrames(plan, path, { signal: AbortSignal.abort(new Error("enough")) }),
    Error,
    "enough",
  );
  const shards = copies(source, plan);
  const out = join(folder.path, "out.mkv");
  await assemble({ plan, source, path: out, shards });
  assertEquals((await checkFrames(plan, out)).framesOut, 75);
});
