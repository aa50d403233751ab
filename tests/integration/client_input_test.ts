/** What the client makes of bad input: one clear line, the right exit code, nothing sent and nothing left behind. */
import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { makeVideo } from "../../lib/encode/make_video.ts";
import { startOurWorker } from "../peers/our_worker.ts";
import { type FakeWorker, type FakeWorkerOptions, startFakeWorker } from "./fake_worker.ts";
import { filesUnder } from "./files_under.ts";
import { runScript, type ScriptResult } from "./run_script.ts";
import { assertSameBytes } from "./same_bytes.ts";
import { temporaryFolder } from "./temporary_folder.ts";

// the fake worker runs in here, and grpc-js leaves a timer or two behind where a client is killed amid a call
Deno.test.sanitizer({ ops: false, resources: false });

const CLIENT = "test_worker_client.ts";

async function setUp(options?: FakeWorkerOptions) {
  await using stack = new AsyncDisposableStack();
  const { path: cwd } = stack.use(await temporaryFolder());
  const worker = stack.use(await startFakeWorker(options));
  const done = stack.move();
  return {
    cwd,
    worker,
    client: (...flags: string[]) => runScript(CLIENT, ["--worker", worker.address, ...flags], { cwd }),
    [Symbol.asyncDispose]: () => done.disposeAsync(),
  };
}

/** One line on standard error that has all of this in it, nothing on standard output. */
function assertOneLine(
  { code, stdout, stderr }: ScriptResult,
  expected: { code: number; says: readonly string[] },
): void {
  assertEquals([code, stdout], [expected.code, ""], stderr);
  assertMatch(stderr, /^error: [^\n]*\n$/);
  for (const words of expected.says) assertStringIncludes(stderr, words);
}

function assertNothingSent(worker: FakeWorker): void {
  assertEquals(worker.chunks.length, 0);
}

Deno.test("the client names a file that is empty, missing or a folder, whatever the split", async () => {
  await using t = await setUp();
  await Deno.writeFile(join(t.cwd, "empty"), new Uint8Array());
  await Deno.mkdir(join(t.cwd, "folder"));
  for (
    const [path, why] of [["empty", "empty"], ["missing.mp4", "no such file"], [
      "folder",
      "directory",
    ]] as const
  ) {
    for (const split of ["auto", "bytes"]) {
      const result = await t.client("--video_path", path, "--split", split);
      assertOneLine(result, { code: 1, says: [`"${path}"`, why] });
    }
  }
  assertNothingSent(t.worker);
});

Deno.test("the client hints at --split bytes for a file that is no video, which auto sends in raw slices and says so", async () => {
  await using t = await setUp();
  await Deno.writeTextFile(join(t.cwd, "notes.txt"), "no video\n".repeat(100));
  const refused = await t.client("--video_path", "notes.txt", "--split", "keyframe");
  assertOneLine(refused, { code: 1, says: ["notes.txt", "not a video", "--split bytes"] });
  assertNothingSent(t.worker);

  const sent = await t.client("--video_path", "notes.txt");
  assertEquals(sent.code, 0, sent.stderr);
  assertMatch(sent.stderr, /^Cannot read "notes.txt": not a video .*raw slices.*simulated/);
  assertEquals(t.worker.chunks.map(({ call, bytes }) => [call, bytes.length]), [["ProcessChunk", 900]]);
});

Deno.test("the client refuses a truncated video and one of sound alone", async () => {
  await using t = await setUp();
  const whole = join(t.cwd, "whole.mp4");
  await makeVideo(whole, { seconds: 2 });
  const bytes = await Deno.readFile(whole);
  await Deno.writeFile(join(t.cwd, "cut.mp4"), bytes.subarray(0, bytes.length / 2));
  assertOneLine(await t.client("--video_path", "cut.mp4"), { code: 1, says: ["cut.mp4", "truncated"] });

  // renaming the video track's handler leaves the sound alone
  const handler = new TextEncoder().encode("vide");
  const at = bytes.findIndex((_, i) => handler.every((letter, k) => bytes[i + k] === letter));
  bytes.set(new TextEncoder().encode("data"), at);
  await Deno.writeFile(join(t.cwd, "sound.mp4"), bytes);
  assertOneLine(await t.client("--video_path", "sound.mp4"), {
    code: 1,
    says: ["sound.mp4", "no video track"],
  });
  assertNothingSent(t.worker);
});

