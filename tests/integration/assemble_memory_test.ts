import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LongVideoCosts } from "./assemble_long_video.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const SCRIPT = fileURLToPath(new URL("assemble_long_video.ts", import.meta.url));
const MEBIBYTE = 1024 * 1024;

async function runScript(...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-all", SCRIPT, ...args],
    stdin: "null",
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test({
  name: "two hours of 1080p are planned in seconds, and copied through 3,600 chunks, in bounded memory",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "long.mp4");
    await runScript(path);
    const costs: LongVideoCosts = JSON.parse(await runScript(path, join(folder.path, "out.mkv")));
    assertEquals([costs.frames, costs.segments], [215_784, 3_597]);
    assert(costs.planSeconds < 10, `planning took ${costs.planSeconds} s`);
    assert(costs.planPeakBytes < 300 * MEBIBYTE, `${costs.planPeakBytes / MEBIBYTE} MiB after planning`);
    assert(costs.peakBytes < 400 * MEBIBYTE, `${costs.peakBytes / MEBIBYTE} MiB in all`);
  },
});
