/** An upload of any size: a master holds a few parts of it at a time. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { connectMaster } from "../../lib/rpc/master_client.ts";
import { startOurMaster } from "../peers/our_master.ts";
import { byNumber } from "./by_number.ts";
import { peakMemory } from "./peak_memory.ts";
import { temporaryFolder } from "./temporary_folder.ts";

Deno.test.sanitizer({ ops: true, resources: true });

const MIB = 2 ** 20;
const VIDEO_BYTES = 400 * MIB;
const MAX_MASTER_BYTES = 300 * MIB;

Deno.test({
  name: `a video of ${VIDEO_BYTES / MIB} MiB goes through a master of less than ${
    MAX_MASTER_BYTES / MIB
  } MiB`,
  ignore: Deno.build.os !== "linux", // for /proc
  async fn() {
    await using folder = await temporaryFolder();
    await using master = await startOurMaster({ dataDir: join(folder.path, "data") });
    using client = connectMaster(byNumber(master.address));
    const piece = new Uint8Array(MIB).fill(1);
    const video = ReadableStream.from(Array.from({ length: VIDEO_BYTES / MIB }, () => piece));
    await client.upload({ videoId: "big", sizeBytes: VIDEO_BYTES }, video, { timeoutMs: 120_000 });
    const { job } = await client.status("big", { timeoutMs: 10_000 });
    assertEquals(job?.sourceBytes, VIDEO_BYTES);
    const peakBytes = await peakMemory(master.child.pid, Promise.resolve());
    assert(peakBytes < MAX_MASTER_BYTES, `it had ${Math.round(peakBytes / MIB)} MiB`);
  },
});
