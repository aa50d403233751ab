import { once } from "node:events";
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import {
  type Place,
  PoisonChunkError,
  type ShardRef,
  type TaskEvent,
  UnsupportedError,
  WorkersLostError,
} from "../../lib/fleet/fleet.ts";
import {
  createWorkerFleet,
  type WorkerFleet,
  type WorkerFleetOptions,
} from "../../lib/fleet/worker_fleet.ts";
import { StoreFullError } from "../../lib/store/store_errors.ts";
import { FakeClock, settled } from "./fake_clock.ts";
import { acceptAll, BUILD, chunkTask, FakeWorker } from "./fake_port.ts";

const HOUR_MS = 3_600_000;

interface Setup extends AsyncDisposable {
  readonly fleet: WorkerFleet;
  readonly clock: FakeClock;
  readonly workers: readonly FakeWorker[];
  readonly signal: AbortSignal;
  readonly abort: AbortController;
}

interface SetupOptions extends Partial<WorkerFleetOptions> {
  /** Of each worker. Default one of 10 frames a second. */
  readonly speeds?: readonly number[];
  readonly maxTasks?: number;
  /** How many of them the fleet knows from the start; by default all. */
  readonly listed?: number;
}

/** A fleet whose workers are `w1:1` and so on, and have said what they can. */
async function setUp(
  { speeds = [10], maxTasks = 1, listed = speeds.length, ...options }: SetupOptions = {},
): Promise<Setup> {
  const clock = new FakeClock();
  clock.setBy(HOUR_MS); // times of the two clocks are not to be mixed up
  const workers = speeds.map((speed, index) => new FakeWorker(`w${index + 1}:1`, { clock, speed, maxTasks }));
  const fleet = createWorkerFleet({
    workers: workers.slice(0, listed).map(({ address }) => address),
    connect: (address) => workers.find((worker) => worker.address === address)!.port(),
    codecs: ["h264"],
    clock,
    ...options,
  });
  await settled();
  const abort = new AbortController();
  return {
    fleet,
    clock,
    workers,
    abort,
    signal: abort.signal,
    [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
  };
}

interface EncodeOptions {
  readonly jobId: string;
  readonly priority: number;
  readonly frames: number;
  readonly accept: (shard: ShardRef, signal: AbortSignal) => Promise<ShardRef>;
  readonly onEvent: (event: TaskEvent) => void;
}

/** A chunk's way through the fleet, from the wait for a place to its end. */
async function encodeOne(
  { fleet, signal }: Setup,
  chunkIndex: number,
  { jobId = "job", priority = 0, frames = 10, accept = acceptAll, onEvent = () => {} }: Partial<
    EncodeOptions
  > = {},
): Promise<ShardRef> {
  using place = await fleet.place({ jobId, priority, build: BUILD, signal });
  return await place.encode(chunkTask(chunkIndex, { jobId, frames }), new Uint8Array(), accept, onEvent);
}

/** What has become of a promise by now. */
function watched<T>(
  promise: PromiseLike<T>,
): { state: "waits" | "done" | "failed"; value?: T; error?: unknown } {
  const seen: ReturnType<typeof watched<T>> = { state: "waits" };
  promise.then(
    (value) => Object.assign(seen, { state: "done", value }),
    (error) => Object.assign(seen, { state: "failed", error }),
  );
  return seen;
}

Deno.test("a chunk goes to the free worker that is expected to be done first", async () => {
  await using setup = await setUp({ speeds: [10, 40, 20], hedging: false });
  const { clock } = setup;
  const shards = [0, 1, 2].map((index) => watched(encodeOne(setup, index)));
  await clock.advance(10_000);
  assertEquals(shards.map(({ value }) => value?.worker), ["w2:1", "w3:1", "w1:1"]);
});

Deno.test("place() waits until a worker has a place, and no worker gets more than it takes", async () => {
  await using setup = await setUp({ speeds: [10, 10], maxTasks: 2 });
  const { fleet, clock, signal, workers } = setup;
  const options = { jobId: "job", priority: 0, build: BUILD, signal };
  const places = await Promise.all([1, 2, 3, 4].map(() => fleet.place(options)));
  const fifth = watched(fleet.place(options));
  await clock.advance(60_000);
  assertEquals(fifth.state, "waits");
  places[0]![Symbol.dispose]();
  await settled();
  assertEquals(fifth.state, "done");
  for (const place of [...places, fifth.value!]) place[Symbol.dispose]();
  for (let index = 0; index < 20; index++) void encodeOne(setup, index);
  await clock.advance(10_000);
  assertEquals(workers.map(({ mostRunning }) => mostRunning), [2, 2]);
  assertEquals(workers.flatMap(({ received }) => received).length, 20);
});

Deno.test("a place that is disposed of twice is given back once", async () => {
  await using setup = await setUp();
  const { fleet, signal } = setup;
  const options = { jobId: "job", priority: 0, build: BUILD, signal };
  const first = await fleet.place(options);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  using _second = await fleet.place(options);
  const third = watched(fleet.place(options));
  await settled();
  assertEquals(third.state, "waits");
});

Deno.test("a chunk goes where it is done first when it is there, wherever its place was", async () => {
  await using setup = await setUp({ speeds: [10, 40] });
  const { fleet, signal } = setup;
  const options = { jobId: "job", priority: 0, build: BUILD, signal };
  const fast = await fleet.place(options);
  using slow = await fleet.place(options);
  fast[Symbol.dispose]();
  const shard = watched(slow.encode(chunkTask(0), new Uint8Array(), acceptAll));
  await setup.clock.advance(1_000);
  assertEquals(shard.value?.worker, "w2:1");
});

Deno.test("a place whose worker has gone since is good for another", async () => {
  await using setup = await setUp({ speeds: [40, 10] });
  const { fleet, clock, signal, workers } = setup;
  using place = await fleet.place({ jobId: "job", priority: 0, build: BUILD, signal });
  workers[0]!.kill();
  await clock.advance(20_000);
  const shard = watched(place.encode(chunkTask(0), new Uint8Array(), acceptAll));
  await clock.advance(2_000);
  assertEquals([shard.value?.worker, shard.value?.attempt], ["w2:1", 1]);
});

Deno.test("places are bounded where chunks fail faster than others can do them", async () => {
  await using setup = await setUp({ speeds: [40, 0.01], hedging: false });
  const { fleet, clock, workers, signal } = setup;
  workers[0]!.refuse = () => ({ kind: "failed", reason: "no" });
  const options = { jobId: "job", priority: 0, build: BUILD, signal };
  const spare = await fleet.place(options);
  for (let time = 0; time < 9; time++) spare[Symbol.dispose](); // once is enough
  let given = 0;
  for (let index = 0; index < 20; index++) {
    fleet.place(options).then(async (place) => {
      given++;
      using _place = place;
      await place.encode(chunkTask(index), new Uint8Array(), acceptAll);
    }).catch(() => {}); // as the fleet is closed
  }
  await clock.advance(300_000);
  assertEquals(given, 4);
});

Deno.test("a chunk whose worker fails goes to another, after a pause", async () => {
  await using setup = await setUp({ speeds: [20, 10] });
  const { clock, workers } = setup;
  workers[0]!.refuse = () => ({ kind: "failed", reason: "the encoder crashed" });
  const events: TaskEvent[] = [];
  const shard = watched(encodeOne(setup, 0, { onEvent: (event) => events.push(event) }));
  await settled();
  assertEquals(workers[1]!.received, []);
  await clock.advance(2_000);
  assertEquals(shard.value?.worker, "w2:1");
  assertEquals(shard.value?.attempt, 2);
  assertEquals(events, [
    { kind: "started", worker: "w1:1", attempt: 1, isHedge: false },
    { kind: "failed", worker: "w1:1", attempt: 1, reason: "the encoder crashed" },
    { kind: "started", worker: "w2:1", attempt: 2, isHedge: false },
  ]);
});

Deno.test("a chunk that fails on three workers is poison, and says what the last one said", async () => {
  await using setup = await setUp({ speeds: [10, 10, 10, 10] });
  const { clock, workers } = setup;
  for (const worker of workers) {
    worker.refuse = ({ chunkIndex }) =>
      chunkIndex === 7 ? { kind: "failed", reason: `not on ${worker.address}` } : undefined;
  }
  const poison = watched(encodeOne(setup, 7));
  await clock.advance(5_000);
  assert(poison.error instanceof PoisonChunkError);
  assertEquals(poison.error.chunkIndex, 7);
  assertEquals(new Set(poison.error.failures.map(({ worker }) => worker)).size, 3);
  assert(poison.error.message.endsWith(poison.error.failures[2]!.reason), poison.error.message);
  const other = watched(encodeOne(setup, 8));
  await clock.advance(5_000);
  assertEquals(other.state, "done"); // no worker is blamed for it
  assertEquals(setup.fleet.workers().map(({ state }) => state), ["healthy", "healthy", "healthy", "healthy"]);
});

Deno.test("with fewer workers than that, a chunk is poison once each has failed twice", async () => {
  await using setup = await setUp({ speeds: [10, 10] });
  const { clock, workers } = setup;
  for (const worker of workers) worker.refuse = () => ({ kind: "failed", reason: "cannot decode" });
  const poison = watched(encodeOne(setup, 0));
  await clock.advance(20_000);
  assert(poison.error instanceof PoisonChunkError);
  assertEquals(workers.map(({ received }) => received.length), [2, 2]);
});

Deno.test("what accept() throws counts as a failure of the worker, with its message", async () => {
  await using setup = await setUp();
  const poison = watched(
    encodeOne(setup, 0, { accept: () => Promise.reject(new Error("a frame is missing")) }),
  );
  await setup.clock.advance(20_000);
  assert(poison.error instanceof PoisonChunkError);
  assert(poison.error.message.includes("a frame is missing"));
});

Deno.test("our own full disk ends a chunk at once, and is no worker's fault", async () => {
  await using setup = await setUp({ speeds: [10, 10, 10] });
  const accept = () => Promise.reject(new StoreFullError("no space left on the device"));
  const broken = watched(encodeOne(setup, 0, { accept }));
  await setup.clock.advance(1_000);
  assert(broken.error instanceof StoreFullError);
  assertEquals(setup.workers.flatMap(({ received }) => received), [0]);
});

Deno.test("a shard of another build than the task's is not accepted", async () => {
  await using setup = await setUp({ speeds: [20, 10] });
  const { clock, workers } = setup;
  workers[0]!.build = BUILD; // as it said; what it does is another thing
  const accepted: string[] = [];
  const accept = (shard: ShardRef) => {
    accepted.push(shard.build);
    return Promise.resolve(shard);
  };
  await settled();
  workers[0]!.build = "libav/libx264 7.0";
  const shard = watched(encodeOne(setup, 0, { accept }));
  await clock.advance(5_000);
  assertEquals(shard.value?.worker, "w2:1");
  assertEquals(accepted, [BUILD]);
});

Deno.test("a busy worker is no failure: the chunk comes back when it was told to, or goes elsewhere", async () => {
  await using setup = await setUp();
  const { clock, workers } = setup;
  let isBusy = true;
  workers[0]!.refuse = () => isBusy ? { kind: "busy", waitMs: 4_000, reason: "full" } : undefined;
  const events: string[] = [];
  const shard = watched(encodeOne(setup, 0, { onEvent: ({ kind }) => events.push(kind) }));
  await clock.advance(3_999);
  assertEquals(workers[0]!.received, [0]);
  isBusy = false;
  await clock.advance(1_001);
  assertEquals(workers[0]!.received, [0, 0]);
  await clock.advance(1_000);
  assertEquals(shard.state, "done");
  assertEquals(events, ["started", "refused", "started"]);
});

Deno.test("a worker that is killed loses its chunks to others at once", async () => {
  await using setup = await setUp({ speeds: [20, 10] });
  const { clock, workers } = setup;
  const shard = watched(encodeOne(setup, 0));
  await clock.advance(100);
  workers[0]!.kill();
  await clock.advance(1_500);
  assertEquals(shard.value?.worker, "w2:1");
  await clock.advance(20_000);
  assertEquals(setup.fleet.workers()[0]!.state, "unhealthy");
});

Deno.test("a frozen worker is given up once health checks say so, and its late answer is ignored", async () => {
  await using setup = await setUp({ speeds: [20, 10] });
  const { clock, workers } = setup;
  const accepted: string[] = [];
  const accept = (shard: ShardRef) => {
    accepted.push(`${shard.worker} ${shard.attempt}`);
    return Promise.resolve(shard);
  };
  const events: TaskEvent[] = [];
  const shard = watched(encodeOne(setup, 0, { accept, onEvent: (event) => events.push(event), frames: 100 }));
  await clock.advance(1_000);
  workers[0]!.isFrozen = true;
  await clock.advance(30_000);
  assertEquals(shard.value?.worker, "w2:1");
  const lost = events.find(({ kind }) => kind === "failed");
  assert(lost?.kind === "failed" && lost.reason.includes("no answer within 3 s"), JSON.stringify(lost));
  workers[0]!.thaw();
  await clock.advance(30_000);
  assertEquals(accepted, ["w2:1 2"]);
  assertEquals(setup.fleet.workers()[0]!.state, "healthy");
});

Deno.test("a worker that drains finishes what it has, and gets no more", async () => {
  await using setup = await setUp({ speeds: [20, 10] });
  const { clock, workers } = setup;
  const first = watched(encodeOne(setup, 0, { frames: 1000 }));
  await clock.advance(1_000);
  workers[0]!.isHealthy = false;
  await clock.advance(6_000);
  workers[0]!.isFrozen = true; // for one check, at 10 s
  await clock.advance(7_000);
  workers[0]!.thaw();
  const second = watched(encodeOne(setup, 1));
  await clock.advance(50_000);
  assertEquals([first.value?.worker, second.value?.worker], ["w1:1", "w2:1"]);
  assertEquals(setup.fleet.workers()[0]!.reason, "draining");
});

Deno.test("a slow chunk is run a second time by a worker with nothing to do; the first shard counts", async () => {
  await using setup = await setUp({ speeds: [10, 10] });
  const { clock, workers } = setup;
  for (let index = 0; index < 4; index++) void encodeOne(setup, index);
  await clock.advance(2_000); // now it is known how long a chunk takes
  workers[0]!.isFrozen = true; // as if for the chunk alone: its health is asked every 5 s
  const events: TaskEvent[] = [];
  const shard = watched(encodeOne(setup, 9, { onEvent: (event) => events.push(event) }));
  await clock.advance(1_499);
  assertEquals(events.length, 1);
  await clock.advance(2_600);
  assertEquals(shard.value?.worker, "w2:1");
  assertEquals(events.map(({ kind, worker }) => [kind, worker]), [["started", "w1:1"], ["started", "w2:1"]]);
  assertEquals(events[1], { kind: "started", worker: "w2:1", attempt: 2, isHedge: true });
});

Deno.test("a chunk whose shard does not come is run a second time, which is not kept waiting by the first", async () => {
  await using setup = await setUp({ speeds: [10, 10] });
  const { clock } = setup;
  for (let index = 0; index < 4; index++) void encodeOne(setup, index);
  await clock.advance(2_000); // a chunk takes a second
  const events: TaskEvent[] = [];
  const accept = async (shard: ShardRef, signal: AbortSignal) => {
    if (shard.worker === "w1:1") await once(signal, "abort");
    signal.throwIfAborted();
    return shard;
  };
  const shard = watched(encodeOne(setup, 9, { accept, onEvent: (event) => events.push(event) }));
  await clock.advance(2_400); // a second for the encode, and more than another for the shard
  assertEquals(events.map(({ kind, worker }) => [kind, worker]), [["started", "w1:1"]]);
  await clock.advance(3_000);
  assertEquals(events[1], { kind: "started", worker: "w2:1", attempt: 2, isHedge: true });
  assertEquals([shard.state, shard.value?.worker], ["done", "w2:1"]);
});

Deno.test("a worker whose chunk another one did gets no more, nor is it waited for, until it answers", async () => {
  await using setup = await setUp({ speeds: [10, 10] });
  const { clock, fleet, workers, signal } = setup;
  for (let index = 0; index < 4; index++) void encodeOne(setup, index);
  await clock.advance(2_000);
  workers[0]!.isFrozen = true;
  const first = watched(encodeOne(setup, 9));
  await clock.advance(4_100);
  assertEquals([first.value?.worker, fleet.workers()[0]!.state], ["w2:1", "healthy"]);
  const started: string[] = [];
  const onEvent = (event: TaskEvent) => void (event.kind === "started" && started.push(event.worker));
  const more = [10, 11].map((index) => watched(encodeOne(setup, index, { onEvent })));
  const forgotten = watched(fleet.forget("another job", { signal }));
  await clock.advance(2_000);
  assertEquals([started, more.map(({ state }) => state)], [["w2:1", "w2:1"], ["done", "done"]]);
  assertEquals(forgotten.state, "done");

  workers[0]!.thaw();
  await clock.advance(10_000);
  const last = [12, 13].map((index) => watched(encodeOne(setup, index)));
  await clock.advance(2_000);
  assertEquals(last.map(({ value }) => value?.worker).sort(), ["w1:1", "w2:1"]);
});

Deno.test("the loser of a race is told to stop, and only one of two shards is accepted", async () => {
  await using setup = await setUp({ speeds: [1, 10] });
  const { clock, workers } = setup;
  const accepted: string[] = [];
  const accept = (shard: ShardRef) => {
    accepted.push(shard.worker);
    return Promise.resolve(shard);
  };
  const shards = [0, 1].map((index) => watched(encodeOne(setup, index, { accept })));
  await clock.advance(10_000);
  assertEquals(shards.map(({ value }) => value?.worker), ["w2:1", "w2:1"]);
  assertEquals(accepted, ["w2:1", "w2:1"]);
  assertEquals(workers[0]!.cancelled, [1]);
});

Deno.test("no chunk is run a second time where its worker is as fast as the others, or hedging is off", async () => {
  for (const [speeds, hedging] of [[[10, 10], true], [[1, 10], false]] as const) {
    await using setup = await setUp({ speeds, hedging });
    const { clock, workers } = setup;
    const shards = [0, 1, 2].map((index) => watched(encodeOne(setup, index)));
    await clock.advance(20_000);
    assert(shards.every(({ state }) => state === "done"));
    assertEquals(workers.flatMap(({ received }) => received).length, 3);
  }
});

Deno.test("of two that race, one shard at a time is looked at, and none once one was accepted", async () => {
  await using setup = await setUp({ speeds: [5, 20], listed: 1 });
  const { fleet, clock, workers } = setup;
  let accepting = 0;
  let most = 0;
  const begun: string[] = [];
  const accept = async (shard: ShardRef, signal: AbortSignal) => {
    begun.push(shard.worker);
    most = Math.max(most, ++accepting);
    await clock.sleep(30_000, signal).finally(() => accepting--);
    return shard;
  };
  const shard = watched(encodeOne(setup, 0, { accept, frames: 100 }));
  await clock.advance(1_000);
  fleet.register("w2:1");
  await clock.advance(60_000);
  assertEquals(shard.value?.worker, "w2:1");
  assertEquals(workers.map(({ received }) => received), [[0], [0]]); // and both were done with it
  assertEquals(workers.map(({ cancelled }) => cancelled), [[], []]);
  assertEquals([begun, most], [["w2:1"], 1]);
});

Deno.test("a worker whose shards are not accepted is set aside, not the job; a restart ends that", async () => {
  await using setup = await setUp({ speeds: [40, 10] });
  const { fleet, clock, workers } = setup;
  const accept = (shard: ShardRef) =>
    shard.worker === "w1:1" && shard.workerId === "first life"
      ? Promise.reject(new Error("rubbish"))
      : Promise.resolve(shard);
  const shards = Array.from({ length: 12 }, (_, index) => watched(encodeOne(setup, index, { accept })));
  await clock.advance(60_000);
  assert(shards.every(({ state }) => state === "done"));
  assertEquals(fleet.workers().map(({ state, reason }) => [state, reason]), [
    ["set-aside", "Error: rubbish"],
    ["healthy", ""],
  ]);
  assert(workers[0]!.received.length < 8, `${workers[0]!.received.length} chunks went to it`);
  workers[0]!.restart();
  workers[0]!.build = "libav/libx264 9.0";
  await clock.advance(6_000);
  assertEquals(fleet.workers().map(({ state, builds }) => [state, builds.h264]), [
    ["healthy", "libav/libx264 9.0"],
    ["healthy", BUILD],
  ]);
  const later = watched(encodeOne(setup, 20, { accept }));
  await clock.advance(10_000);
  assertEquals(later.state, "done");
});

Deno.test("a worker that was set aside and then said itself that it could not is tried again once it can", async () => {
  await using setup = await setUp({ speeds: [40, 10] });
  const { fleet, clock, workers } = setup;
  workers[0]!.refuse = () => ({ kind: "failed", reason: "no space left" });
  for (let index = 0; index < 8; index++) void encodeOne(setup, index);
  await clock.advance(60_000);
  assertEquals(fleet.workers()[0]!.state, "set-aside");
  workers[0]!.refuse = undefined;
  workers[0]!.isHealthy = false;
  await clock.advance(6_000);
  workers[0]!.isHealthy = true;
  await clock.advance(6_000);
  assertEquals(fleet.workers()[0]!.state, "healthy");
});

Deno.test("where there are workers, but none of a job's build, it is told which there are", async () => {
  await using setup = await setUp({ giveUpMs: 30_000 });
  const { fleet, clock, signal } = setup;
  const place = watched(fleet.place({ jobId: "old", priority: 0, build: "libav/libx264 7.0", signal }));
  await clock.advance(31_000);
  assert(place.error instanceof WorkersLostError);
  assertEquals(place.error.message, `No worker for libav/libx264 7.0 in 30 s: w1:1 is healthy (${BUILD})`);
});

Deno.test("where all workers are lost, a job waits and goes on when one returns", async () => {
  await using setup = await setUp({ speeds: [10, 10] });
  const { clock, workers } = setup;
  const shards = [0, 1, 2].map((index) => watched(encodeOne(setup, index, { frames: 100 })));
  await clock.advance(1_000);
  for (const worker of workers) worker.kill();
  await clock.advance(300_000);
  assertEquals(shards.map(({ state }) => state), ["waits", "waits", "waits"]);
  workers[1]!.restart();
  await clock.advance(60_000);
  assertEquals(shards.map(({ value }) => value?.worker), ["w2:1", "w2:1", "w2:1"]);
});

Deno.test("where no worker returns, every wait fails after giveUpMs, saying how each worker is", async () => {
  await using setup = await setUp({ giveUpMs: 30_000 });
  const { fleet, clock, workers, signal } = setup;
  const running = watched(encodeOne(setup, 0, { frames: 1000 }));
  const waiting = watched(encodeOne(setup, 1));
  const building = watched(fleet.chooseBuild({ ...DEFAULT_SETTINGS, codec: "hevc" }, { signal }));
  await clock.advance(1_000);
  workers[0]!.kill();
  await clock.advance(29_000);
  assertEquals([running.state, waiting.state], ["waits", "waits"]);
  await clock.advance(10_000);
  assert(running.error instanceof WorkersLostError);
  assert(waiting.error instanceof WorkersLostError);
  assertEquals(waiting.error.message, `No worker for ${BUILD} in 30 s: w1:1 is unhealthy (no connection)`);
  assertEquals(building.state, "failed");
});

Deno.test("a chunk that takes its worker down every time is poison in the end", async () => {
  await using setup = await setUp();
  const { clock, workers } = setup;
  const [worker] = workers;
  worker!.refuse = () => ({ kind: "lost", reason: "connection reset" });
  const poison = watched(encodeOne(setup, 0));
  await clock.advance(300_000);
  assert(poison.error instanceof PoisonChunkError);
  assertEquals(worker!.received.length, 6);
});

Deno.test("workers that are gone before the chunk got there are no failures of it", async () => {
  await using setup = await setUp({ speeds: [10, 10, 10, 10] });
  const { clock, workers } = setup;
  for (const worker of workers) worker.isDown = true; // nobody has noticed
  const shard = watched(encodeOne(setup, 0));
  await clock.advance(60_000);
  assertEquals(shard.state, "waits");
  workers[3]!.restart();
  await clock.advance(60_000);
  assertEquals([shard.value?.worker, shard.value?.attempt], ["w4:1", 5]);
});

Deno.test("a worker that registers late gets work; one that registers again is left as it is", async () => {
  await using setup = await setUp({ speeds: [10, 10], listed: 1 });
  const { fleet, clock, workers } = setup;
  const shards = Array.from({ length: 6 }, (_, index) => watched(encodeOne(setup, index)));
  await clock.advance(500);
  assertEquals(fleet.workers().map(({ address }) => address), ["w1:1"]);
  fleet.register("w2:1");
  fleet.register("w2:1");
  await clock.advance(3_000);
  fleet.register("w2:1");
  assertEquals(workers.map(({ received }) => received.length), [3, 3]);
  await clock.advance(3_000);
  assert(shards.every(({ state }) => state === "done"));
  assertThrows(() => fleet.register("no port"), RangeError, "host:port");
});

Deno.test("no worker can register by an address that fills the page or steers a terminal", async () => {
  await using setup = await setUp({ speeds: [10] });
  const { fleet } = setup;
  const before = fleet.workers().length;
  for (const address of [`${"h".repeat(60_000)}:1`, "a:99999", "a:0", "a,b:1", "\x1b[2J:1", "\u202Eabc:1"]) {
    const { message } = assertThrows(() => fleet.register(address), RangeError, "it must be host:port");
    assert(message.length < 400, message);
  }
  assertEquals(fleet.workers().length, before);
});

Deno.test("a fleet with an address that is none is not made, and leaves nothing behind", async () => {
  const clock = new FakeClock();
  const worker = new FakeWorker("w1:1", { clock });
  const make = () => createWorkerFleet({ workers: ["w1:1", "w2"], connect: () => worker.port(), clock });
  assertThrows(make, RangeError, 'Cannot add worker "w2": it must be host:port');
  await settled();
  assertEquals([worker.isClosed, clock.sleeping], [true, 0]);
});

Deno.test("a worker that comes back and registers is asked at once", async () => {
  await using setup = await setUp({ speeds: [10] });
  const { fleet, clock, workers } = setup;
  workers[0]!.kill();
  await clock.advance(31_000);
  assertEquals(fleet.workers()[0]!.state, "unhealthy");
  workers[0]!.restart();
  fleet.register("w1:1");
  await settled();
  assertEquals(fleet.workers()[0]!.state, "healthy");
});

Deno.test("a worker that registered and has gone for long is forgotten; a listed one stays", async () => {
  await using setup = await setUp({ speeds: [10, 10], listed: 1 });
  const { fleet, clock, workers } = setup;
  fleet.register("w2:1");
  await clock.advance(1_000);
  for (const worker of workers) worker.kill();
  await clock.advance(660_000);
  assertEquals(fleet.workers().map(({ address }) => address), ["w1:1"]);
  assert(workers[1]!.isClosed);
});

Deno.test("places go to the job of the highest priority, and in turn to jobs of the same", async () => {
  await using setup = await setUp();
  const { clock } = setup;
  const order: string[] = [];
  const ask = (jobId: string, priority: number) => {
    const accept = (shard: ShardRef) => {
      order.push(jobId);
      return Promise.resolve(shard);
    };
    return encodeOne(setup, 0, { jobId, priority, accept });
  };
  void ask("first", 0);
  await clock.advance(100);
  for (let index = 0; index < 4; index++) void ask("many", 0);
  for (let index = 0; index < 2; index++) void ask("few", 0);
  void ask("urgent", 1);
  await clock.advance(60_000);
  assertEquals(order, ["first", "urgent", "many", "few", "many", "few", "many", "many"]);
});

Deno.test("a job that was done and comes again has had no turn", async () => {
  await using setup = await setUp();
  const { clock } = setup;
  void encodeOne(setup, 0, { jobId: "again" });
  await clock.advance(2_000);
  const order: string[] = [];
  void encodeOne(setup, 1, { jobId: "now" });
  await clock.advance(100);
  for (const jobId of ["again", "new"]) {
    void encodeOne(setup, 2, { jobId, accept: (shard) => Promise.resolve((order.push(jobId), shard)) });
  }
  await clock.advance(5_000);
  assertEquals(order, ["again", "new"]);
});

Deno.test("workers of speed 1, 2 and 4 share the work in proportion, in about the ideal time", async () => {
  await using setup = await setUp({ speeds: [1, 2, 4] });
  const { clock, workers } = setup;
  const chunks = 140;
  const frames = 8; // 8, 4 and 2 seconds
  const done = Array.from({ length: chunks }, () => 0);
  const all = Array.from({ length: chunks }, async (_, index) => {
    const { worker } = await encodeOne(setup, index, { frames });
    done[index] = Number(worker[1]);
  });
  const finished = watched(Promise.all(all));
  let endMs = 0;
  while (finished.state === "waits") {
    await clock.advance(100);
    endMs = clock.monotonicMs();
    assert(endMs < 1_000_000);
  }
  assertEquals(finished.state, "done");
  const idealMs = 1000 * chunks * frames / 7;
  assert(endMs <= idealMs * 1.1, `${endMs} ms, ideally ${idealMs} ms`);
  const shares = [1, 2, 3].map((worker) => done.filter((by) => by === worker).length / chunks);
  for (const [index, speed] of [1, 2, 4].entries()) {
    const ideal = speed / 7;
    assert(
      Math.abs(shares[index]! - ideal) <= 0.15 * ideal,
      `worker ${index + 1} did ${shares[index]}, ideally ${ideal}`,
    );
  }
  assert(workers.every(({ mostRunning }) => mostRunning === 1));
});

Deno.test("chooseBuild() gives the build of most workers, once they have tried the codec", async () => {
  await using setup = await setUp({ speeds: [10, 10, 10], codecs: [] });
  const { fleet, clock, workers, signal } = setup;
  workers[0]!.build = "ffmpeg/libx264 5.1";
  workers[2]!.isTrying = true;
  const build = watched(fleet.chooseBuild(DEFAULT_SETTINGS, { signal }));
  await clock.advance(2_000);
  assertEquals(build.state, "waits");
  workers[2]!.isTrying = false;
  await clock.advance(2_000);
  assertEquals(build.value, BUILD);
  assertEquals(fleet.workers().map(({ builds }) => builds.h264), ["ffmpeg/libx264 5.1", BUILD, BUILD]);
});

Deno.test("chooseBuild() waits for workers that have just been added, too", async () => {
  await using setup = await setUp({ speeds: [10, 10, 10], codecs: [], listed: 0 });
  const { fleet, clock, workers, signal } = setup;
  workers[0]!.build = "ffmpeg/libx264 5.1";
  for (const worker of workers.slice(1)) worker.isFrozen = true;
  for (const { address } of workers) fleet.register(address);
  const build = watched(fleet.chooseBuild(DEFAULT_SETTINGS, { signal }));
  await clock.advance(1_000);
  assertEquals(build.state, "waits");
  for (const worker of workers.slice(1)) worker.thaw();
  await clock.advance(1_000);
  assertEquals(build.value, BUILD);
});

Deno.test("chooseBuild() does not wait for ever for a worker that tries on and on", async () => {
  await using setup = await setUp({ speeds: [10, 10], codecs: [] });
  const { fleet, clock, workers, signal } = setup;
  workers[0]!.isTrying = true;
  const build = watched(fleet.chooseBuild(DEFAULT_SETTINGS, { signal }));
  await clock.advance(11_000);
  assertEquals(build.value, BUILD);
});

/** None of these two takes its calls. */
async function setUpRefused(options: SetupOptions = {}): Promise<Setup> {
  const setup = await setUp({ speeds: [10, 10], codecs: [], isClosed: true, ...options });
  for (const worker of setup.workers) worker.refusal = "UNAUTHENTICATED: no token";
  return setup;
}

Deno.test("where all workers refuse and no other is to come, chooseBuild() and place() give up at once", async () => {
  await using setup = await setUpRefused();
  const { fleet, clock, workers, signal } = setup;
  await clock.advance(5_000);
  workers[1]!.refusal = "";
  await clock.advance(5_000);
  const place = watched(fleet.place({ jobId: "job", priority: 0, build: "another", signal }));
  const build = watched(fleet.chooseBuild({ ...DEFAULT_SETTINGS, codec: "av1" }, { signal }));
  await settled();
  workers[1]!.isDown = true; // it may come back
  await clock.advance(20_000);
  assertEquals([place.state, fleet.workers().map(({ state }) => state)], ["waits", [
    "unhealthy",
    "unhealthy",
  ]]);
  workers[1]!.isDown = false;
  workers[1]!.refusal = "UNIMPLEMENTED: unknown";
  const again = watched(fleet.chooseBuild(DEFAULT_SETTINGS, { signal }));
  await clock.advance(5_000);
  for (const { error } of [place, again]) {
    assert(error instanceof WorkersLostError, String(error));
    assertStringIncludes(
      error.message,
      ": w1:1 refuses (UNAUTHENTICATED: no token); w2:1 refuses (UNIMPLEMENTED: unknown)",
    );
    assert(!/ in \d+ s:/.test(error.message), error.message);
  }
  assert(build.state !== "waits");
});

Deno.test("where all workers refuse but others may register, chooseBuild() waits for those", async () => {
  await using setup = await setUpRefused({ isClosed: false });
  const { fleet, clock, signal } = setup;
  await clock.advance(10_000);
  const build = watched(fleet.chooseBuild(DEFAULT_SETTINGS, { signal }));
  await clock.advance(60_000);
  assertEquals(build.state, "waits");
});

Deno.test("onChange() tells of a worker that goes and comes back, until it is disposed of", async () => {
  await using setup = await setUp();
  const { fleet, clock, workers } = setup;
  const states: string[] = [];
  const watch = fleet.onChange(() => void states.push(fleet.workers()[0]!.state));
  workers[0]!.isDown = true;
  await clock.advance(10_000);
  assertEquals(states.at(-1), "unhealthy");
  workers[0]!.isDown = false;
  await clock.advance(5_000);
  assertEquals(states.at(-1), "healthy");
  watch[Symbol.dispose]();
  const { length } = states;
  await clock.advance(10_000);
  assertEquals(states.length, length);
});

Deno.test("chooseBuild() waits for a worker whose try may end better a minute later", async () => {
  await using setup = await setUp({ codecs: [] });
  const { fleet, clock, workers, signal } = setup;
  workers[0]!.passingProblem = "killed by SIGKILL; it will be tried again";
  const build = watched(fleet.chooseBuild(DEFAULT_SETTINGS, { signal }));
  await clock.advance(60_000);
  assertEquals([build.state, fleet.workers()[0]!.reason], ["waits", workers[0]!.passingProblem]);
  workers[0]!.passingProblem = "";
  await clock.advance(2_000);
  assertEquals(build.value, BUILD);
});

Deno.test("a worker whose try did not pass at first gets its share once it has, and others do not wait for it", async () => {
  await using setup = await setUp({ speeds: [10, 10], codecs: [] });
  const { fleet, clock, workers, signal } = setup;
  workers[0]!.passingProblem = "not done after 30 s; it will be tried again";
  const build = watched(fleet.chooseBuild(DEFAULT_SETTINGS, { signal }));
  await clock.advance(2_000);
  assertEquals(build.value, BUILD);
  await ended(setup, encodeOne(setup, 0));
  workers[0]!.passingProblem = "";
  await clock.advance(10_000);
  await ended(setup, Promise.all([1, 2].map((index) => encodeOne(setup, index))));
  assertEquals(workers.map(({ received }) => received.length).sort(), [1, 2]);
});

Deno.test("chooseBuild() gives up on a worker whose tries never pass, and says what it said", async () => {
  await using setup = await setUp({ codecs: [], giveUpMs: 90_000 });
  const { fleet, clock, workers, signal } = setup;
  workers[0]!.passingProblem = "killed by SIGKILL; it will be tried again";
  const build = watched(fleet.chooseBuild(DEFAULT_SETTINGS, { signal }));
  await clock.advance(100_000);
  assert(build.error instanceof WorkersLostError, String(build.error));
  assert(build.error.message.includes("killed by SIGKILL"), build.error.message);
});

Deno.test("chooseBuild() says what is wrong where every worker has answered and none can", async () => {
  await using setup = await setUp({ speeds: [10, 10], codecs: [] });
  const { fleet, clock, signal } = setup;
  const hevc = watched(fleet.chooseBuild({ ...DEFAULT_SETTINGS, codec: "hevc" }, { signal }));
  const deep = watched(fleet.chooseBuild({ ...DEFAULT_SETTINGS, pixelFormat: "yuv420p10" }, { signal }));
  await clock.advance(5_000);
  assert(hevc.error instanceof UnsupportedError);
  assertEquals(
    hevc.error.message,
    "No worker can encode hevc so: w1:1: it encodes no hevc; w2:1: it encodes no hevc",
  );
  assert(deep.error instanceof UnsupportedError);
  assert(deep.error.message.includes(`${BUILD}, takes no yuv420p10 but source, yuv420p`), deep.error.message);
});

Deno.test("a job's places go only to workers of its build", async () => {
  await using setup = await setUp({ speeds: [40, 10], codecs: [] });
  const { clock, workers } = setup;
  workers[0]!.build = "ffmpeg/libx264 5.1";
  const shards = [0, 1, 2].map((index) => watched(encodeOne(setup, index)));
  await clock.advance(10_000);
  assertEquals(shards.map(({ value }) => value?.worker), ["w2:1", "w2:1", "w2:1"]);
});

Deno.test("open() gives a shard's bytes, of a worker that is no longer known too", async () => {
  await using setup = await setUp({ speeds: [10, 10], listed: 1 });
  const { fleet, signal, workers } = setup;
  const shard = { ...await ended(setup, encodeOne(setup, 0)) };
  for (const worker of ["w1:1", "w2:1"]) {
    const bytes = await fleet.open({ ...shard, worker }, { signal });
    assertEquals(await new Response(bytes).text(), "w1:1/0");
  }
  assertEquals(workers.map(({ isClosed }) => isClosed), [false, true]);
});

Deno.test("forget() removes the job's shards wherever they can be reached", async () => {
  await using setup = await setUp({ speeds: [10, 10, 10] });
  const { fleet, clock, signal, workers } = setup;
  workers[0]!.isFrozen = true;
  await clock.advance(20_000);
  workers[1]!.isDown = true; // not noticed yet
  await fleet.forget("job", { signal });
  assertEquals(workers.map(({ deleted }) => deleted), [[], [], ["job"]]);
  workers[0]!.thaw();
  await assertRejects(
    () => fleet.forget("job", { signal: AbortSignal.abort(new Error("stopped")) }),
    Error,
    "stopped",
  );
});

Deno.test("forget() says who has removed the shards, of all or of those that are asked", async () => {
  await using setup = await setUp({ speeds: [10, 10, 10] });
  const { fleet, signal, workers } = setup;
  workers[1]!.isDown = true; // not noticed yet
  assertEquals((await fleet.forget("a", { signal })).toSorted(), ["w1:1", "w3:1"]);
  assertEquals(await fleet.forget("b", { signal, workers: ["w3:1", "w9:1"] }), ["w3:1"]);
  assertEquals(workers.map(({ deleted }) => deleted), [["a"], [], ["a", "b"]]);
});

Deno.test("who listens to a fleet is told of each worker that answers, first and again", async () => {
  await using setup = await setUp({ speeds: [10, 10], listed: 1 });
  const { fleet, clock, signal, workers: [first, second] } = setup;
  const told: string[] = [];
  const listening = fleet.onAnswer((worker) => told.push(worker));
  const news = () => told.splice(0);
  fleet.register("w2:1");
  await settled();
  assertEquals(news(), ["w2:1"]);
  await clock.advance(20_000);
  assertEquals(news(), []);

  first!.isDown = true;
  await clock.advance(20_000);
  first!.isDown = false;
  await clock.advance(5_000);
  assertEquals(news(), ["w1:1"], "it was away");

  second!.restart();
  await clock.advance(5_000);
  assertEquals(news(), ["w2:1"], "it is another process");

  first!.isDown = true;
  assertEquals(await fleet.forget("job", { signal, workers: ["w1:1"] }), []);
  first!.isDown = false;
  assertEquals(news(), []);
  await clock.advance(5_000);
  assertEquals(news(), ["w1:1"], "it did not hear, though no check has failed");

  listening[Symbol.dispose]();
  second!.restart();
  await clock.advance(5_000);
  assertEquals(news(), []);
});

Deno.test("abort ends a wait for a place and an encode, with the reason, and frees the worker", async () => {
  await using setup = await setUp();
  const { fleet, clock, abort, workers } = setup;
  const running = watched(encodeOne(setup, 0, { frames: 1000 }));
  const waiting = watched(encodeOne(setup, 1));
  await clock.advance(1_000);
  const reason = new Error("the job was cancelled");
  abort.abort(reason);
  await settled();
  assertEquals([running.error, waiting.error], [reason, reason]);
  assertEquals(workers[0]!.cancelled, [0]);
  assertEquals(fleet.workers()[0]!.activeTasks, 0);
  const options = { jobId: "other", priority: 0, build: BUILD, signal: new AbortController().signal };
  using _place = await fleet.place(options);
});

Deno.test("a place request that is aborted just before, while or after it is granted leaves no place taken", async () => {
  await using setup = await setUp();
  const { fleet } = setup;
  for (let steps = 0; steps < 60; steps++) {
    const abort = new AbortController();
    const request = fleet.place({ jobId: "a", priority: 0, build: BUILD, signal: abort.signal });
    request.then((place) => place[Symbol.dispose](), () => {});
    for (let step = 0; step < steps; step++) await Promise.resolve();
    abort.abort(new Error("no longer"));
    await settled();
    using _place = await fleet.place({ jobId: "b", priority: 0, build: BUILD, signal: setup.signal });
  }
});

Deno.test("disposing of the fleet ends all that waits and runs; nothing is left", async () => {
  const setup = await setUp({ speeds: [10, 10] });
  const { fleet, clock, workers, signal } = setup;
  const running = [0, 1, 2, 3].map((index) => watched(encodeOne(setup, index, { frames: 1000 })));
  const building = watched(fleet.chooseBuild({ ...DEFAULT_SETTINGS, codec: "av1" }, { signal }));
  await clock.advance(1);
  workers[1]!.isFrozen = true;
  await fleet[Symbol.asyncDispose]();
  await settled();
  assertEquals(running.map(({ error }) => (error as Error)?.message), Array(4).fill("The fleet is closed"));
  assertEquals(building.state, "failed");
  assert(workers.every(({ isClosed }) => isClosed));
  workers[1]!.thaw();
  await settled();
  assertEquals(clock.sleeping, 0);
});

Deno.test("disposing of the fleet waits until what it has called off has ended", async () => {
  const setup = await setUp();
  const { fleet, clock } = setup;
  const cleaned = Promise.withResolvers<void>();
  const accept = async (_: ShardRef, signal: AbortSignal): Promise<ShardRef> => {
    await clock.sleep(60_000, signal).catch(() => cleaned.promise);
    throw signal.reason;
  };
  const running = watched(encodeOne(setup, 0, { accept }));
  await clock.advance(2_000);
  const disposing = watched(fleet[Symbol.asyncDispose]());
  await settled();
  assertEquals([disposing.state, running.state], ["waits", "waits"]);
  cleaned.resolve();
  await settled();
  assertEquals([disposing.state, running.state], ["done", "failed"]);
});

Deno.test("nothing that a job's signal or the fleet holds grows with the chunks done", async () => {
  await using setup = await setUp({ speeds: [10, 10] });
  const { fleet, clock } = setup;
  const abort = new AbortController();
  const { signal } = abort;
  let listeners = 0;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
  for (let index = 0; index < 50; index++) {
    const shard = watched((async () => {
      using place: Place = await fleet.place({ jobId: "job", priority: 0, build: BUILD, signal });
      return await place.encode(chunkTask(index), new Uint8Array(), acceptAll);
    })());
    await clock.advance(2_000);
    assertEquals(shard.state, "done");
  }
  assertEquals(listeners, 0);
  assert(clock.sleeping <= 4, `${clock.sleeping} sleeps`);
});

Deno.test("a worker that is away for a moment is waited for before a chunk is poison", async () => {
  await using setup = await setUp({ speeds: [10, 10] });
  const { clock, workers } = setup;
  workers[0]!.refuse = () => ({ kind: "failed", reason: "rubbish" });
  workers[1]!.kill();
  const shard = watched(encodeOne(setup, 0));
  await clock.advance(2_000);
  assert(workers[0]!.received.length >= 2);
  workers[1]!.restart();
  await clock.advance(10_000);
  assertEquals([shard.error, shard.value?.worker], [undefined, "w2:1"]);
});

Deno.test("a worker that fails a health check is no less of a judge of a chunk", async () => {
  await using setup = await setUp({ speeds: [20, 10] });
  const { clock, workers } = setup;
  workers[0]!.refuse = () => ({ kind: "failed", reason: "rubbish" });
  workers[1]!.isFrozen = true;
  await clock.advance(8_500); // one check without an answer
  assertEquals(setup.fleet.workers()[1]!.state, "suspect");
  const shard = watched(encodeOne(setup, 0));
  await clock.advance(1_000);
  workers[1]!.thaw();
  await clock.advance(10_000);
  assertEquals([shard.error, shard.value?.worker], [undefined, "w2:1"]);
});

Deno.test("a worker that has been gone for giveUpMs saves no chunk, nor does one of another build", async () => {
  await using setup = await setUp({ speeds: [10, 10, 10], giveUpMs: 60_000 });
  const { clock, workers } = setup;
  workers[0]!.refuse = () => ({ kind: "failed", reason: "cannot decode" });
  workers[2]!.build = "libav/libx264 7.0";
  workers[2]!.restart();
  await clock.advance(6_000);
  workers[1]!.kill();
  await clock.advance(6_000);
  const patient = watched(encodeOne(setup, 0));
  await clock.advance(50_000);
  assertEquals(patient.state, "waits");
  await clock.advance(50_000);
  assert(patient.error instanceof PoisonChunkError);
  const attempts = workers[0]!.received.length;
  const next = watched(encodeOne(setup, 1));
  await clock.advance(70_000);
  assert(next.error instanceof PoisonChunkError);
  assertEquals(workers[0]!.received.length, attempts + 2);
  assertEquals(workers[2]!.received, []);
});

Deno.test("chunks whose workers are gone take no place from a job that has a worker of its own", async () => {
  await using setup = await setUp({ speeds: [10, 10, 10, 10, 10], listed: 4 });
  const { fleet, clock, workers } = setup;
  const stuck = [0, 1, 2, 3].map((index) => watched(encodeOne(setup, index, { jobId: "a", frames: 1000 })));
  await clock.advance(100);
  for (const worker of workers.slice(0, 4)) worker.kill();
  workers[4]!.build = "libav/libx264 7.0";
  fleet.register("w5:1");
  await clock.advance(20_000);
  const { signal } = setup;
  const places = [0, 1, 2].map(() =>
    watched(fleet.place({ jobId: "b", priority: 5, build: "libav/libx264 7.0", signal }))
  );
  await clock.advance(1_000);
  assertEquals(places.map(({ state }) => state), ["done", "waits", "waits"]);
  assertEquals(stuck.map(({ state }) => state), ["waits", "waits", "waits", "waits"]);
});

Deno.test("jobs of several builds hold no more chunks together than twice the places of the workers there", async () => {
  await using setup = await setUp({ speeds: [10], codecs: [] });
  const { fleet, clock, workers, signal } = setup;
  workers[0]!.hevcBuild = "libav/libx265 8.1";
  const fetched = Promise.withResolvers<void>();
  const accept = async (shard: ShardRef) => (await fetched.promise, shard);
  const first = [0, 1].map((index) => watched(encodeOne(setup, index, { accept })));
  const third = watched(encodeOne(setup, 2, { accept }));
  await clock.advance(10_000);
  assertEquals(workers[0]!.received, [0, 1]);
  const other = watched(fleet.place({ jobId: "b", priority: 5, build: "libav/libx265 8.1", signal }));
  await clock.advance(10_000);
  assertEquals(other.state, "waits");
  fetched.resolve();
  await clock.advance(1_000);
  assertEquals([other.state, third.state, ...first.map(({ state }) => state)], [
    "done",
    "waits",
    "done",
    "done",
  ]);
});

Deno.test("a job holds no more chunks than twice the places of its build's workers, though there are others", async () => {
  await using setup = await setUp({ speeds: [10, 10], codecs: [] });
  const { clock, workers } = setup;
  workers[1]!.build = "libav/libx264 7.0";
  const fetched = Promise.withResolvers<void>();
  const accept = async (shard: ShardRef) => (await fetched.promise, shard);
  const shards = [0, 1, 2].map((index) => watched(encodeOne(setup, index, { accept })));
  await clock.advance(10_000);
  assertEquals(workers[0]!.received, [0, 1]);
  fetched.resolve();
  await clock.advance(2_000);
  assertEquals(shards.map(({ state }) => state), ["done", "done", "done"]);
});

Deno.test("a worker that tells nothing of another codec is a judge of a chunk all the same", async () => {
  await using setup = await setUp({ giveUpMs: 5_000 });
  const { fleet, clock, workers, signal } = setup;
  workers[0]!.capabilityFault = { kind: "failed", reason: "INTERNAL: boom" };
  const hevc = watched(fleet.chooseBuild({ ...DEFAULT_SETTINGS, codec: "hevc" }, { signal }));
  await clock.advance(20_000);
  assert(hevc.error instanceof WorkersLostError);
  assertEquals(hevc.error.message, "No worker for hevc in 5 s: w1:1 is healthy (INTERNAL: boom)");
  workers[0]!.refuse = () => ({ kind: "failed", reason: "cannot decode" });
  const poison = watched(encodeOne(setup, 0));
  await clock.advance(5_000);
  assert(poison.error instanceof PoisonChunkError);
});

Deno.test("chooseBuild() gives up on a worker that is well but does not say what it can, with what it said", async () => {
  const log: string[] = [];
  const write = (message: string, fields: object = {}) =>
    void log.push(`${message} ${JSON.stringify(fields)}`);
  const logger = { info() {}, warn: write, error: write };
  await using setup = await setUp({ codecs: [], giveUpMs: 5_000, logger });
  const { fleet, clock, signal, workers } = setup;
  workers[0]!.capabilityFault = { kind: "failed", reason: "INTERNAL: boom" };
  const build = watched(fleet.chooseBuild(DEFAULT_SETTINGS, { signal }));
  await clock.advance(4_000);
  assertEquals(build.state, "waits");
  await clock.advance(2_000);
  assert(build.error instanceof WorkersLostError);
  assertEquals(build.error.message, "No worker for h264 in 5 s: w1:1 is healthy (INTERNAL: boom)");
  await clock.advance(20_000);
  assertEquals(log, ['Cannot learn what a worker can {"worker":"w1:1","reason":"INTERNAL: boom"}']);
  workers[0]!.capabilityFault = undefined;
  await clock.advance(6_000);
  assertEquals(fleet.workers()[0]!.reason, "");
  assertEquals(await fleet.chooseBuild(DEFAULT_SETTINGS, { signal }), BUILD);
});

Deno.test("chooseBuild() gives up on a worker that comes and goes, but lets one try its codecs", async () => {
  await using setup = await setUp({ codecs: [], giveUpMs: 20_000 });
  const { fleet, clock, signal, workers } = setup;
  workers[0]!.capabilityFault = { kind: "lost", reason: "connection reset" };
  const flapping = watched(fleet.chooseBuild(DEFAULT_SETTINGS, { signal }));
  await clock.advance(30_000);
  assert(flapping.error instanceof WorkersLostError);
  workers[0]!.capabilityFault = undefined;
  workers[0]!.isTrying = true;
  await clock.advance(10_000);
  const trying = watched(fleet.chooseBuild(DEFAULT_SETTINGS, { signal }));
  await clock.advance(60_000);
  assertEquals(trying.state, "waits");
  await clock.advance(90_000);
  assert(trying.error instanceof WorkersLostError);
});

Deno.test("chunks that a draining worker refuses cost it nothing of what it has, and are no losses", async () => {
  await using setup = await setUp({ speeds: [40], maxTasks: 4 });
  const { clock, fleet, workers } = setup;
  const events: string[] = [];
  const onEvent = ({ kind, worker }: TaskEvent) => void events.push(`${kind} ${worker}`);
  const long = [0, 1].map((index) => watched(encodeOne(setup, index, { frames: 400, onEvent })));
  await clock.advance(1_000);
  workers[0]!.isHealthy = false;
  workers[0]!.refuse = () => ({ kind: "draining", reason: "UNAVAILABLE: Worker is draining" });
  const refused = [2, 3].map((index) => watched(encodeOne(setup, index)));
  await clock.advance(0);
  assertEquals(fleet.workers()[0]!.reason, "draining");
  await clock.advance(10_000);
  assertEquals(events, ["started w1:1", "started w1:1"]);
  assertEquals(long.map(({ value }) => value?.attempt), [1, 1]);
  assertEquals(workers[0]!.received, [0, 1, 2, 3]);
  assertEquals(refused.map(({ state }) => state), ["waits", "waits"]);
});

Deno.test("a chunk may be refused by any number of workers that drain", async () => {
  await using setup = await setUp({ speeds: Array(9).fill(10) });
  const { clock, workers } = setup;
  for (const worker of workers.slice(0, 8)) {
    worker.isHealthy = false;
    worker.refuse = () => ({ kind: "draining", reason: "UNAVAILABLE: Worker is draining" });
  }
  const shard = watched(encodeOne(setup, 0));
  await clock.advance(20_000);
  assertEquals([shard.value?.worker, shard.value?.attempt], ["w9:1", 9]);
});

Deno.test("a worker that says it drains, though its health does not, is not asked without a pause", async () => {
  await using setup = await setUp();
  const { clock, workers } = setup;
  workers[0]!.refuse = () => ({ kind: "draining", reason: "UNAVAILABLE: Worker is draining" });
  const shard = watched(encodeOne(setup, 0));
  await clock.advance(60_000);
  assertEquals(shard.state, "waits");
  assert(workers[0]!.received.length < 10, `${workers[0]!.received.length} times`);
});

Deno.test("calls that fail together count as one failed check", async () => {
  await using setup = await setUp({ speeds: [40], maxTasks: 4 });
  const { clock, workers } = setup;
  const events: string[] = [];
  const onEvent = ({ kind, worker }: TaskEvent) => void events.push(`${kind} ${worker}`);
  const long = watched(encodeOne(setup, 0, { frames: 400, onEvent }));
  await clock.advance(1_000);
  workers[0]!.refuse = () => ({ kind: "lost", reason: "connection reset" });
  const lost = [1, 2, 3].map((index) => watched(encodeOne(setup, index)));
  await clock.advance(0);
  assertEquals(setup.fleet.workers()[0]!.state, "healthy");
  workers[0]!.refuse = undefined;
  await clock.advance(30_000);
  assertEquals([long.value?.attempt, ...lost.map(({ state }) => state)], [1, "done", "done", "done"]);
  assertEquals(events, ["started w1:1"]);
});

Deno.test("a call that fails after a check counts again, whatever failed before the check", async () => {
  await using setup = await setUp();
  const { clock, fleet, workers } = setup;
  workers[0]!.refuse = () => ({ kind: "lost", reason: "connection reset" });
  void watched(encodeOne(setup, 0, { frames: 1_000 }));
  await clock.advance(0);
  workers[0]!.refuse = undefined;
  await clock.advance(6_000);
  assertEquals([workers[0]!.received, fleet.workers()[0]!.state], [[0, 0], "healthy"]);
  workers[0]!.kill();
  await clock.advance(0);
  assertEquals(fleet.workers()[0]!.state, "unhealthy"); // the call and the check after it
});

Deno.test("who is told of a second run and throws ends the chunk, with what was thrown", async () => {
  await using setup = await setUp({ speeds: [1, 10] });
  const { clock, fleet, workers } = setup;
  watched(encodeOne(setup, 0)); // takes the quick one for a second
  const onEvent = (event: TaskEvent) => {
    if (event.kind === "started" && event.isHedge) throw new Error("nobody listens");
  };
  const shard = watched(encodeOne(setup, 1, { onEvent, frames: 100 }));
  await clock.advance(5_000);
  assertEquals((shard.error as Error | undefined)?.message, "nobody listens");
  assertEquals(workers.map(({ cancelled }) => cancelled), [[1], []]);
  assertEquals(fleet.workers().map(({ state, activeTasks }) => [state, activeTasks]), [
    ["healthy", 0],
    ["healthy", 0],
  ]);
});

Deno.test("a chunk that failed once waits for another worker, but not for ever for one that is always busy", async () => {
  await using setup = await setUp({ speeds: [20, 10] });
  const { clock, workers } = setup;
  let failures = 0;
  workers[0]!.refuse = () => ++failures > 1 ? undefined : { kind: "failed", reason: "a hiccup" };
  workers[1]!.refuse = () => ({ kind: "busy", waitMs: 1_000, reason: "full" });
  const shard = watched(encodeOne(setup, 0));
  await clock.advance(50_000);
  assertEquals([workers[0]!.received, shard.state], [[0], "waits"]);
  await clock.advance(15_000);
  assertEquals([workers[0]!.received, shard.value?.worker], [[0, 0], "w1:1"]);
});

Deno.test("a chunk that failed once does not wait for ever for a worker whose places are taken", async () => {
  await using setup = await setUp({ speeds: [10, 1], hedging: false });
  const { clock, workers } = setup;
  watched(encodeOne(setup, 8, { frames: 1 })); // takes the quick one
  watched(encodeOne(setup, 9, { frames: 1_000 }));
  await clock.advance(1_000);
  assertEquals(workers[1]!.received, [9]);
  let failures = 0;
  workers[0]!.refuse = () => ++failures > 1 ? undefined : { kind: "failed", reason: "a hiccup" };
  const shard = watched(encodeOne(setup, 0));
  await clock.advance(59_900);
  assertEquals(workers[0]!.received, [8, 0]);
  await clock.advance(1_200);
  assertEquals(shard.value?.worker, "w1:1");
});

/** Lets time pass until it is done. */
Deno.test("a place at a worker that has come to rest since is exchanged for one at another", async () => {
  await using setup = await setUp({ speeds: [40, 10], maxTasks: 2 });
  const { fleet, signal, workers: [fast, slow] } = setup;
  using place = await fleet.place({ jobId: "job", priority: 0, build: BUILD, signal });
  fast!.refuse = () => ({ kind: "busy", waitMs: 5_000, reason: "full" });
  void encodeOne(setup, 0);
  await settled();
  const chunk = place.encode(chunkTask(1), new Uint8Array(), acceptAll);
  await settled();
  assertEquals([fast!.received, slow!.received.includes(1)], [[0], true]);
  assertEquals((await ended(setup, chunk)).worker, slow!.address);
});

Deno.test("a clock that is set back keeps no worker resting, and no chunk waiting, for longer", async () => {
  await using setup = await setUp();
  const { clock, workers } = setup;
  for (const kind of ["busy", "failed"] as const) {
    let isFirst = true;
    workers[0]!.refuse = () => {
      if (!isFirst) return undefined;
      isFirst = false;
      return kind === "busy" ? { kind, waitMs: 250, reason: "full" } : { kind, reason: "no memory" };
    };
    const chunk = watched(encodeOne(setup, 0));
    await settled();
    assertEquals([kind, isFirst, chunk.state], [kind, false, "waits"]);
    clock.setBy(-HOUR_MS);
    await clock.advance(1_500 + 250); // at most half a second of rest, and a second for the encode
    assertEquals([kind, chunk.state], [kind, "done"]);
  }
});

Deno.test("a clock that is set forward makes nobody give up on workers that have just gone", async () => {
  await using setup = await setUp({ speeds: [10, 10], listed: 1, giveUpMs: 60_000 });
  const { fleet, clock, signal, workers } = setup;
  fleet.register(workers[1]!.address);
  await settled();
  for (const worker of workers) worker.isDown = true;
  await clock.advance(20_000); // they are known to be down
  const chunk = watched(fleet.place({ jobId: "job", priority: 0, build: BUILD, signal }));
  const build = watched(fleet.chooseBuild(DEFAULT_SETTINGS, { signal }));
  await settled();
  clock.setBy(HOUR_MS);
  await clock.advance(30_000);
  assertEquals([chunk.state, build.state], ["waits", "waits"]);
  assertEquals(fleet.workers().length, 2, "neither is forgotten");
  await clock.advance(30_000);
  assert(chunk.error instanceof WorkersLostError && build.error instanceof WorkersLostError);
  await clock.advance(600_000);
  assertEquals(fleet.workers().length, 1);
});

Deno.test("a clock that is set makes no chunk look slow, and none fast", async () => {
  for (const setByMs of [HOUR_MS, -HOUR_MS]) {
    await using setup = await setUp({ speeds: [10, 10] });
    const { clock, workers } = setup;
    await Promise.all([ended(setup, encodeOne(setup, 0)), ended(setup, encodeOne(setup, 1))]);
    const chunk = watched(encodeOne(setup, 2, { frames: 40 })); // four seconds
    await clock.advance(2_000);
    clock.setBy(setByMs);
    await clock.advance(2_100);
    assertEquals(chunk.state, "done");
    assertEquals(workers.flatMap(({ received }) => received).filter((index) => index === 2), [2]);
    const speeds = setup.fleet.workers().map(({ framesPerSecond }) => Math.round(framesPerSecond ?? 0));
    assertEquals(speeds, [10, 10]);
  }
});

Deno.test("when a worker was last seen is told by the system's clock", async () => {
  await using setup = await setUp();
  const { fleet, clock } = setup;
  clock.setBy(HOUR_MS);
  await clock.advance(5_000);
  assertEquals(fleet.workers()[0]!.lastSeenMs, 2 * HOUR_MS + 5_000);
});

async function ended<T>({ clock }: Setup, promise: Promise<T>): Promise<T> {
  const seen = watched(promise);
  while (seen.state === "waits") await clock.advance(100);
  return await promise;
}