Deno.test("the client answers a flag that is wrong by exit code 2 and its name, before anything is sent or made", async () => {
  await using t = await setUp();
  const wrong: [readonly string[], readonly string[]][] = [
    [["--chunk_size", "0"], ["--chunk_size", '"0"']],
    [["--chunk_size", "-5"], ["--chunk_size", '"-5"']],
    [["--chunk_size", "abc"], ["--chunk_size", '"abc"']],
    [["--chunk_size"], ["--chunk_size", "needs a value"]],
    [["--chunksize", "5"], ["--chunksize", "did you mean --chunk_size?"]],
    [["--worker", "x:1"], ["--worker", "twice"]],
    [["extra"], ['"extra"']],
    [["--split", "frames"], ["--split", "auto, keyframe or bytes"]],
    [["--crf", "23", "--bitrate", "1M"], ["--crf", "--bitrate", "exclude"]],
    [["--crf", "52"], ["--crf", "52", "51"]],
    [["--bitrate", "fast"], ["--bitrate", '"fast"', "800k"]],
    [["--width", "7"], ["--width", "16"]],
    [["--concurrency", "0"], ["--concurrency"]],
    [["--reconstruct", "out.avi"], ["--reconstruct", "out.avi", ".mp4", ".mkv"]],
    [["--reconstruct", "out.webm"], ["--reconstruct", ".webm", ".mp4"]],
    [["--reconstruct", "out.mp4", "--split", "bytes"], ["--reconstruct", "keyframes"]],
    [["--width", "160", "--split", "bytes"], ["--width", "--split bytes"]],
    [["--keyframe-interval", "15", "--split", "bytes"], ["--keyframe_interval", "--split bytes"]],
    [["--video_id", "../x"], ["--video_id", '"../x"']],
    [["--tls_cert", "cert.pem"], ["--tls_cert", "--tls_key"]],
    [["--token_file", "missing"], ["--token_file", "missing"]],
  ];
  for (const [flags, says] of wrong) assertOneLine(await t.client(...flags), { code: 2, says });
  assertNothingSent(t.worker);
  assertEquals(await filesUnder(t.cwd), []);
});

Deno.test("the client names the flags that can change when a chunk is over the worker's limit", async () => {
  await using folder = await temporaryFolder();
  await using worker = await startOurWorker({
    shardsDir: join(folder.path, "shards"),
    flags: ["--max_chunk_bytes", "50000"],
  });
  await Deno.writeFile(join(folder.path, "any.bin"), new Uint8Array(400_000));
  const flags = ["--worker", worker.address, "--video_path", "any.bin", "--chunk_size", "200000"];
  const { code, stderr } = await runScript(CLIENT, [...flags, "--split", "bytes"], { cwd: folder.path });
  assertEquals(code, 1);
  assertMatch(stderr, /^error: Chunk \d failed: .*50000.*--chunk_size 200000.*--max_chunk_bytes/m);
  assertEquals(stderr.match(/failed/g)?.length, 1);
  const stored = (await filesUnder(folder.path)).filter((path) => path.endsWith(".shard"));
  assertEquals(stored, []);
});

/**
 * Runs a client whose worker does not answer, and asserts that it does not wait for it for more than 5 s: how long it
 * takes a client to start, here and now, is told by one that ends before it asks its worker.
 */
async function runUnanswered(cwd: string, address: string, flags: readonly string[]): Promise<ScriptResult> {
  const run = async (path: string): Promise<{ result: ScriptResult; ms: number }> => {
    const startedMs = performance.now();
    const args = ["--worker", address, "--video_path", path, "--split", "bytes", ...flags];
    const result = await runScript(CLIENT, args, { cwd });
    return { result, ms: performance.now() - startedMs };
  };
  const before = await run("missing.txt");
  assertOneLine(before.result, { code: 1, says: ["missing.txt"] });
  await Deno.writeTextFile(join(cwd, "any.txt"), "any");
  const { result, ms } = await run("any.txt");
  assertLess(ms, 5_000 + 2 * before.ms);
  return result;
}

for (const flags of [[], ["--concurrency", "2"]]) {
  Deno.test(`the client says within 5 s that no worker runs (${flags.join(" ") || "defaults"})`, async () => {
    await using folder = await temporaryFolder();
    const result = await runUnanswered(folder.path, "localhost:1", flags);
    assertOneLine(result, { code: 1, says: ["localhost:1", "UNAVAILABLE", "deno task worker"] });
  });
}

Deno.test("the client says within 5 s that whatever listens there does not answer", async () => {
  await using folder = await temporaryFolder();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 }); // whose connections nobody accepts
  const address = `127.0.0.1:${listener.addr.port}`;
  const result = await runUnanswered(folder.path, address, []);
  assertOneLine(result, { code: 1, says: [address, "deno task worker"] });
});

