/** The same source makes the same file, whoever encodes it and whatever dies meanwhile. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { untilAborted } from "../../lib/abort_signals.ts";
import { fileSha256 } from "../../lib/job/file_sha256.ts";
import { type Proof, readProof } from "../../lib/job/proof.ts";
import { connectWorker } from "../../lib/rpc/worker_client.ts";
import { type OurMaster, startOurMaster } from "../peers/our_master.ts";
import { type OurWorker, startOurWorker } from "../peers/our_worker.ts";
import { videoFile } from "./assemble_fixture.ts";
import { buildOf } from "./build_of.ts";
import { byNumber } from "./by_number.ts";
import { type FakeWorker, startFakeWorker } from "./fake_worker.ts";
import { type RunningScript, runScript, startScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { eventsIn, LIMIT_MS, untilEvent } from "./transcode_events.ts";
import { portOf } from "./worker_on_port.ts";

const CHUNKS = 8;
const SETTINGS = ["--chunk_seconds", "1", "--preset", "slow", "--json", "--quiet"] as const;

const RPC = { timeoutMs: 60_000 };

/** How the source is transcoded: `transcode` is to be told where. */
interface Way {
  readonly name: string;
  readonly flags: readonly string[];
  /** Done while it runs. */
  readonly meanwhile?: (run: RunningScript) => Promise<void>;
}

/** Kills the worker that gets the first chunk of the second half, in that moment. */
async function killWorker(run: RunningScript, workers: readonly OurWorker[]): Promise<void> {
  const started = await run.until(() =>
    eventsIn(run.stdout()).filter(({ event }) => event === "started")[CHUNKS / 2]
  );
  workers.find(({ address }) => address === started["worker"])!.child.kill("SIGKILL");
  const { stdout } = await run.result;
  const failed = eventsIn(stdout).filter(({ event }) => event === "failed");
  // on a busy machine it may just have finished that chunk; transcode_failures_test.ts sees to the loss itself
  assert(failed.every(({ worker }) => worker === started["worker"]), stdout);
}

/** A worker that has another one encode half of the chunks, and is never done with the rest. */
async function startHalfWorker(worker: OurWorker): Promise<FakeWorker & Disposable> {
  const build = await buildOf(worker.address);
  using stack = new DisposableStack();
  const client = stack.use(connectWorker(byNumber(worker.address)));
  let left = CHUNKS / 2;
  const fake = stack.use(
    await startFakeWorker({
      build,
      onChunk: ({ frameCount }) => ({ frameCount }),
      async encode({ header, bytes, signal }) {
        if (left-- <= 0) await untilAborted(new Promise<never>(() => {}), signal);
        const { shardLocation } = await client.processChunk(header, bytes, RPC);
        return await new Response(await client.getShard(shardLocation, RPC)).bytes();
      },
    }),
  );
  const done = stack.move();
  return { ...fake, [Symbol.dispose]: () => done.dispose() };
}

/** Kills the master half way, and starts another in its place. */
async function killMaster(
  run: RunningScript,
  master: OurMaster,
  again: () => Promise<unknown>,
): Promise<void> {
  await untilEvent(run, "encoded", CHUNKS / 2);
  master.child.kill("SIGKILL");
  await master.child.status;
  await again();
}

Deno.test("one worker, three, one of them killed, a master, a master killed: the same file, and proofs that hold", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  const source = await videoFile(cwd, "source.mkv", { seconds: CHUNKS });
  await using stack = new AsyncDisposableStack();
  const startMaster = async (name: string, workers: readonly { address: string }[], port = 0) =>
    stack.use(
      await startOurMaster({
        dataDir: join(cwd, name),
        port,
        flags: ["--workers", workers.map(({ address }) => address).join(), "--no-dashboard"],
      }),
    );
  const workers = await Promise.all(
    ["a", "b", "c"].map(async (name) => {
      const flags = ["--max_tasks", "1"];
      return stack.use(await startOurWorker({ shardsDir: join(cwd, name), flags }));
    }),
  );
  const named = ["--workers", workers.map(({ address }) => address).join(), "--no-resume"];
  const calm = await startMaster("calm", workers);
  const doomed = await startMaster("doomed", [stack.use(await startHalfWorker(workers[0]!))]);

  const ways: readonly Way[] = [
    { name: "one", flags: ["--local_workers", "1", "--no-resume"] },
    { name: "three", flags: named },
    { name: "through a master", flags: ["--master", calm.address] },
    {
      name: "master killed",
      flags: ["--master", doomed.address],
      meanwhile: (run) =>
        killMaster(run, doomed, () => startMaster("doomed", workers, portOf(doomed.address))),
    },
    { name: "worker killed", flags: named, meanwhile: (run) => killWorker(run, workers) },
  ];
  const proofs: Proof[] = [];
  for (const { name, flags, meanwhile } of ways) {
    const output = `${name}.mp4`;
    await using run = startScript("transcode.ts", [source, "-o", output, ...SETTINGS, ...flags], {
      cwd,
      limitMs: LIMIT_MS,
    });
    await meanwhile?.(run);
    const { code, stderr } = await run.result;
    assertEquals(code, 0, `${name}: ${stderr}`);
    const verified = await runScript("lib/cli/verify.ts", [output, "--source", source], { cwd });
    assertEquals(verified.code, 0, `${name}: ${verified.stderr}`);
    proofs.push(await readProof(join(cwd, `${output}.proof.json`)));
  }

  const outputs = await Promise.all(ways.map(({ name }) => fileSha256(join(cwd, `${name}.mp4`))));
  assertEquals(outputs, Array(ways.length).fill(outputs[0]));
  const facts = proofs.map(({ run: _, ...facts }) => facts);
  assertEquals(facts, Array(ways.length).fill(facts[0]));
  assertEquals(facts[0]!.segments.length, CHUNKS);
  assertEquals(proofs.map(({ run }) => run.chunks.filter(({ reused }) => reused).length), [
    ...[0, 0, 0],
    CHUNKS / 2, // what the master had before it was killed
    0,
  ]);
});
