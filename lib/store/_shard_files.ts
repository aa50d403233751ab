/** The committed files of one shard, as they lie on disk. */
import { createHash } from "node:crypto";
import { ifPresent, lstatIfPresent, type Written } from "./_durable.ts";
import { describeKey, quoted, type ShardKey } from "./shard_key.ts";
import { parseMetadata, type ShardMetadata } from "./shard_metadata.ts";
import { ShardPathError, shardPaths } from "./shard_path.ts";
import { ShardCorruptError } from "./store_errors.ts";

const PIECE_BYTES = 256 * 1024;

/**
 * The committed metadata of a shard, or null if there is none.
 *
 * @throws {ShardCorruptError} If the file is no metadata, or that of another shard.
 */
export async function readMetadata(root: string, key: ShardKey): Promise<ShardMetadata | null> {
  const text = await readText(shardPaths(root, key).metadata);
  if (text === null) return null;
  const metadata = parseMetadata(text);
  if (metadata?.videoId !== key.videoId || metadata.chunkIndex !== key.chunkIndex) {
    throw new ShardCorruptError(`Cannot read ${describeKey(key)}: its metadata file is damaged`);
  }
  return metadata;
}

/**
 * Opens a shard's file, committed or not; null if there is none. Neither it nor its folder may be a link, which
 * could lead out of the store.
 *
 * @throws {ShardPathError} If one of them is.
 */
export async function openShardFile(root: string, key: ShardKey): Promise<Deno.FsFile | null> {
  const { videoDir, shard } = shardPaths(root, key);
  const [folder, file] = [await lstatIfPresent(videoDir), await lstatIfPresent(shard)];
  if (folder?.isSymlink || file?.isSymlink) {
    throw new ShardPathError(`Cannot read shard ${quoted(shard)}: there is a link on the way to it`);
  }
  return file?.isFile ? await ifPresent(() => Deno.open(shard, { read: true })) : null;
}

/** Length and checksum of a file, which is left at its start. */
export async function measure(file: Deno.FsFile, signal?: AbortSignal): Promise<Written> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  await file.seek(0, Deno.SeekMode.Start);
  const buffer = new Uint8Array(PIECE_BYTES);
  for (;;) {
    signal?.throwIfAborted();
    const count = await file.read(buffer);
    if (count === null) break;
    hash.update(buffer.subarray(0, count));
    sizeBytes += count;
  }
  await file.seek(0, Deno.SeekMode.Start);
  return { sizeBytes, sha256: hash.digest("hex") };
}

/** Null if there is nothing there; what is there and no file reads as damaged. */
async function readText(path: string): Promise<string | null> {
  try {
    return await ifPresent(() => Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.IsADirectory) return "";
    throw error;
  }
}
