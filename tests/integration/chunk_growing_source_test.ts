/** Files that are still being written, as far as they have come. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { planSource, segmentChunks } from "../../lib/chunk/keyframe_segments.ts";
import { SourceError } from "../../lib/chunk/source_error.ts";
import { openSource, type OpenSourceOptions } from "../../lib/chunk/source_file.ts";
import { videoFile } from "./assemble_fixture.ts";
import { GROWING_SOURCES, SECONDS, VIDEO } from "./growing_sources.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** SHA-256 of each second's chunk; none where the file cannot be read yet. */
async function chunksOf(path: string, options: OpenSourceOptions = {}): Promise<string[]> {
  try {
    using source = await openSource(path, options);
    const plan = await planSource(source, { kind: "seconds", seconds: 1 }, { hidden: "drop" });
    const chunks = await Array.fromAsync(segmentChunks(source, plan));
    return chunks.map(({ bytes }) => createHash("sha256").update(bytes).digest("hex"));
  } catch (error) {
    if (options.isGrowing && error instanceof SourceError) return [];
    throw error;
  }
}

const CUTS = Array.from({ length: 23 }, (_, n) => (n + 1) / 24);

for (const [name, sourceIn] of Object.entries(GROWING_SOURCES)) {
  Deno.test(`of ${name} that grows, all chunks but the last two are those of the whole`, async () => {
    await using folder = await temporaryFolder();
    const bytes = await Deno.readFile(await sourceIn(folder.path));
    const path = join(folder.path, "whole");
    await Deno.writeFile(path, bytes);
    const whole = await chunksOf(path);
    assertEquals(whole.length, SECONDS);
    const counts: number[] = [];
    for (const part of CUTS) {
      await Deno.writeFile(path, bytes.subarray(0, bytes.length * part));
      const settled = (await chunksOf(path, { isGrowing: true })).slice(0, -2);
      assertEquals(settled, whole.slice(0, settled.length));
      counts.push(settled.length);
    }
    assertEquals(counts, counts.toSorted((a, b) => a - b));
    assert(counts.at(-1)! >= SECONDS - 4, `${counts}`);
    assert(counts[11]! >= SECONDS / 2 - 4, `${counts}`);
    await Deno.writeFile(path, bytes);
    assertEquals(await chunksOf(path, { isGrowing: true }), whole);
  });
}

Deno.test("an MP4 with its index at the end cannot be read while it grows", async () => {
  await using folder = await temporaryFolder();
  const path = await videoFile(folder.path, "source.mp4", { ...VIDEO, layout: "moov-last" });
  const bytes = await Deno.readFile(path);
  await Deno.writeFile(path, bytes.subarray(0, bytes.length * 0.9));
  await assertRejects(() => openSource(path, { isGrowing: true }), SourceError);
});

Deno.test("a file that ends too early is refused, unless it is said to grow", async () => {
  await using folder = await temporaryFolder();
  const path = await videoFile(folder.path, "source.mkv", VIDEO);
  await Deno.truncate(path, 100_000);
  await assertRejects(() => openSource(path), SourceError, "truncated");
  using source = await openSource(path, { isGrowing: true });
  assertEquals(source.path, path);
});
