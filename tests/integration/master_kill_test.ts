/** A master killed with -9 amid its work: the next one goes on, and the result is that of a master left in peace. */
import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { parseProof, type Proof } from "../../lib/job/proof.ts";
import { connectMaster, type MasterClient } from "../../lib/rpc/master_client.ts";
import { RpcError } from "../../lib/rpc/rpc_error.ts";
import { type OurMaster, startOurMaster } from "../peers/our_master.ts";
import { startOurWorker } from "../peers/our_worker.ts";
import { videoFile } from "./assemble_fixture.ts";
import { byNumber } from "./by_number.ts";
import { filesUnder } from "./files_under.ts";
import { RPC, streamOf } from "./in_process_master.ts";
import { randomFrom } from "./random_from.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { until } from "./until.ts";

// a client whose server is killed amid a call leaves timers of grpc-js behind
Deno.test.sanitizer({ ops: false, resources: false });

const KILLS = 20;
/** As many as may come before the video is stored. */
const KILLS_OF_UPLOADS = 5;
/** A keyframe every second, and so a chunk. */
const CHUNKS = 16;
/** Few, so that no master gets far before it is seen that it has encoded something. */
const PLACES = 2;
const LONG = { timeoutMs: 120_000 };

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** What one master has left, read after its death. */
interface Remains {
  /** Chunks that it gave to a worker. */
  readonly begun: readonly number[];
  /** Shards that the memory held when it began. */
  readonly shardsBefore: ReadonlySet<string>;
}

function chunksBegun(master: OurMaster): number[] {
  return [...master.output().matchAll(/Encoding chunk (\d+)/g)].map(([, chunk]) => Number(chunk));
}

/** Infinity: all there were. */
function chunksEncoded(master: OurMaster): number {
  const output = master.output();
  return output.includes("Job completed") ? Infinity : [...output.matchAll(/Chunk \d+ encoded/g)].length;
}

async function rememberedShards(dataDir: string): Promise<Set<string>> {
  const records = (await filesUnder(dataDir)).filter((path) => /^memory\/shards\/.*\.json$/.test(path));
  const read = records.map(async (path) => JSON.parse(await Deno.readTextFile(join(dataDir, path))).sha256);
  return new Set(await Promise.all(read));
}

/** Uploads unless the video is there, as a client does that never heard whether it was. */
async function uploadOnce(client: MasterClient, videoId: string, source: Uint8Array): Promise<void> {
  try {
    await client.upload({ videoId, chunkSeconds: 1, settings: undefined }, streamOf(source), RPC);
  } catch (error) {
    if (!(error instanceof RpcError && error.code === "ALREADY_EXISTS")) throw error;
  }
}

async function resultOf(client: MasterClient, videoId: string): Promise<string> {
  for await (const update of client.watch(videoId, LONG)) {
    if (update.kind === "job") assert(update.job.state !== "failed", update.job.failureMessage);
  }
  return sha256(await new Response(client.retrieve(videoId, LONG)).bytes());
}

async function proofUnder(dataDir: string): Promise<Proof> {
  const [path, ...more] = (await filesUnder(dataDir)).filter((path) => path.endsWith(".proof.json"));
  assertEquals(more, []);
  return parseProof(await Deno.readTextFile(join(dataDir, path!)));
}

Deno.test({
  name: `A master killed ${KILLS} times goes on, encodes no finished chunk again, and makes the same file`,
  ignore: Deno.build.os === "windows",
  async fn() {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const random = randomFrom(seed);
    await using folder = await temporaryFolder();
    const source = await Deno.readFile(await videoFile(folder.path, "source.mp4", { seconds: CHUNKS }));
    await using worker = await startOurWorker({
      shardsDir: join(folder.path, "shards"),
      flags: ["--max_tasks", `${PLACES}`],
    });
    const flags = ["--workers", worker.address];
    const dataDir = join(folder.path, "killed");
    await Deno.mkdir(dataDir);
    const lives: Remains[] = [];
    let isUploaded = false;
    for (let kill = 0; kill < KILLS; kill++) {
      const shardsBefore = await rememberedShards(dataDir);
      await using master = await startOurMaster({ dataDir, flags });
      using client = connectMaster(byNumber(master.address));
      const { job } = await client.status("film", RPC);
      assert(job || !isUploaded, `the upload is gone after ${kill} kills with seed ${seed}`);
      isUploaded ||= job !== undefined; // it may have been stored though the answer did not come
      const uploading = job
        ? undefined
        : uploadOnce(client, "film", source).then(() => isUploaded = true, () => {});
      if (kill >= KILLS_OF_UPLOADS) await uploading;
      // What is to be at random here. But half of them get a chunk done, however slow the machine is; and with two of
      // them done a master dies, so that a fast one leaves work to those that follow.
      const isBusy = isUploaded && kill % 2 === 0 && job?.state !== "completed";
      if (isBusy) await until(() => Promise.resolve(chunksEncoded(master) > 0));
      const diesAtMs = performance.now() + random.integer(!isUploaded ? 100 : isBusy ? 400 : 800);
      await until(() => Promise.resolve(performance.now() >= diesAtMs || chunksEncoded(master) > 1));
      master.child.kill("SIGKILL");
      await uploading;
      await master[Symbol.asyncDispose](); // with which all is read that it wrote
      lives.push({ begun: chunksBegun(master), shardsBefore });
    }

    const shardsBefore = await rememberedShards(dataDir);
    await using last = await startOurMaster({ dataDir, flags });
    using client = connectMaster(byNumber(last.address));
    await uploadOnce(client, "film", source);
    const killed = await resultOf(client, "film");
    lives.push({ begun: chunksBegun(last), shardsBefore });

    const undisturbedDir = join(folder.path, "undisturbed");
    await using undisturbed = await startOurMaster({ dataDir: undisturbedDir, flags });
    using peaceful = connectMaster(byNumber(undisturbed.address));
    await uploadOnce(peaceful, "film", source);
    assertEquals(killed, await resultOf(peaceful, "film"));

    const { segments } = await proofUnder(dataDir);
    assertEquals(segments.length, CHUNKS);
    for (const [life, { begun, shardsBefore }] of lives.entries()) {
      const again = begun.filter((chunk) => shardsBefore.has(segments[chunk]!.shard_sha256));
      assertEquals(again, [], `life ${life} of seed ${seed} encoded finished chunks again`);
    }
    const heirs = lives.filter(({ begun, shardsBefore }) => begun.length > 0 && shardsBefore.size > 0).length;
    assert(heirs > 2, `only ${heirs} masters went on with what others had begun, with seed ${seed}`);
    const { proof_version: _v, run: _r, ...facts } = await proofUnder(dataDir);
    const { proof_version: _w, run: _s, ...peacefulFacts } = await proofUnder(undisturbedDir);
    assertEquals(facts, peacefulFacts);
    // nothing of the masters that died is left, at the worker neither
    await until(async () =>
      (await filesUnder(join(folder.path, "shards"))).every((path) => !path.endsWith(".shard"))
    );
    assertEquals((await filesUnder(join(dataDir, "uploads"))).length, 1);
    assertEquals((await filesUnder(join(dataDir, "results"))).length, 2);
  },
});
