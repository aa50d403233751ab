/** Videos of which chunks are encoded while they are still being uploaded. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { type Clock, SYSTEM_CLOCK } from "../../lib/fleet/clock.ts";
import type { ChunkTask, PlaceOptions } from "../../lib/fleet/fleet.ts";
import { openDiskMemory } from "../../lib/job/disk_memory.ts";
import { StoreFullError } from "../../lib/store/store_errors.ts";
import { untilAborted } from "../../lib/abort_signals.ts";
import { videoFile } from "./assemble_fixture.ts";
import { filesUnder } from "./files_under.ts";
import { GROWING_SOURCES, SECONDS, VIDEO } from "./growing_sources.ts";
import {
  bytesOf,
  type InProcessMaster,
  RPC,
  startInProcessMaster,
  streamOf,
  untilState,
} from "./in_process_master.ts";
import { copyFleet } from "./job_fixture.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { until } from "./until.ts";
import { within } from "./within.ts";

Deno.test.sanitizer({ ops: true, resources: true });

/** A keyframe every second, and so a chunk. */
const CHUNKS = SECONDS;
const FACTS = { videoId: "film", chunkSeconds: 1 };

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

async function folders() {
  const folder = await temporaryFolder();
  return {
    path: folder.path,
    dataDir: join(folder.path, "data"),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** An upload of which the test says when the rest comes. */
function heldUpload(bytes: Uint8Array, part: number) {
  const { promise: rest, resolve: goOn, reject: breakOff } = Promise.withResolvers<void>();
  rest.catch(() => {});
  async function* pieces() {
    yield* streamOf(bytes.subarray(0, bytes.length * part));
    await rest;
    yield* streamOf(bytes.subarray(bytes.length * part));
  }
  return { stream: ReadableStream.from(pieces()), goOn, breakOff };
}

/** A clock that tells no time twice, so that of two things on a fast machine one is seen to have come first. */
function distinctTimes(): Clock {
  let lastMs = 0;
  return { ...SYSTEM_CLOCK, now: () => lastMs = Math.max(lastMs + 1, SYSTEM_CLOCK.now()) };
}

/** How often each chunk was begun, however its job was called. */
function attemptsOf({ fleet }: InProcessMaster): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { task } of fleet.attempts) counts.set(task.sha256, (counts.get(task.sha256) ?? 0) + 1);
  return counts;
}

const resultOf = async ({ client }: InProcessMaster, videoId: string) =>
  sha256(await new Response(client.retrieve(videoId, RPC)).bytes());

const shardsKept = async (dataDir: string) =>
  (await filesUnder(dataDir)).filter((path) => /^memory\/shards\/.*\.json$/.test(path)).length;

for (const [name, sourceIn] of Object.entries(GROWING_SOURCES)) {
  Deno.test(`chunks of ${name} are encoded before its upload is over, once each, and the result is the same`, async () => {
    await using f = await folders();
    const bytes = await bytesOf(await sourceIn(f.path));
    let expected: string;
    {
      await using m = await startInProcessMaster({ dataDir: join(f.path, "undisturbed") });
      await m.client.upload(FACTS, streamOf(bytes, bytes.length), RPC);
      await untilState(m.master, m.master.find("film")!.id, "completed");
      expected = await resultOf(m, "film");
    }

    await using m = await startInProcessMaster({ dataDir: f.dataDir, clock: distinctTimes() });
    const { stream, goOn } = heldUpload(bytes, 0.6);
    const upload = m.client.upload(FACTS, stream, RPC);
    // with the places given back it is noted of each that it is encoded
    await until(async () => await shardsKept(f.dataDir) >= 3 && m.fleet.placesTaken === 0);
    assertEquals(m.master.jobs(), []);
    goOn();
    await upload;
    const job = await untilState(m.master, m.master.find("film")!.id, "completed");
    assertEquals([job.chunks, job.chunksDone], [CHUNKS, CHUNKS]);
    const ahead = m.master.job(job.id).chunks.filter(({ attempts }) => attempts[0]!.endedMs! < job.createdMs);
    assert(ahead.length >= 3);
    assert(ahead.every(({ state, worker }) => state === "done" && worker !== ""));
    assertEquals(job.chunksReused, 0);
    assertEquals([...attemptsOf(m).values()], Array(CHUNKS).fill(1));
    assertEquals(await resultOf(m, "film"), expected);
    await until(() => Promise.resolve(m.fleet.shards === 0)); // nothing is left at the workers
  });
}

