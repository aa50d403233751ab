/** A master in the test's own process, whose workers are functions of the test. */
import { join } from "node:path";
import { openDiskMemory } from "../../lib/job/disk_memory.ts";
import { runJob } from "../../lib/job/run_job.ts";
import type { JobState, JobView } from "../../lib/master/job_view.ts";
import type { Master } from "../../lib/master/master.ts";
import {
  type MasterServerOptions,
  type RegisteringFleet,
  type RunningMaster,
  startMaster,
} from "../../lib/master/serve_master.ts";
import { connectMaster, type MasterClient } from "../../lib/rpc/master_client.ts";
import type { FakeFleet, FakeFleetOptions } from "../unit/fake_fleet.ts";
import { filesUnder } from "./files_under.ts";
import { copyFleet } from "./job_fixture.ts";

/** Disposing of it drains it within no time. */
export interface InProcessMaster extends AsyncDisposable {
  readonly running: RunningMaster;
  readonly master: Master;
  readonly client: MasterClient;
  readonly fleet: FakeFleet & RegisteringFleet;
  /** Addresses that registered. */
  readonly registered: readonly string[];
  /** What it has logged, one entry a line. */
  readonly log: readonly string[];
  /** Sources and results, by their paths below the folder of the data. */
  videos(): Promise<string[]>;
}

export interface InProcessMasterOptions extends Partial<MasterServerOptions> {
  readonly dataDir: string;
  readonly workers?: Partial<FakeFleetOptions> | undefined;
}

export const RPC = { timeoutMs: 60_000 };

export async function startInProcessMaster(
  { workers, ...options }: InProcessMasterOptions,
): Promise<InProcessMaster> {
  await using stack = new AsyncDisposableStack();
  const { dataDir } = options;
  const registered: string[] = [];
  const register = (address: string) => {
    if (!/:\d+$/.test(address)) throw new RangeError(`Cannot use worker ${address}: not host:port`);
    registered.push(address);
  };
  const fleet = Object.assign(stack.use(copyFleet(workers)), { register });
  const log: string[] = [];
  const write = (message: string, fields: object = {}) =>
    void log.push(`${message} ${JSON.stringify(fields)}`);
  const running = await startMaster({
    host: "127.0.0.1", // a name would leave a timer of the DNS resolver behind
    port: 0,
    fleet,
    openMemory: () => openDiskMemory(join(dataDir, "memory")),
    runJob,
    maxJobs: 4,
    logger: { info: write, warn: write, error: write },
    ...options,
  });
  stack.defer(async () => void await running.drain(0));
  const client = stack.use(connectMaster(running.address, { token: options.token }));
  const done = stack.move();
  return {
    running,
    master: running.master,
    client,
    fleet,
    registered,
    log,
    videos: async () => (await filesUnder(dataDir)).filter((path) => /^(uploads|results)\//.test(path)),
    [Symbol.asyncDispose]: () => done.disposeAsync(),
  };
}

/** The job once it is in such a state. @throws {Error} If it ends in another. */
export async function untilState(master: Master, jobId: string, state: JobState): Promise<JobView> {
  const signal = AbortSignal.timeout(60_000);
  for await (const event of master.watch({ jobId, signal })) {
    if (event.kind === "job" && event.job.state === state) return event.job;
  }
  signal.throwIfAborted();
  const { job } = master.job(jobId);
  throw new Error(`the job is ${job.state}: ${job.failure?.message}`);
}

export function bytesOf(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return Deno.readFile(path);
}

export function streamOf(bytes: Uint8Array, pieceBytes = 64 * 1024): ReadableStream<Uint8Array> {
  return ReadableStream.from(function* () {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  }());
}
