import { assert, assertEquals } from "@std/assert";
import { FORM } from "../../lib/encode/encoder_build.ts";
import { EncodeError, type Encoder, EncoderCrashedError } from "../../lib/encode/encoder.ts";
import { failedEncoding } from "../../lib/encode/failed_encoding.ts";
import type { Codec } from "../../lib/encode/settings.ts";
import type { WorkerCapabilities } from "../../lib/rpc/worker_client.ts";
import { createCapabilities, type KnownCapabilities } from "../../lib/worker/capabilities.ts";
import { type InProcessWorker, startInProcess } from "./in_process_worker.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { until } from "./until.ts";
import { within } from "./within.ts";

Deno.test.sanitizer({ ops: true, resources: true });

const RPC = { timeoutMs: 10_000 };
/** Under load a codec may take some seconds. */
const ASKS = 3;

/** Asks until all has been tried. */
async function tried({ client }: InProcessWorker, codecs: readonly Codec[]): Promise<WorkerCapabilities> {
  let known = await client.getCapabilities(codecs, RPC);
  for (let ask = 0; ask < ASKS && !known.isComplete; ask++) {
    await until(async () => (known = await client.getCapabilities(codecs, RPC)).isComplete).catch(() => {});
  }
  return known;
}

for (
  const { encoder, codecs, ignore } of [
    { encoder: "libav", codecs: ["h264", "hevc", "vp9", "av1"], ignore: false },
    { encoder: "ffmpeg", codecs: ["h264"], ignore: !HAS_FFMPEG },
  ] as const
) {
  Deno.test({
    name: `a worker with ${encoder} shows each codec by an encode, named as its shards will name it` +
      (ignore ? ` ${WITHOUT_FFMPEG}` : ""),
    ignore,
    async fn() {
      await using worker = await startInProcess({ encoder, threads: 3, maxTasks: 5 });
      const known = await tried(worker, encoder === "libav" ? [] : codecs);
      assertEquals([known.maxTasks, known.threads, known.workerId], [5, 3, worker.worker.workerId]);
      assertEquals(known.codecs.map(({ codec }) => codec), [...codecs]);
      for (const { codec, encoder: build, framesPerSecond, problem } of known.codecs) {
        assertEquals(problem, "");
        assert(new RegExp(`^${encoder}/lib[a-z0-9-]+ \\S+ form ${FORM}$`).test(build), `${codec}: ${build}`);
        assert(framesPerSecond > 0 && framesPerSecond < 10_000, `${codec}: ${framesPerSecond}`);
      }
      const [h264] = known.codecs;
      assertEquals(h264!.pixelFormats, ["source", "yuv420p", "yuv422p", "yuv444p", "yuv420p10"]);
      assert(worker.log.some((line) => line.startsWith("Codec works") && line.includes(h264!.encoder)));
    },
  });
}

Deno.test("a worker answers at once, tries one codec at a time, and each but once", async () => {
  await using worker = await startInProcess({ encoder: "libav" });
  const [first, second] = await Promise.all([
    worker.client.getCapabilities(["av1", "h264"], RPC),
    worker.client.getCapabilities(["h264"], RPC),
  ]);
  assertEquals([first, second].map(({ isComplete, codecs }) => [isComplete, codecs]), [[false, []], [
    false,
    [],
  ]]);
  const known = await tried(worker, ["h264", "av1"]);
  assertEquals(known.codecs.map(({ codec }) => codec), ["av1", "h264"]);
  assertEquals(worker.log.filter((line) => line.startsWith("Codec works")).length, 2);
});

Deno.test("a worker that only simulates has no codec, and says so at once", async () => {
  await using worker = await startInProcess({ encoder: "simulated" });
  const { isComplete, codecs } = await worker.client.getCapabilities([], RPC);
  assertEquals([isComplete, codecs], [true, []]);
});

Deno.test("a worker does not wait for a codec that it tries when it is told to end", async () => {
  await using worker = await startInProcess({ encoder: "libav" });
  using processes = stoppedProcesses();
  await worker.client.getCapabilities([], RPC);
  await processes.started;
  await within(30_000, worker.worker.drain(0));
  assertEquals(worker.log.filter((line) => line.startsWith("Codec works")), []);
});

