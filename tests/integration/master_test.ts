/** A master as its clients meet it: a real catalog and real gRPC, workers that give back what they get. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { untilAborted } from "../../lib/abort_signals.ts";
import { connectMaster } from "../../lib/rpc/master_client.ts";
import { currentTrace, withTrace } from "../../lib/trace.ts";
import { newTrace } from "../../lib/traceparent.ts";
import type { FakeFleetOptions } from "../unit/fake_fleet.ts";
import { CHUNKS, sourceIn } from "./job_fixture.ts";
import { bytesOf, RPC, startInProcessMaster, streamOf, untilState } from "./in_process_master.ts";
import { mediaFacts } from "./media_facts.ts";
import { assertRpcFails } from "./rpc_asserts.ts";
import { assertSameBytes } from "./same_bytes.ts";
import { temporaryFolder } from "./temporary_folder.ts";

Deno.test.sanitizer({ ops: true, resources: true });

const FACTS = { videoId: "film", chunkSeconds: 1 };
const UNKNOWN = "no such film";

/** A folder for a master, and a video of {@linkcode CHUNKS} chunks to give it. */
async function fixture() {
  const folder = await temporaryFolder();
  const path = await sourceIn(folder.path);
  return {
    folder: folder.path,
    dataDir: join(folder.path, "data"),
    path,
    source: await bytesOf(path),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** An encoder that gives nothing back before it may, unless it is called off. */
function heldBack(until: Promise<void>): FakeFleetOptions["encode"] {
  return async (_, chunk, signal) => {
    await untilAborted(until, signal);
    return chunk.slice();
  };
}

for (const outputFormat of ["mp4", "mkv"]) {
  Deno.test(`a video comes back as ${outputFormat} with every frame at its time and its sound`, async () => {
    await using f = await fixture();
    await using m = await startInProcessMaster({ dataDir: f.dataDir });
    await m.client.upload({ ...FACTS, outputFormat, sizeBytes: f.source.length }, streamOf(f.source), RPC);
    const updates = await Array.fromAsync(m.client.watch("film", RPC));

    const { state, percent, chunks, chunksDone } = updates.findLast((update) => update.kind === "job")!.job;
    assertEquals([state, percent, chunks, chunksDone], ["completed", 100, CHUNKS, CHUNKS]);
    const done = updates.flatMap((update) =>
      update.kind === "chunk" && update.chunk.state === "done" ? [update.chunk.chunkIndex] : []
    );
    assertEquals(new Set(done).size, CHUNKS);
    const { status, message } = await m.client.status("film", RPC);
    assertEquals([status, message.includes("75 frames")], ["completed", true]);

    const result = join(f.folder, "result");
    await Deno.writeFile(result, m.client.retrieve("film", RPC));
    const [before, after] = [await mediaFacts(f.path), await mediaFacts(result)];
    const isClose = after.frameSeconds.every((time, n) => Math.abs(time - before.frameSeconds[n]!) <= 0.0005);
    assert(isClose && after.frameSeconds.length === before.frameSeconds.length);
    assertEquals(after.audio.map(({ sha256 }) => sha256), before.audio.map(({ sha256 }) => sha256));
    const signature = new TextDecoder("latin1").decode((await bytesOf(result)).subarray(0, 8));
    assertEquals(
      signature.slice(...(outputFormat === "mkv" ? [1, 2] : [4])),
      outputFormat === "mkv" ? "E" : "ftyp",
    );
  });
}

const NAMES = [
  "[bracket].mp4",
  "it's.mp4",
  'a "quoted" name.mp4',
  "%(d) $HOME `x`.mp4",
  "映画 été 🎬.mp4",
  "-o.mp4",
];

Deno.test("file names with brackets, quotes, spaces and Unicode are data and nothing else", async () => {
  await using f = await fixture();
  await using m = await startInProcessMaster({ dataDir: f.dataDir });
  for (const name of NAMES) {
    await m.client.upload({ ...FACTS, videoId: name, originalFilename: name }, streamOf(f.source), RPC);
    const job = await untilState(m.master, m.master.find(name)!.id, "completed");
    assertEquals([job.videoId, job.originalFilename], [name, name]);
    assert((await new Response(m.client.retrieve(name, RPC)).bytes()).length > 100_000);
  }
  const ids = m.master.jobs().map(({ id }) => id);
  const expected = ids.flatMap((id) => [
    `results/${id}/1.mp4`,
    `results/${id}/1.mp4.proof.json`,
    `uploads/${id}`,
  ]);
  assertEquals(await m.videos(), expected.sort());
});

Deno.test("a result cannot be had before there is one, nor where there is no video", async () => {
  await using f = await fixture();
  const held = Promise.withResolvers<void>();
  await using m = await startInProcessMaster({
    dataDir: f.dataDir,
    workers: { encode: heldBack(held.promise) },
  });
  await assertRpcFails("NOT_FOUND", new Response(m.client.retrieve(UNKNOWN, RPC)).bytes());
  await assertRpcFails("NOT_FOUND", Array.fromAsync(m.client.watch(UNKNOWN, RPC)));
  await assertRpcFails("NOT_FOUND", m.client.cancel(UNKNOWN, RPC));
  await assertRpcFails("NOT_FOUND", m.client.delete(UNKNOWN, RPC));
  const { status, job } = await m.client.status(UNKNOWN, RPC);
  assertEquals([status, job], ["not_found", undefined]);

  await m.client.upload(FACTS, streamOf(f.source), RPC);
  const error = await assertRpcFails(
    "FAILED_PRECONDITION",
    new Response(m.client.retrieve("film", RPC)).bytes(),
  );
  assertMatch(error.details, /segmenting|processing/);
  held.resolve();
  await untilState(m.master, m.master.find("film")!.id, "completed");
});

Deno.test("a video of a name that there is is refused, and takes the place of one that was cancelled", async () => {
  await using f = await fixture();
  const held = Promise.withResolvers<void>();
  await using m = await startInProcessMaster({
    dataDir: f.dataDir,
    workers: { encode: heldBack(held.promise) },
  });
  await m.client.upload(FACTS, streamOf(f.source), RPC);
  const [first] = m.master.jobs();
  await untilState(m.master, first!.id, "processing");
  await assertRpcFails("ALREADY_EXISTS", m.client.upload(FACTS, streamOf(f.source), RPC));

  const cancelled = await Promise.all([m.client.cancel("film", RPC), m.client.cancel("film", RPC)]);
  assertEquals(cancelled.map(({ state }) => state), ["cancelled", "cancelled"]);
  assertEquals((await m.client.status("film", RPC)).status, "processing_failed");
  held.resolve();
  await m.client.upload(FACTS, streamOf(f.source), RPC);
  const [second, ...more] = m.master.jobs();
  assertEquals(more, []);
  assert(second!.id !== first!.id);
  await untilState(m.master, second!.id, "completed");
  await assertRpcFails("FAILED_PRECONDITION", m.client.cancel("film", RPC));
  await assertRpcFails("ALREADY_EXISTS", m.client.upload(FACTS, streamOf(f.source), RPC));
  assert(m.fleet.forgotten.includes(first!.id));
  assert((await m.videos()).every((path) => path.includes(second!.id)));
});

Deno.test("two uploads of one name at once make one video", async () => {
  await using f = await fixture();
  await using m = await startInProcessMaster({ dataDir: f.dataDir });
  const uploads = [1, 2].map(() =>
    m.client.upload(FACTS, streamOf(f.source), RPC).then(() => "OK", (e) => e.code)
  );
  assertEquals((await Promise.all(uploads)).sort(), ["ALREADY_EXISTS", "OK"]);
  const [job, ...more] = m.master.jobs();
  assertEquals(more, []);
  await untilState(m.master, job!.id, "completed");
});

Deno.test("a video that is deleted is gone with its job, its files and its shards at the workers", async () => {
  await using f = await fixture();
  const held = Promise.withResolvers<void>();
  await using m = await startInProcessMaster({
    dataDir: f.dataDir,
    workers: { encode: heldBack(held.promise) },
  });
  await m.client.upload(FACTS, streamOf(f.source), RPC);
  const { id } = m.master.find("film")!;
  await untilState(m.master, id, "processing");
  const watching = Array.fromAsync(m.client.watch("film", RPC));
  await m.client.delete("film", RPC);
  await assertRpcFails("NOT_FOUND", watching);
  held.resolve();
  assertEquals((await m.client.status("film", RPC)).status, "not_found");
  assertEquals([m.master.jobs(), m.fleet.placesTaken], [[], 0]);
  assert(m.fleet.forgotten.includes(id));
  await m.client.upload(FACTS, streamOf(f.source), RPC);
  await untilState(m.master, m.master.find("film")!.id, "completed");
  assert((await m.videos()).every((path) => !path.includes(id)));
});

Deno.test("a chunk that no worker can encode fails its job by name, and no other", async () => {
  await using f = await fixture();
  await using m = await startInProcessMaster({
    dataDir: f.dataDir,
    workers: {
      workers: 3,
      async encode({ chunkIndex, settings }, chunk) {
        await Promise.resolve();
        if (chunkIndex === 3 && settings.preset === "fast") throw new Error("libx264 fell over");
        return chunk.slice();
      },
    },
  });
  const fast = { codec: "h264", rate: { kind: "crf", crf: 23 }, preset: "fast" } as const;
  const rest = {
    width: 0,
    height: 0,
    pixelFormat: "source",
    keyframeInterval: 0,
    deinterlace: false,
    frameRate: "source",
  } as const;
  await m.client.upload({ ...FACTS, videoId: "good" }, streamOf(f.source), RPC);
  await m.client.upload(
    { ...FACTS, videoId: "bad", settings: { ...fast, ...rest } },
    streamOf(f.source),
    RPC,
  );
  const bad = await untilState(m.master, m.master.find("bad")!.id, "failed");
  assertEquals(bad.failure?.stage, "processing");
  assertMatch(bad.failure?.message ?? "", /chunk 3: .* libx264 fell over/);
  const { status, message } = await m.client.status("bad", RPC);
  assertEquals([status, message], ["processing_failed", bad.failure!.message]);
  const { chunks } = m.master.job(bad.id);
  assertEquals(chunks.filter(({ state }) => state === "failed").map(({ index }) => index), [3]);
  assertEquals(chunks[3]!.attempts.map(({ outcome, reason }) => [outcome, reason]), [
    ["failed", "libx264 fell over"],
    ["failed", "libx264 fell over"],
    ["failed", "libx264 fell over"],
  ]);
  await untilState(m.master, m.master.find("good")!.id, "completed");
  const lines = m.log.filter((line) => /chunk_index":3/.test(line) && line.includes(bad.id));
  assert(lines.length >= 4, "the log names job and chunk");
});

Deno.test("a video that cannot be read fails in words that tell no path", async () => {
  await using f = await fixture();
  await using m = await startInProcessMaster({ dataDir: f.dataDir });
  await m.client.upload(
    { videoId: "x", originalFilename: "notes.txt" },
    streamOf(new Uint8Array(5_000)),
    RPC,
  );
  const job = await untilState(m.master, m.master.find("x")!.id, "failed");
  assertEquals(job.failure?.stage, "segmenting");
  assertMatch(job.failure?.message ?? "", /^Cannot read "notes.txt": not a video file/);
  assertEquals((await m.client.status("x", RPC)).status, "failed_segmentation");
});

Deno.test("jobs run side by side, so many at once, and the others by priority", async () => {
  await using f = await fixture();
  const held = Promise.withResolvers<void>();
  await using m = await startInProcessMaster({
    dataDir: f.dataDir,
    maxJobs: 2,
    workers: { workers: 2, encode: heldBack(held.promise) },
  });
  for (const [videoId, priority] of [["a", 0], ["b", 0], ["late", 0], ["urgent", 5]] as const) {
    await m.client.upload({ ...FACTS, videoId, priority }, streamOf(f.source), RPC);
  }
  const find = (videoId: string) => m.master.find(videoId)!;
  await untilState(m.master, find("a").id, "processing");
  await untilState(m.master, find("b").id, "processing");
  assertEquals([find("late").state, find("urgent").state], ["queued", "queued"]);
  assertEquals((await m.client.status("late", RPC)).status, "segmenting");
  held.resolve();
  await untilState(m.master, find("late").id, "completed");
  await untilState(m.master, find("urgent").id, "completed");
  assert(find("urgent").startedMs! <= find("late").startedMs!);
  assertEquals((await m.client.jobs(RPC)).map(({ videoId }) => videoId), ["urgent", "late", "b", "a"]);
});

Deno.test("a job that is uploaded again is all reuse", async () => {
  await using f = await fixture();
  await using m = await startInProcessMaster({ dataDir: f.dataDir });
  for (const videoId of ["first", "second"]) {
    await m.client.upload({ ...FACTS, videoId }, streamOf(f.source), RPC);
    await untilState(m.master, m.master.find(videoId)!.id, "completed");
  }
  const { chunksDone, chunksReused } = m.master.find("second")!;
  assertEquals([chunksDone, chunksReused, m.fleet.attempts.length], [CHUNKS, CHUNKS, CHUNKS]);
});

Deno.test("a result and a source are read by ranges, as a player does", async () => {
  await using f = await fixture();
  await using m = await startInProcessMaster({ dataDir: f.dataDir });
  await m.client.upload({ ...FACTS, originalFilename: "My film.mp4" }, streamOf(f.source), RPC);
  const { id } = await untilState(m.master, m.master.find("film")!.id, "completed");
  const signal = new AbortController().signal;
  const source = await m.master.source(id);
  assertEquals([source.sizeBytes, source.mediaType, source.fileName], [
    f.source.length,
    "video/mp4",
    "My film.mp4",
  ]);
  const read = async (first: number, last: number) =>
    await new Response(await source.open({ signal, range: { first, last } })).bytes();
  assertSameBytes(await new Response(await source.open({ signal })).bytes(), f.source);
  assertEquals(await read(100, 299), f.source.slice(100, 300));
  assertEquals(await read(f.source.length - 1, f.source.length - 1), f.source.slice(-1));
  await assertRejects(() => read(0, f.source.length), RangeError);
  await assertRejects(() => read(-1, 0), RangeError);
  const stop = new AbortController();
  const aborted = await (await m.master.result(id)).open({ signal: stop.signal });
  stop.abort(new Error("enough"));
  await assertRejects(() => new Response(aborted).bytes(), Error, "enough");
  await (await source.open({ signal })).cancel();
});

Deno.test("a worker that registers is handed to the fleet, unless its address is none", async () => {
  await using f = await fixture();
  await using m = await startInProcessMaster({ dataDir: f.dataDir });
  assertEquals((await m.client.register("127.0.0.1:50061", RPC)).isTaken, true);
  const { isTaken, message } = await m.client.register("nowhere", RPC);
  assertEquals([isTaken, m.registered], [false, ["127.0.0.1:50061"]]);
  assertMatch(message, /host:port/);
});

Deno.test("a job belongs to the trace of whoever uploaded it, down to its encodes and its log", async () => {
  await using f = await fixture();
  const held = Promise.withResolvers<void>();
  const seen = new Map<string, Set<string | undefined>>();
  await using m = await startInProcessMaster({
    dataDir: f.dataDir,
    maxJobs: 1,
    workers: {
      async encode({ jobId }, chunk, signal) {
        seen.set(jobId, (seen.get(jobId) ?? new Set()).add(currentTrace()?.traceId));
        await untilAborted(held.promise, signal);
        return chunk.slice();
      },
    },
  });
  const trace = newTrace();
  await m.client.upload({ ...FACTS, videoId: "another" }, streamOf(f.source), RPC);
  await withTrace(trace, () => m.client.upload({ ...FACTS, chunkSeconds: 2 }, streamOf(f.source), RPC));
  held.resolve(); // so that the end of one job begins the other
  const { id } = await untilState(m.master, m.master.find("film")!.id, "completed");
  assertEquals(seen.get(id), new Set([trace.traceId]));
  const another = [...seen.get(m.master.find("another")!.id)!];
  assert(another.length === 1 && another[0] !== undefined && another[0] !== trace.traceId);
  const lines = m.log.filter((line) => line.includes(id));
  assert(lines.length > 5 && lines.every((line) => line.includes(trace.traceId)), m.log.join("\n"));
});

Deno.test("a token that is asked for is needed for every call", async () => {
  await using f = await fixture();
  await using m = await startInProcessMaster({ dataDir: f.dataDir, token: "secret" });
  assertEquals((await m.client.jobs(RPC)).length, 0);
  using stranger = connectMaster(m.running.address);
  await assertRpcFails("UNAUTHENTICATED", stranger.jobs(RPC));
  await assertRpcFails("UNAUTHENTICATED", stranger.upload(FACTS, streamOf(f.source), RPC));
  assertEquals(await m.videos(), []);
});
