/** A long video on a fleet that loses workers: what is lost with each is less than a chunk's encode. */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { join } from "node:path";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import { parseProof } from "../../lib/job/proof.ts";
import {
  connectMaster,
  type MasterClient,
  type RemoteAttempt,
  type RemoteChunk,
} from "../../lib/rpc/master_client.ts";
import { startOurMaster } from "../peers/our_master.ts";
import { type OurWorker, startOurWorker } from "../peers/our_worker.ts";
import { videoFile } from "./assemble_fixture.ts";
import { byNumber } from "./by_number.ts";
import { RPC, streamOf } from "./in_process_master.ts";
import { mediaFacts } from "./media_facts.ts";
import { temporaryFolder } from "./temporary_folder.ts";

// a client of servers that are killed leaves timers of grpc-js behind
Deno.test.sanitizer({ ops: false, resources: false });

const LONG = { timeoutMs: 600_000 };
const CHUNKS = 60;
const FRAMES = 6_000;
const FILM = { seconds: 600, width: 320, height: 180, frameRate: { num: 10, den: 1 } } as const;
const CHUNK_SECONDS = FILM.seconds / CHUNKS;
const WORKERS = ["killed", "frozen", "steady"];
const SETTINGS = { ...DEFAULT_SETTINGS, preset: "slower" } as const;
/** Long enough to lose a worker amid a chunk, and for the fleet to notice what a second run of one would win. */
const ENCODE_MS = 1_000;
/** In the chunks that are left then a worker that comes late has its place. */
const ENCODES_A_START = 4;
const MAX_SCALE = 6;

/** Watches until it is so, or until the job is over. */
async function watchUntil(
  client: MasterClient,
  isSo: (chunks: readonly RemoteChunk[]) => boolean,
  videoId = "film",
): Promise<readonly RemoteChunk[]> {
  const chunks: RemoteChunk[] = [];
  for await (const update of client.watch(videoId, LONG)) {
    if (update.kind === "job") assert(update.job.state !== "failed", update.job.failureMessage);
    else chunks[update.chunk.chunkIndex] = update.chunk;
    if (isSo(chunks)) break;
  }
  return chunks;
}

const attemptsOf = (chunks: readonly Pick<RemoteChunk, "attempts">[], worker: string): RemoteAttempt[] =>
  chunks.flatMap(({ attempts }) => attempts.filter((attempt) => attempt.worker === worker));

const isEncoded = ({ outcome }: RemoteAttempt) => outcome === "encoded";

const encodesOf = (chunks: readonly RemoteChunk[]) =>
  chunks.flatMap(({ attempts }) => attempts.filter(isEncoded));

const shortestMs = (encodes: readonly RemoteAttempt[]) =>
  Math.min(...encodes.map(({ startedMs, endedMs }) => endedMs! - startedMs));

/** With which a chunk takes so long at least, however fast the machine is: with a larger picture, if need be. */
async function settingsFor(client: MasterClient, folder: string, encodeMs: number) {
  const path = await videoFile(folder, "probe.mp4", { ...FILM, seconds: WORKERS.length * CHUNK_SECONDS });
  const facts = { videoId: "probe", settings: SETTINGS, chunkSeconds: CHUNK_SECONDS };
  await client.upload(facts, streamOf(await Deno.readFile(path)), RPC);
  const tookMs = shortestMs(encodesOf(await watchUntil(client, () => false, "probe")));
  const scale = Math.min(Math.max(1, Math.sqrt(encodeMs / tookMs)), MAX_SCALE);
  const [width, height] = [FILM.width, FILM.height].map((side) => 2 * Math.ceil(side * scale / 2));
  return { ...SETTINGS, width: width!, height: height! };
}

/** The attempts that a worker took with it, each with the one that was accepted in its place. */
function lostWith({ address }: OurWorker, chunks: readonly RemoteChunk[]) {
  const lost = chunks.flatMap(({ attempts }) => {
    const again = attempts.find(isEncoded)!;
    return attemptsOf([{ attempts }], address).filter((own) => own !== again).map((own) => ({ own, again }));
  });
  // the chunk that it encoded; and the one before, if its shard was not fetched yet
  assert(lost.length === 1 || lost.length === 2, `${address} has lost ${lost.length} chunks`);
  return lost;
}

