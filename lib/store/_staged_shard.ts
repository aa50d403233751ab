/** One shard on its way in: written and on disk in its owner's folder, not yet in the store. */
import { join } from "node:path";
import {
  type CreateFile,
  removeIfPresent,
  syncDirectory,
  writeNewText,
  writeStream,
  type Written,
} from "./_durable.ts";
import { attempting } from "./store_errors.ts";

/** The files of one shard on its way in. */
export interface StagedShard {
  /** The owner's folder, where the others lie. */
  readonly area: string;
  readonly shard: string;
  /** The metadata as it will be: where the shard in place is the one it tells of, it has to follow. */
  readonly record: string;
  /** The metadata while it is being written. */
  readonly draft: string;
  /** What the shard replaces, until it is committed. */
  readonly previous: string;
}

/** @param serial Of this shard among those of its owner. */
export function stagedShard(area: string, serial: number): StagedShard {
  const path = (ending: string) => join(area, `${serial}.${ending}`);
  return {
    area,
    shard: path("shard"),
    record: path("json"),
    draft: path("json.tmp"),
    previous: path("previous"),
  };
}

/** The shard whose record has this file name, or null if it is not the name of one. */
export function stagedShardOf(area: string, recordName: string): StagedShard | null {
  const serial = recordName.match(/^(\d+)\.json$/)?.[1];
  return serial === undefined ? null : stagedShard(area, Number(serial));
}

/** Writes the shard's bytes, which are on disk once resolved. */
export async function stageBytes(
  staged: StagedShard,
  source: ReadableStream<Uint8Array>,
  options: { attempted: string; create: CreateFile; signal?: AbortSignal | undefined },
): Promise<Written> {
  const { attempted, create } = options;
  using file = await attempting(attempted, () => create(staged.shard));
  const written = await writeStream(file, source, options);
  await attempting(attempted, () => file.sync());
  return written;
}

/** Writes the shard's record, which is on disk, and whole, from the moment it has its name. */
export async function stageRecord(staged: StagedShard, text: string, create: CreateFile): Promise<void> {
  await writeNewText(staged.draft, text, create);
  await Deno.rename(staged.draft, staged.record);
  await syncDirectory(staged.area);
}

/** Removes what is left of a shard that is in the store by now, or will not get there. */
export async function discard(staged: StagedShard): Promise<void> {
  // Where the shard has been moved, a record that is left is needed: the commit neither ended nor could be undone.
  if (await removeIfPresent(staged.shard)) await removeIfPresent(staged.record);
  await removeIfPresent(staged.draft);
  await removeIfPresent(staged.previous);
}
