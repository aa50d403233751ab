/** A fleet of real workers, in processes of their own. */
import { Metadata, status } from "@grpc/grpc-js";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import {
  PoisonChunkError,
  type TaskEvent,
  UnsupportedError,
  type WorkerView,
} from "../../lib/fleet/fleet.ts";
import { type LocalWorkers, startLocalWorker, startLocalWorkers } from "../../lib/fleet/local_worker.ts";
import { diagnoseCall } from "../../lib/fleet/grpc_fleet.ts";
import { connectWorker } from "../../lib/rpc/worker_client.ts";
import { Answer, startFakeWorker } from "./fake_worker.ts";
import { encodeThrough, fleetOf, shortChunk } from "./fleet_fixture.ts";
import { startInProcess } from "./in_process_worker.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { until } from "./until.ts";

// grpc-js leaves a timer behind of a call to a worker in this process that was ended; tests/unit/worker_fleet_test.ts
// shows that the fleet itself leaves nothing
Deno.test.sanitizer({ ops: false, resources: false });

const NEVER = new AbortController().signal;

/** Two workers of one place each, for all tests that kill none. */
async function withTwoWorkers(test: (workers: LocalWorkers, addresses: readonly string[]) => Promise<void>) {
  await using folder = await temporaryFolder();
  await using local = await startLocalWorkers(2, {
    shardsDir: join(folder.path, "shards"),
    encoder: "libav",
    maxTasks: 1,
  });
  await test(local, local.workers.map(({ address }) => address));
}

Deno.test("a fleet of two workers", async (t) => {
  await withTwoWorkers(async ({ workers }, addresses) => {
    const chunk = await shortChunk();
    let build = "";

    await t.step("a worker tries a codec when it is asked to, and says what came of it", async () => {
      using client = connectWorker(addresses[0]!);
      const rpc = { timeoutMs: 20_000 };
      const first = await client.getCapabilities(["h264"], rpc);
      assertEquals([first.isComplete, first.maxTasks, first.threads, first.codecs], [false, 1, 1, []]);
      await until(async () => (await client.getCapabilities(["h264"], rpc)).isComplete);
      const { codecs, workerId } = await client.getCapabilities([], rpc);
      assertEquals(workerId, workers[0]!.workerId);
      assertEquals(codecs.map(({ codec }) => codec), ["h264"]);
      assert(/^libav\/libx264 \S+ form \d+$/.test(codecs[0]!.encoder), codecs[0]!.encoder);
      assert(codecs[0]!.framesPerSecond > 1, `${codecs[0]!.framesPerSecond} frames a second`);
      assertEquals(codecs[0]!.pixelFormats, ["source", "yuv420p", "yuv422p", "yuv444p", "yuv420p10"]);
      assertEquals(codecs[0]!.problem, "");
    });

    await t.step("chunks are encoded by both, each shard as its worker says", async () => {
      await using fleet = fleetOf(addresses);
      build = await fleet.chooseBuild(DEFAULT_SETTINGS, { signal: NEVER });
      const encoded = await Promise.all(
        Array.from({ length: 4 }, (_, index) => encodeThrough({ fleet, chunk, build, index, signal: NEVER })),
      );
      assertEquals(new Set(encoded.map(({ shard }) => shard.worker)), new Set(addresses));
      for (const { shard, bytes } of encoded) {
        assertEquals([shard.build, shard.frameCount], [build, chunk.segment.frameCount]);
        assertEquals(bytes, encoded[0]!.bytes);
        assertEquals(bytes.length, shard.sizeBytes);
      }
      const views = fleet.workers();
      assertEquals(
        views.map(({ workerId }) => workerId).sort(),
        workers.map(({ workerId }) => workerId).sort(),
      );
      assert(views.every(({ framesPerSecond = 0 }) => framesPerSecond > 1));
      assertEquals(views.map(({ state, activeTasks, maxTasks }) => [state, activeTasks, maxTasks]), [
        ["healthy", 0, 1],
        ["healthy", 0, 1],
      ]);
      assertEquals(views.map(({ builds }) => builds), [{ h264: build }, { h264: build }]);
    });

    await t.step("forget() removes the job's shards from every worker", async () => {
      using client = connectWorker(addresses[0]!);
      assert((await client.listShards("fleet-test", { timeoutMs: 10_000 })).found);
      await using fleet = fleetOf(addresses);
      await until(() => Promise.resolve(fleet.workers().every(({ state }) => state === "healthy")));
      await fleet.forget("fleet-test", { signal: NEVER });
      assertEquals((await client.listShards("fleet-test", { timeoutMs: 10_000 })).found, false);
    });

    await t.step(
      "a damaged chunk fails by name with the encoder's words, after both have tried",
      async () => {
        await using fleet = fleetOf(addresses);
        const damaged = { ...chunk, bytes: chunk.bytes.slice(0, chunk.bytes.length / 2) };
        const startMs = performance.now();
        const error = await assertRejects(
          () => encodeThrough({ fleet, chunk: damaged, build, index: 3, signal: NEVER }),
          PoisonChunkError,
          "Cannot encode chunk 3: it failed 4 times",
        );
        assertEquals(new Set(error.failures.map(({ worker }) => worker)), new Set(addresses));
        assert(error.message.includes("INVALID_ARGUMENT: Cannot encode the chunk: it "), error.message);
        assert(performance.now() - startMs < 15_000);
        const { shard } = await encodeThrough({ fleet, chunk, build, index: 4, signal: NEVER });
        assertEquals(shard.attempt, 1);
      },
    );

    await t.step("a worker that gives rubbish is set aside, and every chunk is done", async () => {
      using liar = await startFakeWorker({ build });
      await using fleet = fleetOf([...addresses, liar.address]);
      const rubbish = Math.ceil(chunk.bytes.length / 2);
      const check = (bytes: Uint8Array) => {
        if (bytes.length === rubbish) throw new Error("not a video");
      };
      const viewOfLiar = () => fleet.workers().find(({ address }) => address === liar.address)!;
      for (let index = 0; viewOfLiar().state !== "set-aside"; index++) {
        assert(index < 40, "it is never set aside");
        const { shard } = await encodeThrough({ fleet, chunk, build, index, signal: NEVER, check });
        assert(addresses.includes(shard.worker));
      }
      assertEquals([viewOfLiar().reason, liar.chunks.length], ["not a video", 3]);
    });

    await t.step("a token and limits of the worker go with every call", async () => {
      await using folder = await temporaryFolder();
      const tokenFile = join(folder.path, "token");
      await Deno.writeTextFile(tokenFile, "a-secret-of-the-fleet");
      await using guarded = await startLocalWorker({
        shardsDir: folder.path,
        encoder: "simulated",
        tokenFile,
      });
      await using fleet = fleetOf([guarded.address], { token: "a-secret-of-the-fleet" });
      const simulated = { ...DEFAULT_SETTINGS };
      const error = await assertRejects(
        () => fleet.chooseBuild(simulated, { signal: NEVER }),
        UnsupportedError,
      );
      assertEquals(error.message, `No worker can encode h264 so: ${guarded.address}: it encodes no h264`);
      await using stranger = fleetOf([guarded.address]);
      await until(() => Promise.resolve(stranger.workers()[0]!.reason.includes("UNAUTHENTICATED")));
    });
  });
});