Deno.test("the client finds out that output_dir or the finished video have no place before it sends anything", async () => {
  await using t = await setUp();
  await Deno.writeTextFile(join(t.cwd, "a file"), "precious");
  await Deno.mkdir(join(t.cwd, "folder.mp4"));
  await makeVideo(join(t.cwd, "source.mp4"), { seconds: 1 });
  const source = await Deno.readFile(join(t.cwd, "source.mp4"));
  await Deno.symlink("source.mp4", join(t.cwd, "link.mp4"));
  const wrong: [readonly string[], readonly string[]][] = [
    [["--output_dir", "a file"], ["a file"]],
    [["--output_dir", "a file/below"], ["a file/below", "not a folder"]],
    [["--output_dir", "/proc/none"], ["/proc/none", "no such file or folder"]],
    [["--reconstruct", "missing/out.mp4"], ["missing", "no such file or folder"]],
    [["--reconstruct", "folder.mp4"], ["folder.mp4", "it is a folder"]],
    [["--reconstruct", "source.mp4"], ["source.mp4", "source itself"]],
    [["--reconstruct", "link.mp4"], ["link.mp4", "source itself"]],
  ];
  for (const [flags, says] of wrong) {
    assertOneLine(await t.client("--video_path", "source.mp4", ...flags), { code: 1, says });
  }
  assertNothingSent(t.worker);
  assertSameBytes(await Deno.readFile(join(t.cwd, "source.mp4")), source);
  assertEquals(await Deno.readTextFile(join(t.cwd, "a file")), "precious");
  assertEquals(await filesUnder(t.cwd), ["a file", "link.mp4", "source.mp4"]);
});

Deno.test("a shard that does not fit on the disk gets no final name and leaves nothing, and the run ends", async () => {
  await using t = await setUp();
  await Deno.writeFile(join(t.cwd, "any.bin"), new Uint8Array(25_000_000));
  const flags = [
    "--video_path",
    "any.bin",
    "--split",
    "bytes",
    "--chunk_size",
    "10000000",
    "--concurrency",
    "1",
  ];
  // writes past 4 MiB fail with EFBIG, where the signal that goes with it is ignored
  const through = ["sh", "-c", `trap '' XFSZ; ulimit -f 8192; exec "$@"`, "sh"];
  const result = await runScript(CLIENT, ["--worker", t.worker.address, "--video_id", "v", ...flags], {
    cwd: t.cwd,
    through,
  });
  assertEquals(result.code, 1);
  assertMatch(
    result.stderr,
    /^error: Chunk 0 failed: Cannot write "retrieved_shards\/v_chunk_0\.shard": the file is too large.* \(0 of 3 chunks done\)$/m,
  );
  assertEquals(t.worker.chunks.length, 1);
  assertEquals(await filesUnder(t.cwd), ["any.bin"]);
});

Deno.test("a client whose output nobody takes exits 1 and says so", async () => {
  await using t = await setUp();
  await Deno.writeTextFile(join(t.cwd, "any.txt"), "any");
  const { code, stderr } = await runScript(
    CLIENT,
    ["--worker", t.worker.address, "--video_path", "any.txt", "--split", "bytes", "--json"],
    { cwd: t.cwd, through: ["sh", "-c", `exec "$@" >/dev/full`, "sh"] },
  );
  assertEquals(code, 1);
  assertMatch(stderr, /^error: Cannot write to standard output/m);
});

Deno.test("a size past 2^53 - 1 is an error that names the chunk, never a wrong number", async () => {
  await using t = await setUp({ onChunk: () => ({ originalSize: "9007199254740993" }) });
  await Deno.writeTextFile(join(t.cwd, "any.txt"), "any");
  const { code, stderr } = await t.client("--video_path", "any.txt", "--split", "bytes");
  assertEquals(code, 1);
  assertMatch(stderr, /^Chunk 0 failed: Cannot read original_size 9007199254740993: past 2\^53 - 1/m);
  assert(!stderr.includes("bug"), stderr);
});

Deno.test("what a worker says of itself reaches the terminal without control characters", async () => {
  const says = "\x1b[2Jgone\nerror: fake";
  await using t = await setUp({
    health: { isHealthy: false, message: says },
    onChunk: () => ({ encoder: says, workerId: says }),
  });
  await Deno.writeTextFile(join(t.cwd, "any.txt"), "any");
  for (const flags of [[], ["--json"]]) {
    const { code, stdout, stderr } = await t.client("--video_path", "any.txt", "--split", "bytes", ...flags);
    assertEquals(code, 0);
    assertStringIncludes(stderr, "not healthy");
    assert(!(stdout + stderr).includes("\x1b"));
    assert(!/^error: fake/m.test(stdout + stderr));
  }
});
