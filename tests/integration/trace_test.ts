/** Deno's own OpenTelemetry export, as a collector gets it: one trace a job, whoever does the work. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { RpcError } from "../../lib/rpc/rpc_error.ts";
import { connectWorker } from "../../lib/rpc/worker_client.ts";
import { withTrace } from "../../lib/trace.ts";
import { newTrace } from "../../lib/traceparent.ts";
import { videoFile } from "./assemble_fixture.ts";
import { byNumber } from "./by_number.ts";
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from "./otlp_receiver.ts";
import { type RunningScript, startScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { FAST, lastEvent } from "./transcode_events.ts";

Deno.test.sanitizer({ ops: true, resources: true });

/** Seconds of the source, a keyframe each. */
const CHUNKS = 3;
const PROCESS_CHUNK = "replication.VideoProcessingService/ProcessChunkStream";
const SERVER = 2;
const RPC = { timeoutMs: 60_000 };

const transcodeArgs = ["source.mp4", "-o", "out.mp4", "--no-resume", ...FAST];

const chunkOf = ({ facts }: ReceivedSpan) => facts["transcoder.chunk.index"];

/** Each attempt at a chunk, with what the worker did for it, is in the trace and below the attempt. */
function assertAttempts(otlp: OtlpReceiver, root: ReceivedSpan, parents: readonly string[]): void {
  const all = otlp.named("encode attempt");
  // a chunk that took too long, on a machine that is busy, has been run a second time: one of the two counts
  const hedged = all.filter(({ facts }) => facts["transcoder.hedge"]).map(chunkOf);
  const attempts = all.filter((span) =>
    !(hedged.includes(chunkOf(span)) && span.facts["transcoder.outcome"] === "superseded")
  );
  assertEquals(attempts.map(chunkOf).sort(), [0, 1, 2]);
  for (const attempt of attempts) {
    const { facts } = attempt;
    const number = facts["transcoder.hedge"] ? 2 : 1;
    assertEquals([facts["transcoder.attempt"], facts["transcoder.outcome"]], [number, "accepted"]);
    assert(/^(localhost|127\.0\.0\.1):\d+$/.test(String(facts["transcoder.worker"])));
    assert(parents.includes(otlp.ancestors(attempt)[0]!.name));
    const calls = otlp.named(PROCESS_CHUNK).filter((span) =>
      otlp.ancestors(span).some(({ spanId }) => spanId === attempt.spanId)
    );
    const [call] = calls;
    assert(call && calls.length === 1, `${calls.length} calls of one attempt`);
    assertEquals([call.kind, call.status.code], [SERVER, 0]);
    assertEquals(call.facts, {
      "rpc.system.name": "grpc",
      "rpc.method": PROCESS_CHUNK,
      "rpc.response.status_code": "OK",
    });
    const [encoder] = otlp.named("encoder process").filter(({ parentSpanId }) =>
      parentSpanId === call.spanId
    );
    assertEquals(encoder?.facts["process.exit.code"], 0);
    for (const span of [attempt, call, encoder!]) {
      assertEquals([span.traceId, otlp.ancestors(span).at(-1)!.spanId], [root.traceId, root.spanId]);
    }
  }
}

function assertJob(otlp: OtlpReceiver, root: ReceivedSpan): void {
  assertEquals([root.parentSpanId, root.status.code], ["", 0]);
  const job = otlp.only("job");
  assertEquals([job.facts["transcoder.codec"], job.facts["transcoder.chunks.encoded"]], ["h264", CHUNKS]);
  for (const name of ["plan", "assemble", "check"]) {
    const own = otlp.named(name).filter(({ parentSpanId }) => parentSpanId === job.spanId);
    assertEquals([name, ...own.map(({ traceId }) => traceId)], [name, root.traceId]);
  }
}

Deno.test("transcode and the workers that it starts are one trace: the job, its attempts, and what workers do", async () => {
  await using otlp = startOtlpReceiver();
  await using folder = await temporaryFolder();
  await videoFile(folder.path, "source.mp4", { seconds: CHUNKS });
  const args = [...transcodeArgs, "--local_workers", "2"];
  await using run = startScript("transcode.ts", args, { cwd: folder.path, env: otlp.env });
  assertEquals(lastEvent(await run.result).encoded_chunks, CHUNKS);

  const root = otlp.only("transcode");
  assertEquals(otlp.ancestors(otlp.only("job")), [root]);
  assertJob(otlp, root);
  assertAttempts(otlp, root, ["job"]);
});

/** Waits for the end, by when all spans have been exported. */
async function ended(server: RunningScript): Promise<void> {
  server.child.kill("SIGTERM");
  const { code, stderr } = await server.result;
  assertEquals(code, 0, stderr);
}

Deno.test("transcode, master and worker are one trace, and so is whatever calls with a traceparent", async () => {
  await using otlp = startOtlpReceiver();
  await using folder = await temporaryFolder();
  await videoFile(folder.path, "source.mp4", { seconds: CHUNKS });
  const options = { cwd: folder.path, env: otlp.env };
  await using worker = startScript("worker.ts", ["--port", "0", "--shards_dir", "shards"], options);
  const address = await worker.until(() => /Worker \S+ listening on (\S+:\d+)/.exec(worker.stderr())?.[1]);
  const masterArgs = ["--port", "0", "--data_dir", "data", "--workers", address];
  await using master = startScript("master.ts", [...masterArgs, "--http_port", "0"], options);
  const at = await master.until(() => /Master listening on (\S+:\d+)/.exec(master.stderr())?.[1]);

  const args = transcodeArgs.filter((flag) => flag !== "--no-resume");
  await using run = startScript("transcode.ts", [...args, "--master", at], options);
  assertEquals(lastEvent(await run.result)["event"], "done");
  const other = newTrace();
  {
    using client = connectWorker(byNumber(address));
    await withTrace(other, () => client.getCapabilities([], RPC));
    await withTrace(other, () => assertRejects(() => client.getShard("elsewhere.shard", RPC), RpcError));
  }
  await ended(master);
  await ended(worker);

  const root = otlp.only("transcode");
  const above = otlp.ancestors(otlp.only("job")).map(({ name }) => name).filter((name) => name !== "POST");
  assertEquals(above, ["receive video", "replication.MasterService/UploadVideo", "transcode"]);
  assertJob(otlp, root);
  assertAttempts(otlp, root, ["job", "receive video"]);
  const answers = ["GetCapabilities", "GetShardStream"].map((method) => {
    const calls = otlp.named(`replication.VideoProcessingService/${method}`);
    const [call] = calls.filter(({ traceId }) => traceId === other.traceId);
    return [call?.parentSpanId, call?.facts["rpc.response.status_code"], call?.status.code];
  });
  // what a caller did wrong is no failure of the server
  assertEquals(answers, [[other.spanId, "OK", 0], [other.spanId, "PERMISSION_DENIED", 0]]);
});
