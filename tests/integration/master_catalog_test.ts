import { assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { openCatalog } from "../../lib/master/catalog.ts";
import { chunkAfter, newChunk } from "../../lib/master/chunk_history.ts";
import type { ChunkView } from "../../lib/master/job_view.ts";
import {
  CatalogError,
  CatalogFullError,
  JobNotFoundError,
  StaleRunError,
  VideoExistsError,
} from "../../lib/master/master_errors.ts";
import { jobRecord, NEW_JOB, plannedChunks } from "../unit/master_views.ts";
import { fillCatalog } from "./full_catalog.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const CHUNK: ChunkView = {
  ...newChunk(plannedChunks(1)[0]!),
  state: "encoding",
  worker: "a:1",
  attempts: [{ worker: "a:1", attempt: 1, startedMs: 5, endedMs: undefined, outcome: "running", reason: "" }],
};

Deno.test("a catalog gives back what was put into it, after it was closed too", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "catalog.sqlite");
  const name = `a'; DROP TABLE jobs; --"\n映画`;
  const expected = jobRecord({
    originalFilename: name,
    state: "failed",
    run: 1,
    startedMs: 3,
    finishedMs: 4,
    chunks: 1,
    frames: 10,
    durationSeconds: 1.5,
    build: "b",
    failure: { stage: "processing", message: name },
    notes: [name],
    result: { fileName: "1.mp4", sizeBytes: 2 ** 40 },
  });
  {
    using catalog = openCatalog(path);
    catalog.insert({ ...NEW_JOB, originalFilename: name });
    catalog.takeUp("job-1", 3);
    catalog.save({ job: expected, chunks: [CHUNK], replacesChunks: true });
  }
  using catalog = openCatalog(path);
  assertEquals(catalog.job("job-1"), expected);
  assertEquals(catalog.find("film"), expected);
  assertEquals(catalog.chunks("job-1"), [CHUNK]);
  assertEquals(catalog.storedBytes(), 1_000 + 2 ** 40);
});

Deno.test("a catalog keeps what follows a NUL", async () => {
  await using folder = await temporaryFolder();
  using catalog = openCatalog(join(folder.path, "catalog.sqlite"));
  catalog.insert({ ...NEW_JOB, originalFilename: "a\0b" });
  assertEquals(catalog.job("job-1").originalFilename, "a\ufffdb");
});

Deno.test("only the last run of a job has a say", async () => {
  await using folder = await temporaryFolder();
  using catalog = openCatalog(join(folder.path, "catalog.sqlite"));
  catalog.insert(NEW_JOB);
  const first = catalog.takeUp("job-1", 1);
  const second = catalog.takeUp("job-1", 2);
  assertThrows(
    () => catalog.save({ job: { ...first, state: "completed" }, chunks: [CHUNK] }),
    StaleRunError,
  );
  assertEquals([catalog.job("job-1").state, catalog.chunks("job-1")], ["segmenting", []]);
  catalog.save({ job: { ...second, state: "processing" }, chunks: [CHUNK] });
  catalog.cancel("job-1", 9);
  assertThrows(() => catalog.save({ job: { ...second, state: "completed" }, chunks: [] }), StaleRunError);
  const [chunk] = catalog.chunks("job-1");
  assertEquals([catalog.job("job-1").state, chunk!.state, chunk!.attempts[0]!.outcome], [
    "cancelled",
    "queued",
    "interrupted",
  ]);
  catalog.remove("job-1");
  assertThrows(() => catalog.save({ job: { ...second, run: 3 }, chunks: [] }), StaleRunError);
});

Deno.test("what a catalog holds of a chunk is what is known of it, once an attempt that it held is refused", async () => {
  await using folder = await temporaryFolder();
  using catalog = openCatalog(join(folder.path, "catalog.sqlite"));
  catalog.insert(NEW_JOB);
  const job = catalog.takeUp("job-1", 1);
  const save = (chunk: ChunkView) => {
    catalog.save({ job, chunks: [chunk] });
    assertEquals(catalog.chunks("job-1"), [chunk]);
    return chunk;
  };
  const a = { worker: "a:1", attempt: 1 };
  const b = { worker: "b:1", attempt: 2 };
  const begun = save(
    chunkAfter(newChunk(plannedChunks(1)[0]!), { kind: "started", chunk: 0, isHedge: false, ...a }, 1_000),
  );
  const refused = save(chunkAfter(begun, { kind: "refused", chunk: 0, ...a }, 2_000));
  assertEquals(refused.attempts, []);
  save(begun);
  const again = chunkAfter(refused, { kind: "started", chunk: 0, isHedge: false, ...b }, 3_000);
  save(chunkAfter(again, { kind: "encoded", chunk: 0, shardBytes: 1, encodeSeconds: 1, ...b }, 4_000));
});

