import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LongVideoCosts } from "./assemble_long_video.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const SCRIPT = fileURLToPath(new URL("assemble_long_video.ts", import.meta.url));
const MEGABYTE = 1_000_000;
const TWO_HOURS = Math.floor(2 * 3600 * 30_000 / 1001);

async function runScript(...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-all", "--v8-flags=--expose-gc", SCRIPT, ...args],
    stdin: "null",
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

async function costsOf(source: string, output: string, seconds: number): Promise<LongVideoCosts> {
  return JSON.parse(await runScript("copy", source, output, String(seconds)));
}

for (const extension of ["mp4", "mkv"] as const) {
  Deno.test({
    name:
      `two hours of 1080p with sound are planned, split, put together as .${extension} and checked in 300 MB`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      await using folder = await temporaryFolder();
      const path = join(folder.path, "long.mp4");
      await runScript("make", path, String(TWO_HOURS));
      const costs = await costsOf(path, join(folder.path, `out.${extension}`), 1.5);
      assertEquals([costs.frames, costs.segments], [TWO_HOURS, 3_597]);
      assert(costs.planPeakBytes < 200 * MEGABYTE, `${costs.planPeakBytes / MEGABYTE} MB after planning`);
      assert(costs.peakBytes < 300 * MEGABYTE, `${costs.peakBytes / MEGABYTE} MB in all`);
    },
  });
}

Deno.test({
  name: "5,000 chunks take hardly more memory than 500, and no more open files",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "many.mp4");
    await runScript("make", path, "15000", "3");
    const few = await costsOf(path, join(folder.path, "few.mp4"), 0.95);
    const many = await costsOf(path, join(folder.path, "many.out.mp4"), 0.05);
    assertEquals([few.segments, many.segments], [500, 5_000]);
    assertEquals([few.openFiles.length, many.openFiles.length], [2, 2]);
    // Counting them takes one, and they are counted while others are read.
    assert(Math.max(...many.openFiles) <= Math.min(...few.openFiles) + 2, `${many.openFiles} open files`);
    // What is peak is for the most part garbage, and of that there is more where a machine is busy.
    const grownBytes = many.heldBytes.map((bytes, n) => bytes - few.heldBytes[n]!);
    assert(Math.max(...grownBytes) < 8 * MEGABYTE, `${grownBytes} bytes more`); // under 2 KiB a chunk
    assert(many.peakBytes < 200 * MEGABYTE, `${many.peakBytes / MEGABYTE} MB in all`);
  },
});
