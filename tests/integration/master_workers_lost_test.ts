/** A master that loses all of its workers amid a job. */
import { assert, assertEquals, assertGreater, assertLess, assertMatch } from "@std/assert";
import { join } from "node:path";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import {
  connectMaster,
  type MasterClient,
  type RemoteChunk,
  type RemoteJob,
} from "../../lib/rpc/master_client.ts";
import { startOurMaster } from "../peers/our_master.ts";
import { videoFile } from "./assemble_fixture.ts";
import { byNumber } from "./by_number.ts";
import { RPC, streamOf } from "./in_process_master.ts";
import { sourceIn, unendingVideo } from "./job_fixture.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { portOf, startWorkerOnPort } from "./worker_on_port.ts";

// a client of servers that are killed leaves timers of grpc-js behind
Deno.test.sanitizer({ ops: false, resources: false });

const LONG = { timeoutMs: 120_000 };
const CHUNKS = 12;
const FACTS = { videoId: "film", chunkSeconds: 1 };

/** Watches a job until it is so, or it is over. */
async function watchUntil(client: MasterClient, isSo: (job: RemoteJob) => boolean) {
  const chunks: RemoteChunk[] = [];
  let job: RemoteJob | undefined;
  for await (const update of client.watch("film", LONG)) {
    if (update.kind === "chunk") chunks[update.chunk.chunkIndex] = update.chunk;
    else if (isSo(job = update.job)) break;
  }
  return { job: job!, chunks };
}

const isUnderWay = ({ chunksDone }: RemoteJob) => chunksDone > 0;

Deno.test("where all workers are lost amid a job, it goes on once one returns, or fails after --give_up_after", async () => {
  await using folder = await temporaryFolder();
  // with its index at the end, so that no chunk is encoded before there is a job to watch
  const film = await videoFile(folder.path, "film.mp4", { seconds: CHUNKS, layout: "moov-last" });
  const unending = join(folder.path, "unending.mp4");
  await unendingVideo(await sourceIn(folder.path), unending, 1);
  const startWorker = (port: number, ...flags: readonly string[]) =>
    startWorkerOnPort({
      shardsDir: join(folder.path, "shards"),
      port,
      flags: ["--max_tasks", "2", ...flags],
    });
  await using worker = await startWorker(0);
  const startMaster = (name: string, ...flags: readonly string[]) =>
    startOurMaster({
      dataDir: join(folder.path, name),
      flags: ["--no-dashboard", "--workers", worker.address, ...flags],
    });
  await using patient = await startMaster("patient");
  await using hasty = await startMaster("hasty", "--give_up_after", "1");
  using waiting = connectMaster(byNumber(patient.address));
  using leaving = connectMaster(byNumber(hasty.address));
  // the first one's last chunk keeps one of the worker's two places, whatever the machine: the other one's go one by one
  const facts = { ...FACTS, settings: { ...DEFAULT_SETTINGS, preset: "veryslow" } } as const;
  await leaving.upload(facts, streamOf(await Deno.readFile(unending)), RPC);
  await watchUntil(leaving, isUnderWay);
  await waiting.upload(FACTS, streamOf(await Deno.readFile(film)), RPC);
  await watchUntil(waiting, isUnderWay);
  worker.child.kill("SIGKILL");
  await worker.child.status;

  const { job: failed } = await watchUntil(leaving, () => false);
  assertEquals([failed.state, failed.failureStage], ["failed", "processing"]);
  assertMatch(failed.failureMessage, /^No worker for libav\/libx264 .* in 1 s: /);
  assert(failed.failureMessage.includes(`${worker.address} is unhealthy (`), failed.failureMessage);
  assertEquals((await leaving.status("film", RPC)).status, "processing_failed");

  const { job: stillThere } = await waiting.status("film", RPC);
  assertEquals(stillThere!.state, "processing");
  assertGreater(stillThere!.chunksDone, 0);
  assertLess(stillThere!.chunksDone, CHUNKS);
  await using _again = await startWorker(portOf(worker.address), "--master", patient.address);
  const { job: done, chunks } = await watchUntil(waiting, () => false);
  assertEquals([done.state, done.failureMessage, done.framesDone], ["completed", "", done.frames]);
  const encodes = chunks.map(({ attempts }) =>
    attempts.filter(({ outcome }) => outcome === "encoded").length
  );
  assertEquals(encodes, Array(CHUNKS).fill(1));
});