Deno.test("a video_id is given once, and its next job takes it over in one step", async () => {
  await using folder = await temporaryFolder();
  using catalog = openCatalog(join(folder.path, "catalog.sqlite"));
  catalog.insert(NEW_JOB);
  assertThrows(() => catalog.insert({ ...NEW_JOB, id: "job-2" }), VideoExistsError);
  assertThrows(() => catalog.insert({ ...NEW_JOB, id: "job-2" }, { replaces: "job-9" }), JobNotFoundError);
  assertEquals(catalog.jobs().map(({ id }) => id), ["job-1"]);
  catalog.insert({ ...NEW_JOB, id: "job-2" }, { replaces: "job-1" });
  assertEquals(catalog.jobs().map(({ id }) => id), ["job-2"]);
});

Deno.test("who may have shards of a job is known until it is settled, whatever becomes of the job", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "catalog.sqlite");
  const bounds = { sinceMs: 0, count: 9 };
  {
    using catalog = openCatalog(path);
    catalog.insert(NEW_JOB);
    for (const worker of ["b:1", "a:1", "a:1"]) {
      catalog.noteShards({ jobId: "job-1", worker, nowMs: 5 }, bounds);
    }
    catalog.noteShards({ jobId: "another", worker: "a:1", nowMs: 6 }, bounds);
    catalog.remove("job-1");
  }
  using catalog = openCatalog(path);
  assertEquals(catalog.workersWithShards(), ["a:1", "b:1"]);
  assertEquals(catalog.shardsAt("a:1"), ["job-1", "another"]);
  catalog.settleShards("job-1", ["a:1", "c:1"]);
  assertEquals([catalog.shardsAt("a:1"), catalog.shardsAt("b:1")], [["another"], ["job-1"]]);
  catalog.settleShards("another", ["a:1"]);
  assertEquals(catalog.workersWithShards(), ["b:1"]);
});

Deno.test("of those who may have shards so many are known, and for so long", async () => {
  await using folder = await temporaryFolder();
  using catalog = openCatalog(join(folder.path, "catalog.sqlite"));
  const note = (jobId: string, nowMs: number) =>
    catalog.noteShards({ jobId, worker: "a:1", nowMs }, { sinceMs: nowMs - 10, count: 3 });
  for (const jobId of ["1", "2", "3", "4"]) note(jobId, 100);
  assertEquals(catalog.shardsAt("a:1"), ["2", "3", "4"]);
  note("5", 110);
  assertEquals(catalog.shardsAt("a:1"), ["3", "4", "5"]);
  note("6", 111);
  assertEquals(catalog.shardsAt("a:1"), ["5", "6"]);
});

Deno.test("requeue() puts what was under way into the queue, and leaves what is over", async () => {
  await using folder = await temporaryFolder();
  using catalog = openCatalog(join(folder.path, "catalog.sqlite"));
  for (const id of ["a", "b"]) catalog.insert({ ...NEW_JOB, id, videoId: id });
  catalog.save({ job: { ...catalog.takeUp("a", 1), state: "processing" }, chunks: [CHUNK] });
  catalog.save({ job: { ...catalog.takeUp("b", 1), state: "completed" }, chunks: [] });
  catalog.requeue(8);
  assertEquals([catalog.job("a").state, catalog.job("b").state], ["queued", "completed"]);
  assertEquals(catalog.chunks("a")[0]!.attempts[0]!.endedMs, 8);
});

Deno.test("a catalog without room says so, keeps what it has, and requeues nothing where nothing was under way", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "catalog.sqlite");
  {
    using catalog = openCatalog(path);
    for (const id of ["a", "b"]) catalog.insert({ ...NEW_JOB, id, videoId: id });
    catalog.save({ job: { ...catalog.takeUp("a", 1), state: "completed" }, chunks: [CHUNK] });
  }
  fillCatalog(path);
  using catalog = openCatalog(path);
  const before = [catalog.jobs(), catalog.chunks("a")];
  const writes = [
    () => catalog.remove("a"),
    () => catalog.cancel("b", 2),
    () => catalog.takeUp("b", 2),
    () => catalog.save({ job: catalog.job("a"), chunks: [] }),
    () => catalog.insert({ ...NEW_JOB, id: "c", videoId: "a" }, { replaces: "a" }),
  ];
  for (const write of writes) assertThrows(write, CatalogFullError, "no space left on the device");
  catalog.requeue(2);
  assertEquals([catalog.jobs(), catalog.chunks("a")], before);
  catalog.insert({ ...NEW_JOB, id: "c", videoId: "c" });
});

Deno.test("a catalog of a later version, or another program's database, is left alone", async () => {
  await using folder = await temporaryFolder();
  const later = join(folder.path, "later.sqlite");
  openCatalog(later)[Symbol.dispose]();
  using db = new DatabaseSync(later);
  db.exec("PRAGMA user_version = 99");
  db.close();
  assertThrows(() => openCatalog(later), CatalogError, "version 99");

  const foreign = join(folder.path, "foreign.sqlite");
  using other = new DatabaseSync(foreign);
  other.exec("CREATE TABLE t (a)");
  other.close();
  assertThrows(() => openCatalog(foreign), CatalogError, "another program's");

  const text = join(folder.path, "text.sqlite");
  await Deno.writeTextFile(text, "not a database, but long enough to be asked whether it is one".repeat(9));
  assertThrows(() => openCatalog(text), CatalogError);
});
