/** The script that looks into a worker's store, as a process. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { connectWorker } from "../../lib/rpc/worker_client.ts";
import { startOurWorker } from "../peers/our_worker.ts";
import { startFakeWorker } from "./fake_worker.ts";
import { filesUnder } from "./files_under.ts";
import { PROJECT, runScript, type ScriptResult, startCommand } from "./run_script.ts";
import { assertSameBytes } from "./same_bytes.ts";
import { temporaryFolder } from "./temporary_folder.ts";

// the fake worker runs in here, and grpc-js leaves a timer or two behind where a client is killed amid a call
Deno.test.sanitizer({ ops: false, resources: false });

const SHARDS = "test_shard_storage.ts";

/** A worker that keeps chunks 0 and 10 of "b" and chunk 2 of "a", and a folder for the script. */
async function setUp() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const [shardsDir, cwd] = [join(folder.path, "shards"), join(folder.path, "here")];
  await Deno.mkdir(cwd);
  const { address } = stack.use(await startOurWorker({ shardsDir }));
  using client = connectWorker(address);
  for (const [videoId, chunkIndex] of [["b", 10], ["b", 0], ["a", 2]] as const) {
    await client.processChunk({ videoId, chunkIndex }, new Uint8Array(3_000).fill(chunkIndex), {
      timeoutMs: 10_000,
    });
  }
  const done = stack.move();
  return {
    address,
    cwd,
    location: (videoId: string, index: number) => join(shardsDir, videoId, `chunk_${index}.shard`),
    shards: (...args: string[]) => runScript(SHARDS, [address, ...args], { cwd }),
    [Symbol.asyncDispose]: () => done.disposeAsync(),
  };
}

function assertOneLine({ code, stdout, stderr }: ScriptResult, expected: [code: number, RegExp]): void {
  assertEquals([code, stdout], [expected[0], ""], stderr);
  assertMatch(stderr, /^error: [^\n]*\n$/);
  assertMatch(stderr, expected[1]);
}

Deno.test("the shards script lists all shards in order, as a table and as JSON", async () => {
  await using t = await setUp();
  const table = await t.shards();
  assertEquals(table.code, 0, table.stderr);
  const [title, , head, ...rows] = table.stdout.trimEnd().split("\n");
  assertMatch(title!, /^Worker \S+: 2 videos, 3 shards$/);
  assertEquals(head!.split(/ {2,}/), ["VIDEO ID", "CHUNK", "SIZE", "SHARD LOCATION"]);
  assertEquals(rows.map((row) => row.split(/ {2,}/)), [
    ["a", "2", "1.5 KiB", t.location("a", 2)],
    ["b", "0", "1.5 KiB", t.location("b", 0)],
    ["b", "10", "1.5 KiB", t.location("b", 10)],
  ]);
  const { worker_id, videos } = JSON.parse((await t.shards("--json")).stdout);
  assertMatch(worker_id, /./);
  assertEquals(videos, [
    { video_id: "a", chunks: [{ chunk_index: 2, shard_location: t.location("a", 2), size_bytes: 1_500 }] },
    {
      video_id: "b",
      chunks: [0, 10].map((index) => ({
        chunk_index: index,
        shard_location: t.location("b", index),
        size_bytes: 1_500,
      })),
    },
  ]);
});

Deno.test("the shards script shows a video's metadata, as a table and as JSON", async () => {
  await using t = await setUp();
  const table = await t.shards("b");
  assertEquals(table.code, 0, table.stderr);
  const [title, , head, ...rows] = table.stdout.trimEnd().split("\n");
  assertMatch(title!, /^Video 'b' on worker \S+: 2 chunks$/);
  assertMatch(head!, /CHUNK +ORIGINAL +ENCODED +RATIO +FRAMES +ENCODER +TIMESTAMP +SHARD LOCATION$/);
  assertEquals(rows.map((row) => row.trim().split(/ {2,}/).slice(0, 6)), [
    ["0", "2.9 KiB", "1.5 KiB", "0.500", "0", "simulated"],
    ["10", "2.9 KiB", "1.5 KiB", "0.500", "0", "simulated"],
  ]);
  const { video_id, chunks } = JSON.parse((await t.shards("b", "--json")).stdout);
  assertEquals(video_id, "b");
  const [{ timestamp, sha256, ...first }, ...others] = chunks;
  assertEquals(first, {
    chunk_index: 0,
    original_size: 3_000,
    encoded_size: 1_500,
    compression_ratio: 0.5,
    shard_location: t.location("b", 0),
    encoder: "simulated",
    frame_count: 0,
  });
  assertEquals(new Date(timestamp).toISOString(), timestamp);
  assertMatch(sha256, /^[0-9a-f]{64}$/);
  assertEquals(others.length, 1);
});

Deno.test("the shards script fetches a shard under its own name, or to --output, whose old content it replaces", async () => {
  await using t = await setUp();
  const shard = await Deno.readFile(t.location("b", 10));
  const own = await t.shards("b", t.location("b", 10));
  assertEquals([own.code, own.stdout], [
    0,
    "Successfully retrieved and saved shard data to 'b_chunk_10.shard' (1500 bytes)\n",
  ]);
  await Deno.writeFile(join(t.cwd, "x.bin"), new Uint8Array(9_999));
  const named = await t.shards("b", t.location("b", 10), "--output", "x.bin", "--json");
  assertEquals(named.code, 0, named.stderr);
  const { path, size_bytes, sha256 } = JSON.parse(named.stdout);
  assertEquals([path, size_bytes], ["x.bin", 1_500]);
  assertMatch(sha256, /^[0-9a-f]{64}$/);
  assertEquals(await filesUnder(t.cwd), ["b_chunk_10.shard", "x.bin"]);
  for (const name of await filesUnder(t.cwd)) assertSameBytes(await Deno.readFile(join(t.cwd, name)), shard);
});

