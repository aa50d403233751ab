import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ShardStore } from "../../lib/store/shard_store.ts";
import { filesOf, labelOf, open, storedFiles, temporaryFolder } from "./store_fixture.ts";

Deno.test.sanitizer({ ops: true, resources: true });

const ROUNDS = 12;
const OVERWRITER = fileURLToPath(new URL("./store_overwriter.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const KEYS = [0, 1, 2].map((chunkIndex) => ({ videoId: "v", chunkIndex }));

/** Lets a process overwrite shards, and kills it after some lines. @returns Every line that it printed. */
async function overwriteUntilKilled(root: string, first: number, lineCount: number): Promise<string[]> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", CONFIG, OVERWRITER, root, `${first}`],
    stdout: "piped",
  }).spawn();
  let text = "";
  let isKilled = false;
  for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (isKilled || text.split("\n").length <= lineCount) continue;
    isKilled = true;
    child.kill("SIGKILL");
  }
  assertEquals((await child.status).signal, "SIGKILL", "it was alive until then");
  return text.split("\n").slice(0, -1);
}

async function versions(store: ShardStore): Promise<number[]> {
  return await Promise.all(KEYS.map(async (key) => Number(await labelOf(store, key) ?? -1)));
}

Deno.test({
  name: "Every shard that a killed process acknowledged, or a later one, is there whole",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await temporaryFolder();
    // Open all the while: its reads have to settle what the dead left, as the next start does.
    await using neighbour = await open(folder.path);
    const acknowledged = [-1, -1, -1];
    for (let round = 0; round < ROUNDS; round++) {
      const first = Math.max(...await versions(neighbour)) + 1;
      const lines = await overwriteUntilKilled(folder.path, first, 1 + Math.floor(Math.random() * 12));
      for (const line of lines) {
        const [chunkIndex = 0, version = 0] = line.split(" ").map(Number);
        acknowledged[chunkIndex] = version;
      }
      if (round % 2 === 0) await (await open(folder.path)).close();
      const found = await versions(neighbour);
      found.forEach((version, index) => {
        const wanted = acknowledged[index] ?? 0;
        assert(version >= wanted, `chunk ${index}: version ${wanted} was acknowledged, ${version} is there`);
      });
      assertEquals(
        (await neighbour.metadata("v")).map((shard) => Number(shard.encoder)),
        found.filter((n) => n >= 0),
      );
    }
    await using _reopened = await open(folder.path);
    assertEquals(await storedFiles(folder.path), KEYS.flatMap(filesOf).sort());
    const owners = await Array.fromAsync(Deno.readDir(join(folder.path, "metadata", ".staging")));
    assertEquals(owners.length, 3, "there is the lock, and the folders of the two stores that are open");
  },
});
