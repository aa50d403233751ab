/** A worker killed with -9 while shards are overwritten: what it acknowledged is there when it comes back. */
import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { prefixBytes } from "../../lib/encode/simulated_encoder.ts";
import { RpcError } from "../../lib/rpc/rpc_error.ts";
import { connectWorker, type ListedMetadata, type WorkerClient } from "../../lib/rpc/worker_client.ts";
import { startOurWorker } from "../peers/our_worker.ts";
import { byNumber } from "./by_number.ts";
import { filesUnder } from "./files_under.ts";
import { type Random, randomFrom } from "./random_from.ts";
import { temporaryFolder } from "./temporary_folder.ts";

Deno.test.sanitizer({ ops: true, resources: true });

const KILLS = 50;
const RPC = { timeoutMs: 60_000 }; // a write waits for four others, on a disk that may take its time
const FLAGS = ["--encoder", "simulated", "--max_tasks", "4"];
/** One byte, some pages, more than one message or part; the last goes by ProcessChunkStream. */
const SIZES = [1, 100, 5_000, 70_000, 300_000, 1_100_000];
/** Chunk 0 has two writers, so that two of its writes can be under way at once. */
const WRITERS = [0, 0, 1, 2, 3];
const CHUNKS = [...new Set(WRITERS)];

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** One overwrite, as its writer knows it. Moments are numbers that only grow. */
interface Write {
  readonly originalBytes: number;
  /** Of the shard that it must make. */
  readonly sha256: string;
  readonly begun: number;
  /** When it was acknowledged; undefined: it never was. */
  acknowledged: number | undefined;
}

/** What was ever written of each chunk that may still be found. */
class Journal {
  readonly #writes = new Map<number, Write[]>(CHUNKS.map((chunkIndex) => [chunkIndex, []]));
  #moment = 0;
  #onAcknowledged = () => {};
  acknowledgedCount = 0;

  /** Resolves once so many more are acknowledged. */
  async untilAcknowledged(more: number): Promise<void> {
    const count = this.acknowledgedCount + more;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onAcknowledged = () => {
      if (this.acknowledgedCount >= count) resolve();
    };
    this.#onAcknowledged();
    await promise;
  }

  begin(chunkIndex: number, data: Uint8Array): Write {
    const write: Write = {
      originalBytes: data.length,
      sha256: sha256(data.subarray(0, prefixBytes(data.length))),
      begun: this.#moment++,
      acknowledged: undefined,
    };
    this.#writes.get(chunkIndex)!.push(write);
    return write;
  }

  acknowledge(write: Write): void {
    write.acknowledged = this.#moment++;
    this.acknowledgedCount++;
    this.#onAcknowledged();
  }

  /** All but what an acknowledged write has surely replaced, having begun after it was acknowledged. */
  possible(chunkIndex: number): Write[] {
    const writes = this.#writes.get(chunkIndex)!;
    const lastBegun = Math.max(
      -1,
      ...writes.map((write) => write.acknowledged === undefined ? -1 : write.begun),
    );
    return writes.filter(({ acknowledged = Infinity }) => acknowledged > lastBegun);
  }

  mustBeThere(chunkIndex: number): boolean {
    return this.#writes.get(chunkIndex)!.some(({ acknowledged }) => acknowledged !== undefined);
  }

  /** What was found is there for good: whatever was under way with it has either replaced it or is lost. */
  settle(chunkIndex: number, found: Write | undefined): void {
    this.#writes.set(chunkIndex, found ? [{ ...found, acknowledged: this.#moment++ }] : []);
  }
}

/** Overwrites one chunk again and again until the worker is gone. */
async function overwrite(
  client: WorkerClient,
  journal: Journal,
  { chunkIndex, random }: { chunkIndex: number; random: Random },
): Promise<void> {
  for (;;) {
    const data = random.bytes(SIZES[random.integer(SIZES.length)]!);
    const write = journal.begin(chunkIndex, data);
    try {
      const stored = await client.processChunk({ videoId: "v", chunkIndex }, data, RPC);
      assertEquals(stored.sha256, write.sha256, "it acknowledges the shard of this chunk");
      journal.acknowledge(write);
    } catch (error) {
      if (error instanceof RpcError && error.code === "UNAVAILABLE") return;
      throw error;
    }
  }
}

