/**
 * Overwrites three shards of a store over and over until it is killed, and prints the version of each one that was
 * acknowledged, as "<chunk_index> <version>". Arguments: the store's folder, and the first version.
 */
import { open, putLabelled } from "./store_fixture.ts";

const [root = "", first = "0"] = Deno.args;
const store = await open(root);
const overwrite = async (chunkIndex: number) => {
  for (let version = Number(first);; version++) {
    await putLabelled(store, { videoId: "v", chunkIndex }, `${version}`, 1000 + (version % 7) * 40_000);
    await Deno.stdout.write(new TextEncoder().encode(`${chunkIndex} ${version}\n`));
  }
};
await Promise.all([0, 1, 2].map(overwrite));
