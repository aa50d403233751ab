/** The Python project's own client, on grpcio, against our master. */
import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { runPeer } from "../peers/python.ts";
import { pythonTest } from "../peers/python_test_case.ts";
import { bytesOf, type InProcessMaster, startInProcessMaster, untilState } from "./in_process_master.ts";
import { sourceIn } from "./job_fixture.ts";
import { mediaFacts } from "./media_facts.ts";
import { temporaryFolder } from "./temporary_folder.ts";

Deno.test.sanitizer({ ops: true, resources: true });

interface Refusal {
  readonly code: string;
  readonly details: string;
}

interface Waited {
  readonly status: string;
  readonly message: string;
  readonly seen: readonly string[];
}

const ask = <Answer>(python: string, { running }: InProcessMaster, ...args: readonly string[]) =>
  runPeer<Answer>(python, "peer_master_client.py", [running.address, ...args]);

pythonTest("a Python client uploads a video, waits for it, and retrieves it", async (python) => {
  await using folder = await temporaryFolder();
  const path = await sourceIn(folder.path, "source.mp4");
  await using m = await startInProcessMaster({ dataDir: join(folder.path, "data") });
  const name = `My [film]'s "cut" é.mp4`;
  const uploaded = await ask(
    python,
    m,
    "upload",
    "film",
    path,
    "--output_format",
    "mkv",
    "--original_filename",
    name,
  );
  assertEquals(uploaded, {
    video_id: "film",
    success: true,
    message: `Received video "film" (${(await bytesOf(path)).length} bytes)`,
  });
  const { status, seen } = await ask<Waited>(python, m, "wait", "film");
  assertEquals(status, "completed");
  assert(seen.every((status) => ["segmenting", "processing", "concatenating", "completed"].includes(status)));

  const out = join(folder.path, "out.mkv");
  const retrieved = await ask(python, m, "retrieve", "film", "--out", out);
  const bytes = await bytesOf(out);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  assertEquals(retrieved, { video_ids: ["film"], data: { length: bytes.length, sha256 } });
  const [before, after] = [await mediaFacts(path), await mediaFacts(out)];
  assertEquals(after.frameSeconds.length, before.frameSeconds.length);
  assertEquals(after.audio.length, before.audio.length);
  assertEquals(m.master.jobs()[0]!.originalFilename, name);
});

pythonTest("a Python client is told what is wrong, in statuses that it knows", async (python) => {
  await using folder = await temporaryFolder();
  const text = join(folder.path, "notes.txt");
  await Deno.writeTextFile(text, "no video at all ".repeat(100));
  await using m = await startInProcessMaster({ dataDir: join(folder.path, "data") });

  assertEquals((await ask<Waited>(python, m, "wait", "film")).status, "not_found");
  assertEquals((await ask<Refusal>(python, m, "retrieve", "film")).code, "NOT_FOUND");
  assertEquals((await ask<Refusal>(python, m, "upload", "../film", text)).code, "INVALID_ARGUMENT");

  await ask(python, m, "upload", "film", text, "--original_filename", "notes.txt");
  await untilState(m.master, m.master.find("film")!.id, "failed");
  const { status, message } = await ask<Waited>(python, m, "wait", "film");
  assertEquals(status, "failed_segmentation");
  assert(message.startsWith('Cannot read "notes.txt": not a video file'), message);
  assertEquals((await ask<Refusal>(python, m, "retrieve", "film")).code, "FAILED_PRECONDITION");
});

pythonTest("a Python worker registers", async (python) => {
  await using folder = await temporaryFolder();
  await using m = await startInProcessMaster({ dataDir: join(folder.path, "data") });
  const answer = await ask<{ success: boolean }>(python, m, "register", "127.0.0.1:50061");
  assertEquals([answer.success, m.registered], [true, ["127.0.0.1:50061"]]);
});

pythonTest("a master serves the standard health check, and reflection of its calls", async (python) => {
  await using folder = await temporaryFolder();
  await using m = await startInProcessMaster({ dataDir: join(folder.path, "data") });
  const health = await runPeer<{ status: string }>(python, "our_client.py", [
    m.running.address,
    "health",
    "--service",
    "replication.MasterService",
  ]);
  assertEquals(health.status, "SERVING");
  const services = await runPeer<Record<string, string[]>>(python, "our_client.py", [
    m.running.address,
    "reflection",
  ]);
  assertEquals(services["replication.MasterService"], [
    "UploadVideo",
    "RetrieveVideo",
    "GetVideoStatus",
    "RegisterWorker",
    "WatchJob",
    "ListJobs",
    "CancelJob",
    "DeleteVideo",
  ]);
});
