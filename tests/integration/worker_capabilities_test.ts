import { assert, assertEquals } from "@std/assert";
import type { Codec } from "../../lib/encode/settings.ts";
import type { WorkerCapabilities } from "../../lib/rpc/worker_client.ts";
import { type InProcessWorker, startInProcess } from "./in_process_worker.ts";
import { HAS_FFMPEG, WITHOUT_FFMPEG } from "./system_ffmpeg.ts";
import { until } from "./until.ts";

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
        assert(new RegExp(`^${encoder}/lib[a-z0-9-]+ \\S+$`).test(build), `${codec}: ${build}`);
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
  await worker.client.getCapabilities([], RPC);
  const startMs = performance.now();
  await worker.worker.drain(0);
  assert(performance.now() - startMs < 2_000);
  assertEquals(worker.log.filter((line) => line.startsWith("Codec works")), []);
});