Deno.test("ten minutes come back whole though one worker is killed, one freezes and one comes late", async () => {
  await using folder = await temporaryFolder();
  const path = await videoFile(folder.path, "film.mp4", FILM);
  await using stack = new AsyncDisposableStack();
  const start = async (name: string, ...flags: readonly string[]) =>
    stack.use(
      await startOurWorker({ shardsDir: join(folder.path, name), flags: ["--max_tasks", "1", ...flags] }),
    );
  const startMs = performance.now();
  const listed = await Promise.all(WORKERS.map((name) => start(name)));
  const encodeMs = Math.max(ENCODE_MS, (performance.now() - startMs) / ENCODES_A_START);
  const [killed, frozen, steady] = listed as [OurWorker, OurWorker, OurWorker];
  const dataDir = join(folder.path, "data");
  const workers = ["--workers", listed.map(({ address }) => address).join()];
  await using master = await startOurMaster({ dataDir, flags: workers });
  using client = connectMaster(byNumber(master.address));
  const settings = await settingsFor(client, folder.path, encodeMs);
  const facts = { videoId: "film", settings, chunkSeconds: CHUNK_SECONDS };
  await client.upload(facts, streamOf(await Deno.readFile(path)), RPC);

  await watchUntil(client, (chunks) => encodesOf(chunks).length >= CHUNKS / 4);
  const late = await start("late", "--master", master.address);
  /** From half way on, once the worker has just begun a chunk. @returns When it was, since 1970. */
  const lose = async ({ address, child }: OurWorker, signal: Deno.Signal): Promise<number> => {
    await watchUntil(client, (chunks) => {
      const encodes = encodesOf(chunks);
      const running = attemptsOf(chunks, address).filter(({ outcome }) => outcome === "running");
      const hasBegun = running.length === 1 && Date.now() - running[0]!.startedMs < shortestMs(encodes) / 2;
      return encodes.length >= CHUNKS / 2 && hasBegun;
    });
    child.kill(signal);
    return Date.now();
  };
  const lostMs = new Map([[killed.address, await lose(killed, "SIGKILL")]]);
  lostMs.set(frozen.address, await lose(frozen, "SIGSTOP"));
  stack.defer(() => frozen.child.kill("SIGCONT"));
  const chunks = await watchUntil(client, () => false);

  const accepted = chunks.map(({ attempts }) => attempts.filter(isEncoded));
  assertEquals(accepted.map(({ length }) => length), Array(CHUNKS).fill(1));
  assertGreater(attemptsOf(chunks, late.address).filter(isEncoded).length, 0);
  for (const { address } of [steady, late]) {
    assertEquals(attemptsOf(chunks, address).filter(({ outcome }) => outcome === "failed"), []);
  }

  const secondsOf = ({ startedMs, endedMs }: RemoteAttempt) => (endedMs! - startedMs) / 1000;
  const longestSeconds = Math.max(...accepted.map(([attempt]) => secondsOf(attempt!)));
  const lost = [killed, frozen].flatMap((worker) => lostWith(worker, chunks));
  const others = accepted.flat().filter((attempt) => !lost.some(({ again }) => again === attempt));
  const othersEndMs = Math.max(...others.map(({ endedMs }) => endedMs!));
  for (const { own: { startedMs, worker }, again } of lost) {
    assertLess(
      (lostMs.get(worker)! - startedMs) / 1000,
      longestSeconds,
      `the work that was lost with ${worker}`,
    );
    const waitedSeconds = (again.startedMs - othersEndMs) / 1000;
    assertLess(waitedSeconds, longestSeconds, `the wait for ${worker} when all else was done`);
  }

  const { segments } = parseProof(await new Response(client.retrieveProof("film", LONG)).text());
  assertEquals(segments.length, CHUNKS);
  const out = join(folder.path, "out.mp4");
  await Deno.writeFile(out, client.retrieve("film", LONG));
  const [before, after] = [await mediaFacts(path), await mediaFacts(out)];
  assertEquals(after.frameSeconds.length, FRAMES);
  assertEquals(after.frameSeconds, before.frameSeconds);
  assertEquals(after.audio.map(({ sha256 }) => sha256), before.audio.map(({ sha256 }) => sha256));
});
