/** What a worker cannot encode is refused before anything is sent, with what would work. */
import { type ServiceError, status } from "@grpc/grpc-js";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { checkEncodes } from "../../lib/cli/check_encodes.ts";
import { makeVideo } from "../../lib/encode/make_video.ts";
import { RpcError } from "../../lib/rpc/rpc_error.ts";
import type { CodecCapability, WorkerCapabilities } from "../../lib/rpc/worker_client.ts";
import { startOurWorker } from "../peers/our_worker.ts";
import { FakeClock } from "../unit/fake_clock.ts";
import { filesUnder } from "./files_under.ts";
import { runScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const WORKING = {
  encoder: "e",
  framesPerSecond: 9,
  pixelFormats: ["source", "yuv420p"],
  problem: "",
} as const;
const LACKING = {
  encoder: "",
  framesPerSecond: 0,
  pixelFormats: [],
  problem: "no av1 encoder here",
} as const;
const KNOWN: CodecCapability[] = [
  { codec: "h264", ...WORKING },
  { codec: "hevc", ...WORKING },
  { codec: "av1", ...LACKING },
];
const H264 = { codec: "h264", pixelFormat: "source" } as const;
const signal = new AbortController().signal;

/** A worker that gives each of these answers in turn. */
function workerSaying(...answers: (Partial<WorkerCapabilities> | Error)[]) {
  return {
    address: "w:1",
    getCapabilities() {
      const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
      if (answer instanceof Error) return Promise.reject(answer);
      return Promise.resolve({
        workerId: "w",
        maxTasks: 1,
        threads: 1,
        isComplete: true,
        codecs: [],
        ...answer,
      });
    },
  };
}

Deno.test("checkEncodes() passes what the worker has shown to work", async () => {
  await checkEncodes(workerSaying({ codecs: KNOWN }), H264, { signal });
});

for (
  const [settings, codecs, says] of [
    [
      { codec: "av1", pixelFormat: "source" },
      KNOWN,
      "w:1 cannot encode av1 (no av1 encoder here): it can encode h264 or hevc (--codec)",
    ],
    [{ codec: "vp9", pixelFormat: "source" }, KNOWN, "w:1 cannot encode vp9: it can encode h264 or hevc"],
    [
      { codec: "h264", pixelFormat: "yuv444p" },
      KNOWN,
      "h264 as yuv444p (--pixel_format): it can as source or yuv420p",
    ],
    [H264, [], "w:1 cannot encode h264: it encodes no video at all"],
  ] as const
) {
  Deno.test(`checkEncodes() refuses ${settings.codec} as ${settings.pixelFormat} of ${codecs.length} codecs, and says what works`, async () => {
    await assertRejects(() => checkEncodes(workerSaying({ codecs }), settings, { signal }), Error, says);
  });
}

Deno.test("checkEncodes() waits while the worker tries, and leaves it to the chunks when that takes too long", async () => {
  const trying = { isComplete: false };
  const clock = new FakeClock();
  const refused = assertRejects(
    () => checkEncodes(workerSaying(trying, trying, { codecs: [] }), H264, { clock, signal }),
    Error,
    "no video",
  );
  clock.setBy(3_600_000); // the wait does not go by it
  await clock.advance(1_000);
  await refused;
  const passed = checkEncodes(workerSaying(trying), H264, { clock, signal });
  await clock.advance(60_000);
  await passed;
});

Deno.test("checkEncodes() passes a worker that has no such call, and no other failure", async () => {
  const answer = (code: status) =>
    new RpcError("w:1", Object.assign(new Error(), { code, details: "said" }) as ServiceError);
  await checkEncodes(workerSaying(answer(status.UNIMPLEMENTED)), H264, { signal });
  await assertRejects(
    () => checkEncodes(workerSaying(answer(status.UNAVAILABLE)), H264, { signal }),
    RpcError,
  );
});

Deno.test("the client sends no chunk of a video to a worker that encodes none", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await makeVideo(join(cwd, "in.mp4"), { seconds: 1 });
  await using worker = await startOurWorker({
    shardsDir: join(cwd, "shards"),
    flags: ["--encoder", "simulated"],
  });
  const flags = ["--worker", worker.address, "--video_path", "in.mp4"];
  const { code, stdout, stderr } = await runScript("test_worker_client.ts", flags, { cwd });
  assertEquals([code, stdout], [1, ""]);
  assertMatch(stderr, /^error: Worker localhost:\d+ cannot encode h264: it encodes no video at all\n$/);
  assertEquals((await filesUnder(cwd)).filter((path) => path.endsWith(".shard")), []);
});
