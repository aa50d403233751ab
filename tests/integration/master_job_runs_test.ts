/** Runs of jobs that something befalls which has nothing to do with their videos. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { SYSTEM_CLOCK } from "../../lib/fleet/clock.ts";
import { openDiskMemory } from "../../lib/job/disk_memory.ts";
import { openCatalog } from "../../lib/master/catalog.ts";
import { createJobRuns, type JobRunsOptions } from "../../lib/master/job_runs.ts";
import type { JobState } from "../../lib/master/job_view.ts";
import type { VideoFiles } from "../../lib/master/video_files.ts";
import { StoreFullError } from "../../lib/store/store_errors.ts";
import { NEW_JOB } from "../unit/master_views.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { until } from "./until.ts";

const RESULT = { assembled: { sizeBytes: 9, converted: [], notCarried: [] }, notes: [] };

/** Jobs "a", "b" and so on, each of which is completed once it runs, one at a time. */
async function setUp(options: Partial<JobRunsOptions> = {}) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const catalog = stack.use(openCatalog(join(folder.path, "catalog.sqlite")));
  const log: string[] = [];
  const write = (message: string, fields: object = {}) =>
    void log.push(`${message} ${JSON.stringify(fields)}`);
  const logger = { info: write, warn: write, error: write };
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const endOf = (id: string) => ends.get(id) ?? ends.set(id, Promise.withResolvers<void>()).get(id)!;
  const runs = stack.use(createJobRuns({
    catalog,
    files: {
      sourcePath: (id) => join(folder.path, id),
      prepareResult: () => Promise.resolve({ fileName: "1.mp4", path: join(folder.path, "1.mp4") }),
    } as Partial<VideoFiles> as VideoFiles,
    fleet: {} as JobRunsOptions["fleet"],
    openMemory: () => openDiskMemory(join(folder.path, "memory")),
    runJob: () => Promise.resolve(RESULT as unknown as Awaited<ReturnType<JobRunsOptions["runJob"]>>),
    maxRunning: 1,
    publish: () => {},
    logger,
    loggerOf: () => logger,
    namesOf: () => [],
    clock: { ...SYSTEM_CLOCK, sleep: (_, signal) => SYSTEM_CLOCK.sleep(10, signal) },
    ...options,
    async onOver(id) {
      endOf(id).resolve();
      await options.onOver?.(id);
    },
  }));
  const done = stack.move();
  return {
    catalog,
    runs,
    log,
    /** Resolves once a run of the job is over. */
    ended: (id: string) => endOf(id).promise,
    /** The catalog's word on a job that was added, once its run is over. */
    async run(id: string): Promise<[JobState, string | undefined]> {
      catalog.insert({ ...NEW_JOB, id, videoId: id });
      runs.add({ id, priority: 0 });
      await endOf(id).promise;
      const { state, failure } = catalog.job(id);
      return [state, failure?.message];
    },
    [Symbol.asyncDispose]: () => done.disposeAsync(),
  };
}

/** Memories that cannot be let go of. */
async function unclosableMemory(path: string) {
  const memory = await openDiskMemory(path);
  const close = memory[Symbol.asyncDispose].bind(memory);
  return Object.assign(memory, {
    async [Symbol.asyncDispose]() {
      await close();
      throw new Deno.errors.NotFound("the lock is gone");
    },
  });
}

Deno.test("a job is completed even if its memory cannot be let go of, which the log says", async () => {
  await using folder = await temporaryFolder();
  await using t = await setUp({ openMemory: () => unclosableMemory(folder.path) });
  assertEquals(await t.run("a"), ["completed", undefined]);
  assertEquals(t.catalog.job("a").result, { fileName: "1.mp4", sizeBytes: 9 });
  assertMatch(t.log.join("\n"), /^Cannot let go of the memory .*the lock is gone/m);
});

Deno.test("why a job failed is told even if its memory cannot be let go of", async () => {
  await using folder = await temporaryFolder();
  await using t = await setUp({
    openMemory: () => unclosableMemory(folder.path),
    runJob: () => Promise.reject(new StoreFullError("Cannot write: no space left")),
  });
  assertEquals(await t.run("a"), ["failed", "Cannot write: no space left"]);
});

Deno.test("a job whose chunks cannot be read from the catalog is taken up once they can", async () => {
  await using folder = await temporaryFolder();
  using catalog = openCatalog(join(folder.path, "catalog.sqlite"));
  let reads = 0;
  await using t = await setUp({
    catalog: {
      ...catalog,
      chunks(id) {
        if (++reads <= 2) throw new Error("disk I/O error");
        return catalog.chunks(id);
      },
    },
  });
  catalog.insert({ ...NEW_JOB, id: "a", videoId: "a" });
  t.runs.add({ id: "a", priority: 0 });
  await t.ended("a");
  assertEquals([catalog.job("a").state, reads], ["completed", 3]);
  assertEquals(t.log.filter((line) => line.includes("disk I/O error")).length, 2);
});

Deno.test("a run that breaks down fails its job in words, and no other", async () => {
  let isBroken = true;
  const told: string[] = [];
  await using t = await setUp({
    publish(event) {
      if (isBroken) throw new Error("nobody can be told");
      if (event.kind === "job") told.push(`${event.job.id} ${event.job.state}`);
    },
    async onOver() {
      await Promise.resolve();
      isBroken = false;
    },
  });
  assertEquals(await t.run("a"), ["failed", "Internal error: the master's log says more"]);
  assertMatch(t.log.join("\n"), /nobody can be told/);
  assertEquals((await t.run("b"))[0], "completed");
  assert(told.includes("b completed"));
});

Deno.test("the next job runs even if what follows a run goes wrong", async () => {
  await using t = await setUp({
    onOver: (id) => id === "a" ? Promise.reject(new Error("not over")) : Promise.resolve(),
  });
  assertEquals((await t.run("a"))[0], "completed");
  assertEquals((await t.run("b"))[0], "completed");
  assertMatch(t.log.join("\n"), /"job_id":"a".*not over/);
});

Deno.test("a job that is over is not run again, and one that is added more than once runs once", async () => {
  const started: string[] = [];
  const held = { first: Promise.withResolvers<void>(), second: Promise.withResolvers<void>() };
  await using t = await setUp({
    maxRunning: 2,
    async runJob({ jobId }) {
      started.push(jobId);
      await (jobId === "c" ? held.second : held.first).promise;
      return RESULT as unknown as Awaited<ReturnType<JobRunsOptions["runJob"]>>;
    },
  });
  const ids = ["a", "b", "c"];
  const add = (...ids: string[]) => ids.forEach((id) => t.runs.add({ id, priority: 0 }));
  const left = (count: number) => until(() => Promise.resolve(t.runs.running === count));
  for (const id of ids) t.catalog.insert({ ...NEW_JOB, id, videoId: id });
  add("a", "a", "b", "c", "c"); // the last two wait
  held.first.resolve();
  await Promise.all([t.ended("a"), t.ended("b")]);
  await left(1);
  add("c"); // it runs
  assertEquals(t.runs.running, 1);
  held.second.resolve();
  await left(0);
  add(...ids); // they are over
  await left(0);
  assertEquals(started.sort(), ids);
  assertEquals(
    ids.map((id) => [t.catalog.job(id).state, t.catalog.job(id).run]),
    ids.map(() => ["completed", 1]),
  );
});