/** A master whose workers give nothing back before they may, and an upload of which the first part is there. */
async function heldFixture(
  beforeShard: (task: ChunkTask) => void = () => {},
  openMemory?: (dataDir: string) => ReturnType<typeof openDiskMemory>,
) {
  await using stack = new AsyncDisposableStack();
  const f = stack.use(await folders());
  const bytes = await bytesOf(await videoFile(f.path, "source.mkv", VIDEO));
  const { promise: mayEncode, resolve: encodeOn } = Promise.withResolvers<void>();
  const m = stack.use(
    await startInProcessMaster({
      dataDir: f.dataDir,
      clock: distinctTimes(),
      workers: {
        workers: 2,
        async encode(task, chunk, signal) {
          await untilAborted(mayEncode, signal);
          beforeShard(task);
          return chunk.slice();
        },
      },
      ...(openMemory && { openMemory: async () => await openMemory(f.dataDir) }),
    }),
  );
  const held = heldUpload(bytes, 0.6);
  const done = stack.move();
  return { ...f, ...held, m, bytes, encodeOn, [Symbol.asyncDispose]: () => done.disposeAsync() };
}

const untilBegun = ({ fleet }: InProcessMaster, chunks: number) =>
  until(() => Promise.resolve(fleet.attempts.length >= chunks));

Deno.test("chunks that are being encoded as the upload ends are finished, and not encoded twice", async () => {
  await using t = await heldFixture();
  const upload = t.m.client.upload(FACTS, t.stream, RPC);
  await untilBegun(t.m, 2);
  t.goOn();
  await upload;
  await untilState(t.m.master, t.m.master.find("film")!.id, "processing");
  assertEquals(t.m.fleet.placesTaken, 2);
  t.encodeOn();
  const job = await untilState(t.m.master, t.m.master.find("film")!.id, "completed");
  const { chunks } = t.m.master.job(job.id);
  assertEquals(chunks.filter(({ attempts }) => attempts[0]!.startedMs < job.createdMs).length, 2);
  assertEquals(chunks.map(({ state, attempts }) => [state, attempts.map(({ outcome }) => outcome)]), [
    ...Array(CHUNKS).fill(["done", ["encoded"]]),
  ]);
  assertEquals([...attemptsOf(t.m).values()], Array(CHUNKS).fill(1));
});

Deno.test("a chunk that fails once the upload is over is taken over by its job, with the job's priority", async () => {
  await using t = await heldFixture((task) => {
    if (task.jobId.startsWith("ahead-")) throw new Error("the worker died");
  });
  const upload = t.m.client.upload(FACTS, t.stream, RPC);
  await untilBegun(t.m, 2);
  t.goOn();
  await upload;
  t.encodeOn();
  const { id } = t.m.master.find("film")!;
  await untilState(t.m.master, id, "completed");
  const ahead = t.m.fleet.attempts.filter(({ task }) => task.jobId.startsWith("ahead-"));
  assertEquals([ahead.length, t.m.fleet.attempts.length], [2, 2 + CHUNKS]);
  const failed = t.m.master.job(id).chunks.filter(({ attempts }) => attempts[0]!.outcome === "failed");
  assertEquals(failed.map(({ state, attempts }) => [state, attempts.length]), [["done", 2], ["done", 2]]);
});

Deno.test("a job that fails before it is planned ends what was begun of it during its upload", async () => {
  let memories = 0;
  await using t = await heldFixture(() => {}, (dataDir) => {
    if (++memories > 1) throw new StoreFullError("no space left on the device");
    return openDiskMemory(join(dataDir, "memory"));
  });
  const upload = t.m.client.upload(FACTS, t.stream, RPC);
  await untilBegun(t.m, 2);
  t.goOn();
  await upload;
  await until(() => Promise.resolve(t.m.master.find("film")!.state === "failed"));
  await until(() => Promise.resolve(t.m.fleet.placesTaken === 0));
});

Deno.test("an upload that is broken off ends what was begun of it, and leaves nothing", async () => {
  await using t = await heldFixture();
  const stop = new AbortController();
  const upload = t.m.client.upload(FACTS, t.stream, { ...RPC, signal: stop.signal });
  await untilBegun(t.m, 2);
  stop.abort(new Error("the cable fell out"));
  await assertRejects(() => upload, Error, "the cable fell out");
  await until(async () => t.m.fleet.placesTaken === 0 && (await t.m.videos()).length === 0);
  t.encodeOn();
  await until(async () => (await filesUnder(join(t.dataDir, "memory", "running"))).length === 0);
  assertEquals([t.m.master.jobs(), t.m.fleet.attempts.length, t.m.fleet.shards], [[], 2, 0]);
  assertEquals(await shardsKept(t.dataDir), 0);
});

