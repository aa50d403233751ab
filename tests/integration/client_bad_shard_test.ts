/** The client and a worker whose shards are not what was asked for: noticed at once, encoded again once, named. */
import { status } from "@grpc/grpc-js";
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { makeVideo } from "../../lib/encode/make_video.ts";
import { rewrittenVideo } from "./encode_media.ts";
import { Answer, type FakeWorkerOptions, startFakeWorker } from "./fake_worker.ts";
import { filesUnder } from "./files_under.ts";
import { mediaFacts } from "./media_facts.ts";
import { runScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";

// the fake worker runs in here, and grpc-js leaves a timer or two behind where a client is killed amid a call
Deno.test.sanitizer({ ops: false, resources: false });

/** A worker that gives chunks back as they are, unless told otherwise, and a client that sends it five of them. */
async function setUp(options: FakeWorkerOptions) {
  await using stack = new AsyncDisposableStack();
  const { path: cwd } = stack.use(await temporaryFolder());
  const worker = stack.use(
    await startFakeWorker({
      encode: ({ bytes }) => bytes,
      onChunk: ({ frameCount }) => ({ frameCount }),
      ...options,
    }),
  );
  await makeVideo(join(cwd, "in.mp4"));
  const flags = [
    "--video_path",
    "in.mp4",
    "--chunk_size",
    "1",
    "--video_id",
    "v",
    "--reconstruct",
    "out.mp4",
  ];
  const args = ["--worker", worker.address, "--json", ...flags];
  const done = stack.move();
  return {
    cwd,
    run: () => runScript("test_worker_client.ts", args, { cwd }),
    attempts: () => [0, 1, 2, 3, 4].map((n) => worker.chunks.filter(({ index }) => index === n).length),
    [Symbol.asyncDispose]: () => done.disposeAsync(),
  };
}

const withoutLastFrame = (bytes: Uint8Array<ArrayBuffer>) => rewrittenVideo(bytes, { without: 1 });

Deno.test("a shard with a frame too few is encoded again, once, and the video is whole", async () => {
  await using t = await setUp({
    encode: async ({ index, attempt, bytes }) =>
      index === 2 && attempt === 1 ? await withoutLastFrame(bytes) : bytes,
  });
  const { code, stdout, stderr } = await t.run();
  assertEquals([code, t.attempts()], [0, [1, 1, 2, 1, 1]], stderr);
  assertMatch(
    stderr,
    /^Chunk 2: Cannot use chunk 2 \(worker fake\): it has 14 frames instead of 15: encoding it again$/m,
  );
  const { reconstruction } = JSON.parse(stdout);
  assertEquals([reconstruction.frames_in, reconstruction.frames_out], [75, 75]);
  assertEquals((await mediaFacts(join(t.cwd, "out.mp4"))).frameSeconds.length, 75);
});

const WRONG: Record<string, FakeWorkerOptions["encode"] & object> = {
  "it has 14 frames instead of 15": ({ bytes }) => withoutLastFrame(bytes),
  "it ends after \\d+ of \\d+ bytes": ({ bytes }) => bytes.slice(0, bytes.length - 1_000),
  "not a video file": () => new TextEncoder().encode("no video at all"),
};
for (const [says, encode] of Object.entries(WRONG)) {
  Deno.test(`a chunk whose shard is wrong twice fails the job, chunk and worker named: ${says}`, async () => {
    await using t = await setUp({ encode: (chunk) => chunk.index === 3 ? encode(chunk) : chunk.bytes });
    const { code, stdout, stderr } = await t.run();
    assertEquals([code, t.attempts()], [1, [1, 1, 1, 2, 1]], stderr);
    assertMatch(
      stderr,
      new RegExp(`^Chunk 3 failed: Cannot (use|read) chunk 3 \\(worker fake\\): .*${says}`, "m"),
    );
    assertMatch(stderr, /^error: 1 of 5 chunks failed: 3; out\.mp4 is not made$/m);
    const { failed, chunks } = JSON.parse(stdout);
    assertEquals([failed[0].chunk_index, failed.length, chunks.length], [3, 1, 4]);
    const kept = [0, 1, 2, 4].map((index) => `retrieved_shards/v_chunk_${index}.shard`);
    assertEquals(await filesUnder(t.cwd), ["in.mp4", ...kept]); // a shard that is wrong is not left behind as one
  });
}

Deno.test("a shard that cannot be joined with the others is encoded again, then both are named", async () => {
  const other = crypto.getRandomValues(new Uint8Array(8));
  await using t = await setUp({
    async encode({ index, bytes }) {
      if (index !== 4) return bytes;
      // a parameter set of its own, behind those that are needed
      const description = Uint8Array.from([1, 100, 0, 12, 255, 225, 0, 8, 103, ...other.slice(1), 0]);
      return await rewrittenVideo(bytes, { description });
    },
  });
  const { code, stderr } = await t.run();
  assertEquals([code, t.attempts()], [1, [1, 1, 1, 1, 2]], stderr);
  assertMatch(
    stderr,
    /^Chunk 4 failed: Cannot join chunk \d \(worker fake\) and chunk 4 \(worker fake\): they differ in .*parameter sets/m,
  );
});

Deno.test("a chunk that the encoder refuses is encoded again once, then named", async () => {
  await using t = await setUp({
    onChunk({ index, attempt, frameCount }) {
      const isFlaky = index === 0 && attempt === 1;
      if (isFlaky || index === 1) throw new Answer(status.INVALID_ARGUMENT, "cannot be decoded");
      return { frameCount };
    },
  });
  const { code, stderr } = await t.run();
  assertEquals([code, t.attempts()], [1, [2, 2, 1, 1, 1]], stderr);
  assertMatch(stderr, /^Chunk 0: 127.*INVALID_ARGUMENT: cannot be decoded: encoding it again$/m);
  assertMatch(stderr, /^Chunk 1 failed: 127\.0\.0\.1:\d+: INVALID_ARGUMENT: cannot be decoded$/m);
});

Deno.test("a shard that is damaged where it is stored is encoded again", async () => {
  await using t = await setUp({
    onShard(location, attempt, parts) {
      const isLost = location.endsWith("chunk_1.shard") && attempt === 1;
      if (isLost) throw new Answer(status.NOT_FOUND, "no such shard");
      return parts;
    },
  });
  const { code, stderr } = await t.run();
  assertEquals([code, t.attempts()], [0, [1, 2, 1, 1, 1]], stderr);
});

Deno.test("a worker that does not encode video ends a run that is to reconstruct, with its first chunk", async () => {
  await using t = await setUp({ onChunk: () => ({ frameCount: 0 }), health: { maxTasks: 0 } });
  const { code, stderr } = await t.run();
  assertEquals(code, 1);
  assertMatch(
    stderr,
    /^error: Chunk \d failed: Worker fake did not encode chunk \d as video \(\d of 5 chunks done; out\.mp4 is not made\)$/m,
  );
  assertEquals(Math.max(...t.attempts()), 1);
});