/** Stops each process as it is started, so that none comes to its end by itself; tells of the first. */
function stoppedProcesses(): Disposable & { readonly started: Promise<void> } {
  const { spawn } = Deno.Command.prototype;
  const { promise: started, resolve } = Promise.withResolvers<void>();
  Deno.Command.prototype.spawn = function () {
    const child = spawn.call(this);
    child.kill("SIGSTOP");
    resolve();
    return child;
  };
  return { started, [Symbol.dispose]: () => void (Deno.Command.prototype.spawn = spawn) };
}

const SILENT = { info: () => {}, warn: () => {}, error: () => {} };

/** An encoder whose encodes end as told, the last way again and again; "hangs": they wait until they are ended. */
function fakeEncoder(
  ...ends: readonly (Error | "works" | "hangs")[]
): Encoder & { readonly encodes: number } {
  let encodes = 0;
  return {
    name: "simulated",
    version: "1",
    supports: () => true,
    pids: new Set(),
    get encodes() {
      return encodes;
    },
    encode(source, _task, { signal } = {}) {
      const end = ends[Math.min(encodes++, ends.length - 1)]!;
      if (end instanceof Error) return failedEncoding(source, end);
      void source.cancel();
      const facts = Promise.resolve({ encoder: "fake 1", frameCount: 25, notes: [] });
      if (end === "works") return { shard: ReadableStream.from([]), facts };
      const shard = new ReadableStream<Uint8Array>({
        start: (controller) => signal?.addEventListener("abort", () => controller.error(signal.reason)),
      });
      return { shard, facts };
    },
  };
}

/** Capabilities whose time passes as the test says. */
function onFakeTime(encoder: Encoder, options: { trialMs?: number } = {}) {
  const time = { ms: 0 };
  const capabilities = createCapabilities(encoder, { logger: SILENT, ...options, now: () => time.ms });
  return { time, capabilities, ask: () => capabilities.ask(["h264"]) };
}

const problemsOf = ({ trials }: KnownCapabilities) =>
  trials.map((trial) => trial.kind === "failed" ? trial.problem : "");

const CRASH = new EncoderCrashedError("The ffmpeg process ended: killed by SIGKILL");
for (
  const [how, end, problem] of [
    [
      "whose process was killed",
      CRASH,
      "The ffmpeg process ended: killed by SIGKILL; it will be tried again",
    ],
    ["that took too long", "hangs", "not done after 1 s; it will be tried again"],
    ["that could not be started", new Error("too many files"), "too many files; it will be tried again"],
  ] as const
) {
  Deno.test(`a try ${how} is told as a passing problem, and made again a minute later`, async () => {
    const encoder = fakeEncoder(end, "works");
    const { time, ask, capabilities } = onFakeTime(encoder, { trialMs: 1_000 });
    await using _ = capabilities;
    assertEquals(ask(), { trials: [], isComplete: false });
    await until(() => Promise.resolve(ask().trials.length > 0));
    time.ms = 59_999;
    for (let i = 0; i < 5; i++) {
      assertEquals([problemsOf(ask()), ask().isComplete], [[problem], false]);
    }
    assertEquals(encoder.encodes, 1);

    time.ms = 60_001 + 59_999;
    for (let i = 0; i < 5; i++) assertEquals([problemsOf(ask()), ask().isComplete], [[problem], false]);
    await until(() => Promise.resolve(ask().isComplete));
    assertEquals([ask().trials.map(({ kind }) => kind), encoder.encodes], [["proven"], 2]);
    time.ms *= 10;
    assertEquals([ask().isComplete, encoder.encodes], [true, 2]);
  });
}

Deno.test("a codec that the encoder refuses stays refused", async () => {
  const encoder = fakeEncoder(new EncodeError("Unknown encoder 'libx264'"), "works");
  const { time, ask, capabilities } = onFakeTime(encoder);
  await using _ = capabilities;
  ask();
  await until(() => Promise.resolve(ask().isComplete));
  time.ms = 10 * 60_000;
  assertEquals([problemsOf(ask()), ask().isComplete], [["Unknown encoder 'libx264'"], true]);
  assertEquals(encoder.encodes, 1);
});