Deno.test("a job that is cancelled ends what was begun of it during its upload", async () => {
  await using t = await heldFixture();
  const upload = t.m.client.upload(FACTS, t.stream, RPC);
  await untilBegun(t.m, 2);
  t.goOn();
  await upload;
  await t.m.client.cancel("film", RPC);
  assertEquals([t.m.fleet.placesTaken, t.m.fleet.attempts.length], [0, 2]);
});

Deno.test("a running job gets places before an upload", async () => {
  await using f = await folders();
  const bytes = await bytesOf(await videoFile(f.path, "source.mkv", VIDEO));
  const { promise: mayEncode, resolve: encodeOn } = Promise.withResolvers<void>();
  await using workers = copyFleet({
    workers: 1,
    async encode(_, chunk, signal) {
      await untilAborted(mayEncode, signal);
      return chunk.slice();
    },
  });
  const asked: string[] = [];
  const place = (options: PlaceOptions) => {
    asked.push(options.jobId);
    return workers.place(options);
  };
  const fleet = { ...workers, place, register() {} };
  await using m = await startInProcessMaster({ dataDir: f.dataDir, fleet });
  const { stream, goOn } = heldUpload(bytes, 0.6);
  const upload = m.client.upload(FACTS, stream, RPC);
  await until(() => Promise.resolve(asked.length >= 2));
  assertEquals(workers.attempts.length, 1);
  await m.client.upload({ ...FACTS, videoId: "other", priority: -100 }, streamOf(bytes), RPC);
  const { id } = m.master.find("other")!;
  await until(() => Promise.resolve(asked.includes(id)));
  encodeOn();
  await untilState(m.master, id, "completed");
  assertEquals(workers.attempts[1]?.task.jobId, id);
  goOn();
  await upload;
  await untilState(m.master, m.master.find("film")!.id, "completed");
});

Deno.test("what fails during an upload is no failure of its job, and logged once", async () => {
  await using f = await folders();
  const bytes = await bytesOf(await videoFile(f.path, "source.mkv", VIDEO));
  let isUploading = true;
  await using m = await startInProcessMaster({
    dataDir: f.dataDir,
    workers: {
      encode: (_, chunk) => isUploading ? Promise.reject(new Error("no")) : Promise.resolve(chunk.slice()),
    },
  });
  const { stream, goOn } = heldUpload(bytes, 0.6);
  const upload = m.client.upload(FACTS, stream, RPC);
  const told = () => m.log.filter((line) => line.startsWith("No more chunks"));
  await until(() => Promise.resolve(told().length > 0 && m.fleet.placesTaken === 0));
  isUploading = false;
  goOn();
  await upload;
  const job = await untilState(m.master, m.master.find("film")!.id, "completed");
  assertEquals([job.chunksReused, told().length], [0, 1]);
  assert(told()[0]!.includes("film"), told()[0]);
});

Deno.test("nothing of an MP4 with its index at the end is encoded before it is whole", async () => {
  await using f = await folders();
  const bytes = await bytesOf(await videoFile(f.path, "source.mp4", { ...VIDEO, layout: "moov-last" }));
  await using m = await startInProcessMaster({ dataDir: f.dataDir });
  const { stream, goOn } = heldUpload(bytes, 0.9);
  const upload = m.client.upload(FACTS, stream, RPC);
  const arrived = async () => {
    const [path] = await m.videos();
    return path === undefined ? 0 : (await Deno.stat(join(f.dataDir, path))).size;
  };
  await until(async () => await arrived() >= Math.floor(bytes.length * 0.9));
  const second = m.client.upload({ ...FACTS, videoId: "other" }, streamOf(bytes), RPC);
  await within(60_000, second);
  const other = await untilState(m.master, m.master.find("other")!.id, "completed"); // the first had time for more
  // of the second some may have been: once its last bytes are there, and before that is known for good
  const ofOther = [other.id, `ahead-${other.id}`];
  assertEquals(m.fleet.attempts.filter(({ task }) => !ofOther.includes(task.jobId)), []);
  goOn();
  await upload;
  await untilState(m.master, m.master.find("film")!.id, "completed");
  assert(!m.log.some((line) => line.startsWith("No more chunks")));
});