Deno.test("the shards script says in one line what the worker does not have or does not give, and exits 1", async () => {
  await using t = await setUp();
  assertOneLine(await t.shards("nobody"), [1, /'nobody'/]);
  assertOneLine(await t.shards("b", t.location("b", 7)), [1, /NOT_FOUND: .*chunk 7/]);
  assertOneLine(await t.shards("b", "/etc/passwd"), [1, /PERMISSION_DENIED: .*"\/etc\/passwd"/]);
  assertOneLine(await t.shards("../x"), [1, /INVALID_ARGUMENT: .*"\.\.\/x"/]);
  assertEquals(await filesUnder(t.cwd), []);
});

Deno.test("the shards script answers what is typed wrongly by exit code 2", async () => {
  await using folder = await temporaryFolder();
  const shards = (...args: string[]) => runScript(SHARDS, args, { cwd: folder.path });
  assertOneLine(await shards(), [2, /WORKER is required/]);
  assertOneLine(await shards("localhost"), [2, /without a port/]);
  assertOneLine(await shards("localhost:1", "v", "l", "x"), [2, /"x"/]);
  assertOneLine(await shards("localhost:1", "v", "--output", "x"), [2, /--output.*SHARD_LOCATION/]);
  assertOneLine(await shards("localhost:1"), [1, /localhost:1: UNAVAILABLE/]);
});

Deno.test("--output to a full device fails with exit code 1, and the device is still one", async () => {
  await using t = await setUp();
  assertOneLine(await t.shards("b", t.location("b", 0), "--output", "/dev/full"), [
    1,
    /\/dev\/full.*no space/,
  ]);
  assertEquals((await Deno.lstat("/dev/full")).isCharDevice, true);
  const missing = await t.shards("b", t.location("b", 0), "--output", "no/such/folder.bin");
  assertOneLine(missing, [1, /no such file or folder/]);
});

Deno.test("the shards script is executable by itself", async () => {
  await using folder = await temporaryFolder();
  await using script = startCommand([`${PROJECT}${SHARDS}`, "--help"], { cwd: folder.path });
  const { code, stdout } = await script.result;
  assertEquals(code, 0);
  assertMatch(stdout, /^Usage: deno task shards/);
  assertEquals((await Deno.stat(`${PROJECT}${SHARDS}`)).mode! & 0o111, 0o111);
});

Deno.test("what a worker lists reaches the terminal without control characters, and a size past 2^53 - 1 is an error", async () => {
  await using folder = await temporaryFolder();
  const evil = "\x1b[2Jv\nerror: fake\u009b";
  const chunk = { chunkIndex: 0, shardLocation: evil, sizeBytes: 1 };
  const list = { success: true, workerId: evil, videos: [{ videoId: evil, chunks: [chunk] }] };
  using liar = await startFakeWorker({ list });
  for (const flags of [[], ["--json"]]) {
    const { code, stdout } = await runScript(SHARDS, [liar.address, ...flags], { cwd: folder.path });
    assertEquals(code, 0);
    assert(!/[\p{Cc}--\n]|^error/mv.test(stdout), stdout);
    assertStringIncludes(stdout, "\\u001b[2Jv\\nerror: fake\\u009b");
  }
  using refuser = await startFakeWorker({ list: { success: false, message: evil } });
  assertOneLine(await runScript(SHARDS, [refuser.address], { cwd: folder.path }), [1, /\\u001b\[2Jv/]);

  const huge = { videoId: "v", chunks: [{ ...chunk, sizeBytes: "9007199254740993" }] };
  using giant = await startFakeWorker({ list: { ...list, videos: [huge] } });
  const result = await runScript(SHARDS, [giant.address], { cwd: folder.path });
  assertOneLine(result, [1, /size_bytes 9007199254740993/]);
  assert(!result.stderr.includes("bug"));
});

Deno.test("the shards script removes what a worker has of one video, and only when it is told which", async () => {
  await using t = await setUp();
  assertOneLine(await t.shards("--delete"), [2, /--delete needs a VIDEO_ID/]);
  assertOneLine(await t.shards("b", t.location("b", 0), "--delete"), [2, /takes no SHARD_LOCATION/]);
  assertOneLine(await t.shards("c", "--delete"), [1, /no shards of video 'c'/]);
  assertEquals(await t.shards("b", "--delete"), {
    code: 0,
    stdout: "Deleted 2 shards of video 'b'\n",
    stderr: "",
  });
  const { videos } = JSON.parse((await t.shards("--json")).stdout);
  assertEquals(videos.map(({ video_id }: { video_id: string }) => video_id), ["a"]);
  const { stdout } = await t.shards("a", "--delete", "--json");
  assertEquals(JSON.parse(stdout), { video_id: "a", deleted_chunks: 1 });
});
