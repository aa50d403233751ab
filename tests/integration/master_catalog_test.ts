import { assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { openCatalog } from "../../lib/master/catalog.ts";
import { newChunk } from "../../lib/master/chunk_history.ts";
import type { ChunkView } from "../../lib/master/job_view.ts";
import {
  CatalogError,
  JobNotFoundError,
  StaleRunError,
  VideoExistsError,
} from "../../lib/master/master_errors.ts";
import { jobRecord, NEW_JOB, plannedChunks } from "../unit/master_views.ts";
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

Deno.test("a video_id is given once, and its next job takes it over in one step", async () => {
  await using folder = await temporaryFolder();
  using catalog = openCatalog(join(folder.path, "catalog.sqlite"));
  catalog.insert(NEW_JOB);
  assertThrows(() => catalog.insert({ ...NEW_JOB, id: "job-2" }), VideoExistsError);
  assertThrows(() => catalog.insert({ ...NEW_JOB, id: "job-2" }, { replaces: "job-9" }), JobNotFoundError);
  assertEquals([catalog.jobs().map(({ id }) => id), catalog.removals()], [["job-1"], []]);
  catalog.insert({ ...NEW_JOB, id: "job-2" }, { replaces: "job-1" });
  assertEquals([catalog.jobs().map(({ id }) => id), catalog.removals()], [["job-2"], ["job-1"]]);
  catalog.settleRemoval("job-1");
  assertEquals(catalog.removals(), []);
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