Deno.test("a worker without GetCapabilities does no media, and says so", async () => {
  using old = await startFakeWorker();
  await using fleet = fleetOf([old.address]);
  await assertRejects(() => fleet.chooseBuild(DEFAULT_SETTINGS, { signal: NEVER }), UnsupportedError);
  const [view] = fleet.workers() as [WorkerView];
  assertEquals([view.state, view.builds, view.reason], ["healthy", {}, "it encodes no media"]);
});

Deno.test("a worker that drains refuses chunks in a way that tells it from one that is lost", async () => {
  await using t = await startInProcess({ maxTasks: 1 });
  const bytes = new Uint8Array(1_000);
  const running = t.raw.open([{ header: { videoId: "running" } }, { data: bytes }]);
  await t.raw.until(({ activeTasks }) => activeTasks === 1);
  const drained = t.worker.drain(10_000);
  const header = { videoId: "new", chunkIndex: 0 };
  const refused = await assertRejects(() => t.client.processChunk(header, bytes, { timeoutMs: 10_000 }));
  assertEquals(diagnoseCall(refused), { kind: "draining", reason: "UNAVAILABLE: Worker is draining" });
  const { metadata } = (refused as Error).cause as { metadata: Metadata };
  assertEquals(metadata.get("transcoder-refusal"), ["draining"]);
  running.call.end();
  assertEquals([(await running.answer).success, await drained], [true, true]);
});

Deno.test("what other workers say of draining is understood; what is else unavailable is lost", async () => {
  const draining = new Metadata();
  draining.set("transcoder-refusal", "draining");
  const answers = [
    new Answer(status.UNAVAILABLE, "Worker is draining"),
    new Answer(status.UNAVAILABLE, "in its own words", draining),
    new Answer(status.UNAVAILABLE, "Worker is draining its sink"),
    new Answer(status.INTERNAL, "Worker is draining"),
  ];
  using worker = await startFakeWorker({
    onChunk({ index }) {
      throw answers[index];
    },
  });
  using client = connectWorker(worker.address);
  const kinds = await Promise.all(answers.map(async (_, chunkIndex) => {
    const call = client.processChunk({ videoId: "v", chunkIndex }, new Uint8Array(9), { timeoutMs: 10_000 });
    return diagnoseCall(await assertRejects(() => call)).kind;
  }));
  assertEquals(kinds, ["draining", "draining", "lost", "failed"]);
});

Deno.test("a slow worker's chunk is run again by one that has nothing to do, and its call is ended", async () => {
  const ended = Promise.withResolvers<void>();
  const build = "fake/x264 1";
  using slow = await startFakeWorker({
    build,
    async onChunk({ signal, index }) {
      if (index < 2) return;
      signal.addEventListener("abort", () => ended.resolve(), { once: true });
      await ended.promise;
    },
  });
  const chunk = await shortChunk();
  await using fleet = fleetOf([slow.address]);
  const encode = (index: number, onEvent?: (event: TaskEvent) => void) =>
    encodeThrough({ fleet, chunk, build, index, signal: NEVER, ...(onEvent && { onEvent }) });
  await encode(0); // so that it is known how long one takes
  await encode(1);
  const events: TaskEvent[] = [];
  const straggler = encode(2, (event) => events.push(event));
  await slow.received(3);
  using quick = await startFakeWorker({ build });
  fleet.register(quick.address);
  const { shard } = await straggler;
  assertEquals([shard.worker, shard.attempt], [quick.address, 2]);
  assertEquals(events.map(({ kind, worker }) => [kind, worker]), [
    ["started", slow.address],
    ["started", quick.address],
  ]);
  await ended.promise;
});
