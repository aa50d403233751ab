/** Workers that are killed, frozen, late, or all gone. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import { type TaskEvent, WorkersLostError } from "../../lib/fleet/fleet.ts";
import type { WorkerFleet } from "../../lib/fleet/worker_fleet.ts";
import { connectWorker } from "../../lib/rpc/worker_client.ts";
import { encodeThrough, fleetOf, longChunk, shortChunk } from "./fleet_fixture.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { until } from "./until.ts";
import { portOf, startWorkerOnPort, type WorkerOnPort } from "./worker_on_port.ts";

// grpc-js leaves a timer behind of a connection that broke while it was used; tests/unit/worker_fleet_test.ts shows
// that the fleet itself leaves nothing
Deno.test.sanitizer({ ops: false, resources: false });

const NEVER = new AbortController().signal;
const FLAGS = ["--encoder", "libav", "--max_tasks", "1"];

const kill = ({ child }: WorkerOnPort) => child.kill("SIGKILL");

/** Resolves once the worker encodes. */
async function encoding(address: string): Promise<void> {
  using client = connectWorker(address);
  await until(async () => (await client.checkHealth("test", { timeoutMs: 10_000 })).activeTasks > 0);
}

const addressesOf = (fleet: WorkerFleet) => fleet.workers().map(({ address }) => address);

Deno.test("a chunk goes on elsewhere when its worker is killed, or freezes; late joiners get work", async () => {
  await using folder = await temporaryFolder();
  const shardsDir = join(folder.path, "shards");
  const start = () => startWorkerOnPort({ shardsDir, flags: FLAGS });
  await using stack = new AsyncDisposableStack();
  const [killed, frozen] = (await Promise.all([start(), start()])).map((worker) => stack.use(worker)) as [
    WorkerOnPort,
    WorkerOnPort,
  ];
  await using fleet = fleetOf([killed.address], { hedging: false }); // so that each worker gets what another has lost
  const { chunk, settings } = await longChunk();
  const build = await fleet.chooseBuild(settings, { signal: NEVER });
  const abort = new AbortController();
  const events: TaskEvent[] = [];
  const onEvent = (event: TaskEvent) => void events.push(event);
  const long = encodeThrough({ fleet, chunk, settings, build, signal: abort.signal, onEvent });
  long.catch(() => {}); // where the test fails first
  await encoding(killed.address);

  fleet.register(frozen.address);
  kill(killed);
  await encoding(frozen.address);
  assertEquals(events.map(({ kind, worker }) => [kind, worker]), [
    ["started", killed.address],
    ["failed", killed.address],
    ["started", frozen.address],
  ]);

  const late = stack.use(await start());
  fleet.register(late.address);
  const lateView = () => fleet.workers().find(({ address }) => address === late.address);
  await until(() => Promise.resolve(lateView()?.builds.h264 === build)); // which takes a while on some machines
  const frozenMs = performance.now();
  frozen.child.kill("SIGSTOP");
  try {
    await encoding(late.address);
    assert(performance.now() - frozenMs < 10_000);
    assertEquals(events.slice(3).map(({ kind, worker, attempt }) => [kind, worker, attempt]), [
      ["failed", frozen.address, 2],
      ["started", late.address, 3],
    ]);
    assertEquals(addressesOf(fleet).sort(), [killed, frozen, late].map(({ address }) => address).sort());
  } finally {
    frozen.child.kill("SIGCONT");
  }
  abort.abort(new Error("seen enough"));
  await assertRejects(() => long, Error, "seen enough");

  // the one that froze is one of them again, and has dropped what it was doing
  await until(() => Promise.resolve(fleet.workers().filter(({ state }) => state === "healthy").length === 2));
  const short = await shortChunk();
  const encoded = await Promise.all(
    [10, 11, 12, 13].map((index) => encodeThrough({ fleet, chunk: short, build, index, signal: NEVER })),
  );
  assertEquals(
    new Set(encoded.map(({ shard }) => shard.worker)),
    new Set([frozen.address, late.address]),
  );
});

Deno.test("where all workers are lost, a chunk waits and is done when one returns, or fails after giveUpMs", async () => {
  await using folder = await temporaryFolder();
  const shardsDir = join(folder.path, "shards");
  await using first = await startWorkerOnPort({ shardsDir, flags: FLAGS });
  await using patient = fleetOf([first.address]);
  await using hasty = fleetOf([first.address], { giveUpMs: 1_000 });
  const chunk = await shortChunk();
  const build = await patient.chooseBuild(DEFAULT_SETTINGS, { signal: NEVER });
  assertEquals(await hasty.chooseBuild(DEFAULT_SETTINGS, { signal: NEVER }), build);
  kill(first);
  await first.child.status;

  const waiting = encodeThrough({ fleet: patient, chunk, build, signal: NEVER });
  const lost = await assertRejects(
    () => encodeThrough({ fleet: hasty, chunk, build, signal: NEVER }),
    WorkersLostError,
    `No worker for ${build} in 1 s`,
  );
  assert(lost.message.includes(`${first.address} is unhealthy (`), lost.message);

  await using _again = await startWorkerOnPort({ shardsDir, port: portOf(first.address), flags: FLAGS });
  const { shard } = await waiting;
  assertEquals(shard.worker, first.address);
});