/** Reads every shard back; what is there becomes what later reads may find. */
async function verify(client: WorkerClient, journal: Journal): Promise<void> {
  const { entries } = await client.getVideoMetadata("v", RPC);
  for (const chunkIndex of CHUNKS) {
    const listed = entries.find((entry) => entry.chunkIndex === chunkIndex);
    const found = listed && await writeOf(client, listed, journal.possible(chunkIndex));
    assert(
      found || !journal.mustBeThere(chunkIndex),
      `chunk ${chunkIndex} was acknowledged and is not there`,
    );
    journal.settle(chunkIndex, found);
  }
}

/** The write that made a shard, whose bytes, metadata and listing all have to be its own. */
async function writeOf(
  client: WorkerClient,
  listed: ListedMetadata,
  possible: readonly Write[],
): Promise<Write> {
  const { chunkIndex, shardLocation } = listed;
  const shard = await new Response(await client.getShard(shardLocation, RPC)).bytes();
  const found = possible.find((write) => write.sha256 === sha256(shard));
  assert(found, `chunk ${chunkIndex} has ${shard.length} bytes of none of ${JSON.stringify(possible)}`);
  assertEquals(listed.sha256, found.sha256, "the metadata is of this shard");
  assertEquals(listed.originalBytes, found.originalBytes);
  assertEquals(listed.sizeBytes, shard.length);
  return found;
}

/** Every file has to be a shard, its metadata or, in so many folders, the lock of a worker that lives. */
async function assertTidy(shardsDir: string, options: { livingWorkers: number }): Promise<void> {
  const files = await filesUnder(shardsDir);
  const locks = files.filter((path) => /^metadata\/\.staging\/[0-9a-f-]{36}\/lock$/.test(path));
  assertEquals(locks.length, options.livingWorkers, `of ${files}`);
  const pairs = CHUNKS.filter((chunkIndex) => files.includes(`v/chunk_${chunkIndex}.shard`));
  const expected = [
    ...pairs.flatMap((n) => [`v/chunk_${n}.shard`, `metadata/v_chunk_${n}_metadata.json`]),
    "metadata/.staging/lock",
  ];
  assertEquals(files.filter((path) => !locks.includes(path)), expected.sort());
}

Deno.test({
  name:
    `A worker killed ${KILLS} times amid overwrites has every acknowledged shard, whole, and no stray file`,
  ignore: Deno.build.os === "windows",
  async fn() {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const random = randomFrom(seed);
    await using folder = await temporaryFolder();
    const shardsDir = join(folder.path, "shards");
    const journal = new Journal();
    for (let kill = 0; kill <= KILLS; kill++) {
      try {
        await using worker = await startOurWorker({ shardsDir, flags: FLAGS });
        using client = connectWorker(byNumber(worker.address));
        await verify(client, journal);
        await assertTidy(shardsDir, { livingWorkers: 1 });
        if (kill === KILLS) break; // this one ends as it should
        const writing = WRITERS.map((chunkIndex) => overwrite(client, journal, { chunkIndex, random }));
        // The one thing here that is to be at random. Counted first, so that a slow machine comes to writing too.
        const moment = journal.untilAcknowledged(random.integer(4)).then(() =>
          setTimeout(random.integer(40))
        );
        await Promise.race([moment, ...writing]);
        worker.child.kill("SIGKILL");
        await Promise.all(writing);
      } catch (cause) {
        throw new Error(`after ${kill} kills with seed ${seed}: ${cause}`, { cause });
      }
    }
    await assertTidy(shardsDir, { livingWorkers: 0 });
    assert(journal.acknowledgedCount > KILLS / 2, `only ${journal.acknowledgedCount} were acknowledged`);
  },
});
