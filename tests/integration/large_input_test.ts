/** A file far larger than what the client and the worker may keep in memory. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { startOurWorker } from "../peers/our_worker.ts";
import { filesUnder } from "./files_under.ts";
import { peakMemory } from "./peak_memory.ts";
import { startScript } from "./run_script.ts";
import { temporaryFolder } from "./temporary_folder.ts";

Deno.test.sanitizer({ ops: true, resources: true });

const MIB = 2 ** 20;
const INPUT_BYTES = 2048 * MIB;
const CHUNK_BYTES = 4 * MIB;
/** For the shards and what is retrieved of them, which are half of the input each, and to spare. */
const NEEDED_BYTES = 6 * 1024 * MIB;
const MAX_MEMORY_BYTES = 250 * MIB;
/** An idle machine takes half a minute; others have slow disks, or are used by others as well. */
const LIMIT_MS = 900_000;

Deno.test({
  name: "A file of 2 GB goes through client and worker in 4 MiB chunks in less than 250 MB of memory each",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using folder = await temporaryFolder();
    const { bavail, bsize } = await statfs(folder.path);
    assert(
      bavail * bsize >= NEEDED_BYTES,
      `${folder.path} has less than the 6 GB of free space that this needs`,
    );
    const input = join(folder.path, "large.bin");
    await Deno.writeFile(input, new Uint8Array());
    await Deno.truncate(input, INPUT_BYTES);
    await using worker = await startOurWorker({
      shardsDir: join(folder.path, "shards"),
      flags: ["--max_tasks", "2"], // or a machine with many cores would be sent many chunks at once
    });

    await using client = startScript("test_worker_client.ts", [
      ...["--worker", worker.address, "--video_path", input, "--split", "bytes", "--json"],
      ...["--chunk_size", String(CHUNK_BYTES), "--output_dir", "out"],
    ], { cwd: folder.path, limitMs: LIMIT_MS });
    const peaks = await Promise.all(
      [client.child, worker.child].map(({ pid }) => peakMemory(pid, client.result)),
    );
    const { code, stdout, stderr } = await client.result;

    assertEquals(code, 0, stderr);
    const { chunks, failed } = JSON.parse(stdout) as Report;
    assertEquals([chunks.length, failed.length], [INPUT_BYTES / CHUNK_BYTES, 0]);
    assertEquals((await filesUnder(join(folder.path, "out"))).length, chunks.length);
    for (const { original_size, encoded_size, path } of chunks) {
      assertEquals([original_size, encoded_size], [CHUNK_BYTES, CHUNK_BYTES / 2]);
      assertEquals((await Deno.stat(join(folder.path, path))).size, encoded_size);
    }
    for (const [who, peak] of Object.entries({ client: peaks[0]!, worker: peaks[1]! })) {
      assert(peak > 0, `the memory of the ${who} was never seen`);
      assertLess(peak, MAX_MEMORY_BYTES, `the ${who} had ${Math.round(peak / MIB)} MiB`);
    }
  },
});

interface Report {
  readonly chunks: readonly { original_size: number; encoded_size: number; path: string }[];
  readonly failed: readonly unknown[];
}
