/** A chunk that crashes every encoder, among jobs that are well. */
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { join } from "node:path";
import { openSource, packetsOf } from "../../lib/chunk/source_file.ts";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";
import {
  connectMaster,
  type MasterClient,
  type RemoteAttempt,
  type RemoteChunk,
  type RemoteJob,
  type VideoFacts,
} from "../../lib/rpc/master_client.ts";
import { startOurMaster } from "../peers/our_master.ts";
import { startOurWorker } from "../peers/our_worker.ts";
import { videoFile } from "./assemble_fixture.ts";
import { byNumber } from "./by_number.ts";
import { RPC, streamOf } from "./in_process_master.ts";
import { mediaFacts } from "./media_facts.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const LONG = { timeoutMs: 120_000 };
const CHUNKS = 6;
const POISON = 3;
/** Long before anybody would wonder whether the job still goes on. */
const MAX_PAUSES_SECONDS = 10;
/** What the two workers do meanwhile: as often as the chunk is tried, that and a chunk of another job. */
const MEANWHILE = 8;
const GIVE_UP_MS = 60_000;
const MARK = "this crashes encoders";
const LAST_WORDS = "Assertion picture != NULL failed";

/** An ffmpeg that is the system's, but for chunks that hold the mark. */
async function crashingFfmpeg(folder: string): Promise<void> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", "command -v ffmpeg"] }).output();
  const real = new TextDecoder().decode(stdout).trim();
  const script = `#!/bin/sh
case "$*" in
*-progress*)
  chunk=$(mktemp "${folder}/chunk.XXXXXX")
  cat > "$chunk"
  if grep -q "${MARK}" "$chunk"; then
    echo "${LAST_WORDS}" >&2
    kill -SEGV $$
  fi
  exec ${real} "$@" < "$chunk";;
*) exec ${real} "$@";;
esac
`;
  await Deno.writeTextFile(join(folder, "ffmpeg"), script, { mode: 0o755 });
}

/** Writes the mark into a frame of that second. */
async function poisoned(path: string, second: number): Promise<Uint8Array> {
  const frames: Uint8Array[] = [];
  {
    using source = await openSource(path);
    for await (const { timestamp, data } of packetsOf(source.video)) {
      if (Math.floor(timestamp + 1e-6) === second) frames.push(data.slice());
    }
  }
  const frame = frames.reduce((largest, other) => other.length > largest.length ? other : largest);
  const bytes = await Deno.readFile(path);
  const text = new TextDecoder("latin1").decode(bytes);
  const at = text.indexOf(new TextDecoder("latin1").decode(frame));
  bytes.set(new TextEncoder().encode(MARK), at + frame.length - MARK.length);
  return bytes;
}

async function untilOver(client: MasterClient, videoId: string) {
  const chunks: RemoteChunk[] = [];
  let job: RemoteJob | undefined;
  for await (const update of client.watch(videoId, LONG)) {
    if (update.kind === "job") job = update.job;
    else chunks[update.chunk.chunkIndex] = update.chunk;
  }
  return { job: job!, chunks };
}

Deno.test({
  name: [
    "a chunk that crashes every encoder fails its job soon, by name and with their words, and no other job",
  ]
    .concat(HAS_FFMPEG ? [] : [WITHOUT_FFMPEG]).join(" "),
  ignore: !HAS_FFMPEG || Deno.build.os === "windows",
  async fn() {
    await using folder = await temporaryFolder();
    const path = await videoFile(folder.path, "film.mp4", { seconds: CHUNKS, width: 160, height: 120 });
    const programs = join(folder.path, "bin");
    await Deno.mkdir(programs);
    await crashingFfmpeg(programs);
    const env = { PATH: `${programs}:${Deno.env.get("PATH")}` };
    await using stack = new AsyncDisposableStack();
    const workers = await Promise.all(["left", "right"].map(async (name) => {
      const flags = ["--encoder", "ffmpeg", "--max_tasks", "1"];
      return stack.use(await startOurWorker({ shardsDir: join(folder.path, name), flags, env }));
    }));
    const addresses = workers.map(({ address }) => address);
    const flags = ["--workers", addresses.join(), "--no-dashboard"];
    await using master = await startOurMaster({ dataDir: join(folder.path, "data"), flags });
    using client = connectMaster(byNumber(master.address));
    const upload = async (videoId: string, bytes: Uint8Array, more: Partial<VideoFacts> = {}) => {
      await client.upload({ videoId, chunkSeconds: 1, ...more }, streamOf(bytes), RPC);
      return await untilOver(client, videoId);
    };
    const sound = await Deno.readFile(path);
    const [bad, good] = await Promise.all([
      upload("bad", await poisoned(path, POISON)),
      upload("good", sound),
    ]);

    assertEquals([bad.job.state, bad.job.failureStage], ["failed", "processing"]);
    assertMatch(bad.job.failureMessage, new RegExp(`chunk ${POISON}: .*SIGSEGV.*${LAST_WORDS}`));
    const { attempts, state } = bad.chunks[POISON]!;
    assertEquals([state, attempts.map(({ outcome }) => outcome)], ["failed", Array(4).fill("failed")]);
    for (const address of addresses) {
      assertEquals(attempts.filter(({ worker }) => worker === address).length, 2);
    }
    const secondsOf = ({ startedMs, endedMs }: RemoteAttempt) => (endedMs! - startedMs) / 1000;
    const longestSeconds = Math.max(
      ...[...bad.chunks, ...good.chunks].flatMap(({ attempts }) => attempts.map(secondsOf)),
    );
    assertLess(
      (attempts.at(-1)!.endedMs! - attempts[0]!.startedMs) / 1000,
      MAX_PAUSES_SECONDS + MEANWHILE * longestSeconds,
    );
    for (const { chunkIndex, attempts } of bad.chunks) {
      if (chunkIndex !== POISON) {
        assert(attempts.every(({ outcome }) => outcome !== "failed"), `${chunkIndex}`);
      }
    }

    assertEquals([good.job.state, good.job.failureMessage], ["completed", ""]);
    const outcomes = good.chunks.map(({ attempts }) => attempts.map(({ outcome }) => outcome));
    assertEquals(outcomes.flat().filter((outcome) => outcome === "failed"), []);
    const out = join(folder.path, "out.mp4");
    await Deno.writeFile(out, client.retrieve("good", LONG));
    assertEquals((await mediaFacts(out)).frameSeconds, (await mediaFacts(path)).frameSeconds);

    // and none of the workers is worse for it, once the one that crashed last has had its pause
    const busy = new Set<string>();
    const giveUpMs = performance.now() + GIVE_UP_MS;
    for (let job = 0; busy.size < 2; job++) {
      assertLess(performance.now(), giveUpMs, `only ${[...busy].join()} gets something to do`);
      const settings = { ...DEFAULT_SETTINGS, rate: { kind: "crf", crf: 20 + job / 100 } } as const;
      const next = await upload(`next ${job}`, sound, { chunkSeconds: 2, settings });
      assertEquals(next.job.state, "completed");
      for (const { attempts } of next.chunks) for (const { worker } of attempts) busy.add(worker);
    }
  },
});
