/** A master whose disk is full: what it was asked to end is ended, or goes on; and a deletion makes room. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { untilAborted } from "../../lib/abort_signals.ts";
import { SYSTEM_CLOCK } from "../../lib/fleet/clock.ts";
import { type Catalog, openCatalog } from "../../lib/master/catalog.ts";
import { CatalogError, CatalogFullError } from "../../lib/master/master_errors.ts";
import { openVideoFiles } from "../../lib/master/video_files.ts";
import { NEW_JOB } from "../unit/master_views.ts";
import { fillCatalog } from "./full_catalog.ts";
import { bytesOf, RPC, startInProcessMaster, streamOf, untilState } from "./in_process_master.ts";
import { sourceIn } from "./job_fixture.ts";
import { assertRpcFails } from "./rpc_asserts.ts";
import { temporaryFolder } from "./temporary_folder.ts";

// grpc-js lets timers of calls that a master has cut off run on
Deno.test.sanitizer({ ops: false, resources: false });

/** A real catalog, which takes nothing as long as the disk is said to be full. */
function catalogOn(disk: { isFull: () => boolean }): (path: string) => Catalog {
  return (path) => {
    const catalog = openCatalog(path);
    const unlessFull = <A extends unknown[], T>(write: (...args: A) => T) => (...args: A): T => {
      if (disk.isFull()) throw new CatalogFullError();
      return write(...args);
    };
    return {
      ...catalog,
      insert: unlessFull(catalog.insert),
      takeUp: unlessFull(catalog.takeUp),
      save: unlessFull(catalog.save),
      cancel: unlessFull(catalog.cancel),
      remove: unlessFull(catalog.remove),
      noteShards: unlessFull(catalog.noteShards),
    };
  };
}

/** A master with two videos, of which one is encoded until `release()` and the other one waits. */
async function setUp() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const dataDir = join(folder.path, "data");
  const held = Promise.withResolvers<void>();
  const disk = { isFull: () => false };
  const m = stack.use(
    await startInProcessMaster({
      dataDir,
      maxJobs: 1,
      openCatalog: catalogOn(disk),
      clock: { ...SYSTEM_CLOCK, sleep: (_, signal) => SYSTEM_CLOCK.sleep(10, signal) },
      workers: {
        async encode(_, chunk, signal) {
          await untilAborted(held.promise, signal);
          return chunk.slice();
        },
      },
    }),
  );
  const source = await bytesOf(await sourceIn(folder.path));
  const ids: Record<string, string> = {};
  for (const videoId of ["runs", "waits"]) {
    await m.client.upload({ videoId, chunkSeconds: 1 }, streamOf(source), RPC);
    ids[videoId] = m.master.find(videoId)!.id;
    if (videoId === "runs") await untilState(m.master, ids[videoId], "processing");
  }
  const done = stack.move();
  return {
    ...m,
    dataDir,
    disk,
    ids: ids as { readonly runs: string; readonly waits: string },
    sourcePath: (id: string) => join(dataDir, "uploads", id),
    release: () => held.resolve(),
    [Symbol.asyncDispose]: () => done.disposeAsync(),
  };
}

