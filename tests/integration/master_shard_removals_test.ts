/** Shards that workers hold for a master: none stays once nobody needs it, whoever was away when it was to go. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { untilAborted } from "../../lib/abort_signals.ts";
import { openCatalog } from "../../lib/master/catalog.ts";
import { connectMaster } from "../../lib/rpc/master_client.ts";
import { startOurMaster } from "../peers/our_master.ts";
import { startOurWorker } from "../peers/our_worker.ts";
import type { FakeFleetOptions } from "../unit/fake_fleet.ts";
import { byNumber } from "./by_number.ts";
import { filesUnder } from "./files_under.ts";
import { GROWING_SOURCES } from "./growing_sources.ts";
import {
  bytesOf,
  type InProcessMasterOptions,
  RPC,
  startInProcessMaster,
  streamOf,
  untilState,
} from "./in_process_master.ts";
import { CHUNKS, copyFleet, sourceIn } from "./job_fixture.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { until } from "./until.ts";

// grpc-js lets timers of calls that a master has cut off run on
Deno.test.sanitizer({ ops: false, resources: false });

const FACTS = { videoId: "film", chunkSeconds: 1 };
const WORKER = "worker-1:1";

/** Workers that outlive their masters. */
function workers(options: Partial<FakeFleetOptions> = {}) {
  return Object.assign(copyFleet({ workers: 1, ...options }), { register: () => {} });
}

async function setUp(options: Partial<FakeFleetOptions> = {}) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const fleet = stack.use(workers(options));
  const dataDir = join(folder.path, "data");
  const done = stack.move();
  return {
    path: folder.path,
    dataDir,
    fleet,
    /** A master on the folder, with the workers. */
    start: (more: Partial<InProcessMasterOptions> = {}) => startInProcessMaster({ dataDir, fleet, ...more }),
    /** What the catalog says of the worker, once its master has gone. */
    noted() {
      using catalog = openCatalog(join(dataDir, "catalog.sqlite"));
      return catalog.shardsAt(WORKER);
    },
    [Symbol.asyncDispose]: () => done.disposeAsync(),
  };
}

const isGone = (fleet: { readonly shards: number }) => until(() => Promise.resolve(fleet.shards === 0));

/** Waits until an attempt is to go on, or is called off. */
function heldBack(release: Promise<void>): FakeFleetOptions["encode"] {
  return async (_, chunk, signal) => {
    await untilAborted(release, signal);
    return chunk.slice();
  };
}

Deno.test("a worker that is away as a job ends is asked again once it answers", async () => {
  await using t = await setUp();
  {
    await using m = await t.start();
    t.fleet.setAway(WORKER, true);
    await m.client.upload(FACTS, streamOf(await bytesOf(await sourceIn(t.path))), RPC);
    await untilState(m.master, m.master.find("film")!.id, "completed");
    assertEquals(t.fleet.shards, CHUNKS);
    t.fleet.setAway(WORKER, false);
    await isGone(t.fleet);
  }
  assertEquals(t.noted(), []);
});

Deno.test("what a worker was not asked by one master, it is asked by the next, even of a deleted video", async () => {
  await using t = await setUp();
  const ids: string[] = [];
  {
    await using m = await t.start();
    t.fleet.setAway(WORKER, true);
    const source = await bytesOf(await sourceIn(t.path));
    for (const [videoId, chunkSeconds] of [["stays", 1], ["goes", 2]] as const) {
      await m.client.upload({ videoId, chunkSeconds }, streamOf(source), RPC);
      const { id } = m.master.find(videoId)!;
      ids.push(id);
      await untilState(m.master, id, "completed");
    }
    await m.client.delete("goes", RPC);
  }
  const { shards } = t.fleet;
  assert(shards > CHUNKS);
  assertEquals(new Set(t.noted().map((id) => id.replace("ahead-", ""))), new Set(ids));
  {
    await using m = await t.start();
    assertEquals(t.fleet.shards, shards);
    t.fleet.setAway(WORKER, false);
    await isGone(t.fleet);
    const { id } = m.master.find("stays")!;
    assert((await m.videos()).includes(`uploads/${id}`));
    assert((await new Response(m.client.retrieve("stays", RPC)).bytes()).length > 0);
  }
  assertEquals(t.noted(), []);
});

