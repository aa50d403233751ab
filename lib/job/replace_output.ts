/** An output that takes the place of an older one only once it is as it should be. */
import { dirname } from "node:path";
import { syncDirectory } from "../store/write_file.ts";
import { ignoringAbsence } from "./memory_areas.ts";
import { proofPathOf } from "./proof.ts";
import type { MemoryOptions, ShardMemory } from "./shard_memory.ts";

export interface ReplaceOptions extends MemoryOptions {
  /** Keeps the other name. */
  readonly memory: Pick<ShardMemory, "temporaryFor">;
}

/**
 * Has an output made, and checked, under another name, and then gives it its own. The proof of an older output of that
 * name goes with it: rather none than one of another.
 *
 * @param make Its file's name has the output's extension, which chooses the container.
 * @throws What `make` does; `options.signal.reason` once aborted. The older output stays then, its proof too, and
 * nothing else is left behind.
 */
export async function replaceOutput<T>(
  outputPath: string,
  { memory, signal }: ReplaceOptions,
  make: (path: string) => Promise<T>,
): Promise<T> {
  await using temporary = await memory.temporaryFor(outputPath);
  const { path } = temporary;
  const made = await make(path);
  signal.throwIfAborted();
  await ignoringAbsence(() => Deno.remove(proofPathOf(outputPath)));
  await Deno.rename(path, outputPath);
  await syncDirectory(dirname(outputPath)); // so that the name survives a power cut
  return made;
}