function bytesAt(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

Deno.test("jobs that a full disk keeps from being cancelled go on once there is room", async () => {
  await using t = await setUp();
  t.disk.isFull = () => true;
  for (const videoId of ["runs", "waits", "runs"]) {
    await assertRpcFails("RESOURCE_EXHAUSTED", t.client.cancel(videoId, RPC));
  }
  await Promise.all(
    [1, 2].map(() => assertRpcFails("RESOURCE_EXHAUSTED", t.client.cancel("waits", RPC))),
  );
  t.disk.isFull = () => false;
  t.release();
  for (const id of [t.ids.runs, t.ids.waits]) await untilState(t.master, id, "completed");
  assertEquals(t.log.filter((line) => line.startsWith("Job completed")).length, 2);
});

for (const videoId of ["runs", "waits"] as const) {
  Deno.test(`on a full disk a video that ${videoId} is deleted: its own files make room`, async () => {
    await using t = await setUp();
    const id = t.ids[videoId];
    const other = t.ids[videoId === "runs" ? "waits" : "runs"];
    t.disk.isFull = () => bytesAt(t.sourcePath(id)) + bytesAt(`${t.sourcePath(id)}.removed`) > 0;
    await t.client.delete(videoId, RPC);
    assertEquals(t.master.jobs().map((job) => job.id), [other]);
    t.release();
    await untilState(t.master, other, "completed");
    await t.running.drain(0);
    assertEquals(await t.videos(), [
      `results/${other}/1.mp4`,
      `results/${other}/1.mp4.proof.json`,
      `uploads/${other}`,
    ]);
  });
}

Deno.test("a video whose deletion finds no room at all can be deleted again, or is forgotten by the next master", async () => {
  await using t = await setUp();
  t.disk.isFull = () => true;
  for (const videoId of ["runs", "waits"]) {
    await assertRpcFails("RESOURCE_EXHAUSTED", t.client.delete(videoId, RPC));
  }
  assertEquals(t.master.jobs().length, 2);
  t.disk.isFull = () => false;
  await t.client.delete("waits", RPC);
  assertEquals(t.master.jobs().map(({ id }) => id), [t.ids.runs]);
  await t.running.drain(0);

  await using next = await startInProcessMaster({ dataDir: t.dataDir });
  assertEquals([next.master.jobs(), await next.videos()], [[], []]);
});

Deno.test("a job goes on that cannot be deleted for another reason than a full disk, and keeps its files", async () => {
  await using t = await setUp();
  t.disk.isFull = () => {
    throw new Error("disk I/O error");
  };
  await assertRpcFails("INTERNAL", t.client.delete("runs", RPC));
  await assertRpcFails("INTERNAL", t.client.delete("waits", RPC));
  t.disk.isFull = () => false;
  t.release();
  for (const id of [t.ids.runs, t.ids.waits]) await untilState(t.master, id, "completed");
});

Deno.test("a master that is killed as it makes room forgets what was to be deleted, and nothing else", async () => {
  await using folder = await temporaryFolder();
  const dataDir = join(folder.path, "data");
  const names = ["renamed", "emptied", "stays", "source lost"];
  const ids: string[] = [];
  {
    await using m = await startInProcessMaster({ dataDir });
    const source = await bytesOf(await sourceIn(folder.path));
    for (const videoId of names) {
      await m.client.upload({ videoId, chunkSeconds: 1 }, streamOf(source), RPC);
      ids.push(m.master.find(videoId)!.id);
      await untilState(m.master, ids.at(-1)!, "completed");
    }
  }
  const [renamed, emptied, stays, lost] = ids;
  const sourcePath = (id: string | undefined) => join(dataDir, "uploads", id!);
  await Deno.rename(sourcePath(renamed), `${sourcePath(renamed)}.removed`);
  await (await openVideoFiles(dataDir)).giveUp(emptied!);
  await Deno.remove(sourcePath(lost)); // by nobody who asked the master
  {
    using catalog = openCatalog(join(dataDir, "catalog.sqlite"));
    assertEquals(catalog.jobs().length, names.length);
  }
  await using m = await startInProcessMaster({ dataDir });
  assertEquals(m.master.jobs().map(({ id, state }) => [id, state]), [
    [lost, "completed"],
    [stays, "completed"],
  ]);
  assertEquals(
    await m.videos(),
    [lost, stays].flatMap((id) => [`results/${id}/1.mp4`, `results/${id}/1.mp4.proof.json`]).concat(
      `uploads/${stays}`,
    ).sort(),
  );
});

Deno.test("a master begins on a full disk unless a job is to be put into the queue again: then it says where", async () => {
  await using folder = await temporaryFolder();
  const dataDir = join(folder.path, "data");
  await Deno.mkdir(join(dataDir, "uploads"), { recursive: true });
  const path = join(dataDir, "catalog.sqlite");
  {
    using catalog = openCatalog(path);
    for (const id of ["over", "waits"]) {
      catalog.insert({ ...NEW_JOB, id, videoId: id });
      await Deno.writeTextFile(join(dataDir, "uploads", id), "x");
    }
    catalog.save({ job: { ...catalog.takeUp("over", 1), state: "failed" }, chunks: [] });
  }
  fillCatalog(path);
  {
    await using m = await startInProcessMaster({ dataDir });
    assertEquals(m.master.jobs().map(({ state }) => state), ["queued", "failed"]);
  }
  using db = new DatabaseSync(path);
  db.exec("DROP TRIGGER full_jobs_update; UPDATE jobs SET state = 'processing' WHERE id = 'waits'");
  db.close();
  fillCatalog(path);
  await Deno.writeTextFile(join(dataDir, "uploads", "a leftover"), "x");
  const error = await assertRejects(() => startInProcessMaster({ dataDir }), CatalogError);
  assert(error.message.includes(dataDir), error.message);
  assertMatch(error.message, /no space left on the device/);
  const left = (await Array.fromAsync(Deno.readDir(join(dataDir, "uploads")))).map(({ name }) => name);
  assertEquals(left.sort(), ["over", "waits"], "leftovers go first: they may be in the way");
});