Deno.test("a master that is killed amid an upload leaves word of who has shards of it", async () => {
  const killed = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  let catalogPath = "";
  let isCopied = false;
  await using t = await setUp({
    async encode(_, chunk) {
      // once, as the first chunk is with the worker: what a master that is killed now would leave
      for (const end of isCopied ? [] : ["", "-wal"]) {
        await Deno.copyFile(`${catalogPath}${end}`, `${catalogPath}.killed${end}`);
      }
      isCopied = true;
      killed.resolve();
      await held.promise;
      return chunk.slice();
    },
  });
  catalogPath = join(t.dataDir, "catalog.sqlite");
  const source = await bytesOf(await Object.values(GROWING_SOURCES)[0]!(t.path));
  const over = Promise.withResolvers<void>();
  async function* video() {
    yield* streamOf(source);
    await over.promise;
  }
  {
    await using m = await t.start();
    const upload = m.client.upload(FACTS, ReadableStream.from(video()), RPC);
    await killed.promise;
    t.fleet.setAway(WORKER, true);
    held.resolve();
    over.resolve();
    await upload;
    await untilState(m.master, m.master.find("film")!.id, "completed");
  }
  assert(t.fleet.shards > 0);
  const ahead = t.fleet.attempts[0]!.task.jobId;
  assert(ahead.startsWith("ahead-"));

  const other = join(t.path, "other");
  await Deno.mkdir(other);
  for (const end of ["", "-wal"]) {
    await Deno.rename(`${catalogPath}.killed${end}`, join(other, `catalog.sqlite${end}`));
  }
  t.fleet.setAway(WORKER, false);
  await using _next = await t.start({ dataDir: other });
  await until(() => Promise.resolve(t.fleet.forgotten.at(-1) === ahead));
});

Deno.test("shards of a job that goes on are left to it, whoever answers meanwhile", async () => {
  const held = Promise.withResolvers<void>();
  await using t = await setUp({ workers: 2, encode: heldBack(held.promise) });
  let id: string;
  {
    await using m = await t.start();
    await m.client.upload(FACTS, streamOf(await bytesOf(await sourceIn(t.path))), RPC);
    ({ id } = m.master.find("film")!);
    await until(() => Promise.resolve(t.fleet.attempts.length === 2));
  }
  {
    using catalog = openCatalog(join(t.dataDir, "catalog.sqlite"));
    catalog.noteShards({ jobId: id, worker: WORKER, nowMs: Date.now() }, { sinceMs: 0, count: 9 });
    catalog.noteShards({ jobId: "gone", worker: WORKER, nowMs: Date.now() }, { sinceMs: 0, count: 9 });
  }
  const before = t.fleet.forgotten.length;
  await using m = await t.start();
  for (const isAway of [true, false]) t.fleet.setAway(WORKER, isAway);
  await until(() => Promise.resolve(t.fleet.forgotten.slice(before).includes("gone")));
  assert(!t.fleet.forgotten.slice(before).includes(id));
  held.resolve();
  await untilState(m.master, id, "completed");
  assert(t.fleet.forgotten.slice(before).includes(id));
});

Deno.test("a job that is cancelled before it went on is forgotten at the workers", async () => {
  await using t = await setUp();
  const isRun = Promise.withResolvers<void>();
  const runJob: InProcessMasterOptions["runJob"] = async (_, { signal }) => {
    isRun.resolve();
    return await untilAborted(new Promise<never>(() => {}), signal);
  };
  let ids: string[];
  {
    await using m = await t.start({ runJob, maxJobs: 1 });
    for (const videoId of ["first", "second"]) {
      await m.client.upload({ videoId }, streamOf(new Uint8Array(9)), RPC);
    }
    ids = ["first", "second"].map((videoId) => m.master.find(videoId)!.id);
    await isRun.promise;
  }
  {
    using catalog = openCatalog(join(t.dataDir, "catalog.sqlite"));
    for (const jobId of ids) {
      catalog.noteShards({ jobId, worker: WORKER, nowMs: Date.now() }, { sinceMs: 0, count: 9 });
    }
  }
  {
    await using m = await t.start({ runJob, maxJobs: 1 });
    await m.client.cancel("second", RPC); // it waits for the first
    await m.client.delete("first", RPC);
    await until(() => Promise.resolve(ids.every((id) => t.fleet.forgotten.includes(id))));
  }
  assertEquals(t.noted(), []);
});

Deno.test({
  name: "the next master clears a worker of what one that was killed amid an upload had encoded there",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await temporaryFolder();
    const source = await bytesOf(await Object.values(GROWING_SOURCES)[0]!(folder.path));
    const [shardsDir, dataDir] = [join(folder.path, "shards"), join(folder.path, "data")];
    await using worker = await startOurWorker({ shardsDir });
    const options = { dataDir, flags: ["--workers", worker.address] };
    const shards = async () => (await filesUnder(shardsDir)).filter((path) => path.endsWith(".shard"));
    const over = Promise.withResolvers<void>();
    async function* video() {
      yield* streamOf(source);
      await over.promise;
    }
    {
      await using master = await startOurMaster(options);
      using client = connectMaster(byNumber(master.address));
      const facts = { ...FACTS, settings: undefined };
      const upload = client.upload(facts, ReadableStream.from(video()), RPC).catch(() => "cut off");
      await until(async () => (await shards()).some((path) => path.startsWith("ahead-")));
      master.child.kill("SIGKILL");
      await master.child.status;
      over.resolve();
      assertEquals(await upload, "cut off");
    }
    assert((await shards()).length > 0);
    await using _next = await startOurMaster(options);
    await until(async () => (await shards()).length === 0);
  },
});
