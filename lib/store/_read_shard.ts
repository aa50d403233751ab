/** Reads shards: every byte checked before the first is handed out. */
import { createHash } from "node:crypto";
import type { FileLock } from "./_file_lock.ts";
import { measure, openShardFile, readMetadata } from "./_shard_files.ts";
import { sweepDeadOwners } from "./_staging.ts";
import { describeKey, type ShardKey } from "./shard_key.ts";
import type { ShardMetadata } from "./shard_metadata.ts";
import { attempting, ShardCorruptError, ShardNotFoundError } from "./store_errors.ts";

/** A shard's file, open at its start, and the metadata that goes with it. */
export interface OpenedShard {
  readonly metadata: ShardMetadata;
  readonly file: Deno.FsFile;
}

const PIECE_BYTES = 256 * 1024;

/**
 * Opens a shard and checks all of it. No lock is taken unless the shard and its metadata do not agree: then
 * a commit may be between its two renames, or died there. Under the lock nobody is, and the dead are settled,
 * so that what disagrees after that is damaged.
 *
 * @throws {ShardNotFoundError} If it is not in the store.
 * @throws {ShardPathError} If there is a link on the way to it.
 * @throws {ShardCorruptError} If it is not what was stored.
 */
export async function openShard(
  root: string,
  key: ShardKey,
  options: { lock: FileLock; signal?: AbortSignal | undefined },
): Promise<OpenedShard> {
  const { lock, signal } = options;
  try {
    return await checked(await openPair(root, key), signal);
  } catch (error) {
    if (!(error instanceof ShardCorruptError)) throw error;
  }
  const settled = await lock.run(async () => {
    await attempting(`settle ${describeKey(key)}`, () => sweepDeadOwners(root));
    return await openPair(root, key);
  }, { signal });
  return await checked(settled, signal);
}

/**
 * The bytes of an opened shard, whose file is closed at the end, on cancel, and on abort. They are checked once
 * more on their way, and the last ones held back until that is done: another program may write into the file.
 *
 * @throws {ShardCorruptError} (by the stream) If the file has changed under our eyes.
 */
export function bytesOf(shard: OpenedShard, signal?: AbortSignal): ReadableStream<Uint8Array> {
  const pieces = checkedPieces(shard);
  let isOver = false;
  let onAbort = () => {};
  const end = () => {
    if (isOver) return;
    isOver = true;
    signal?.removeEventListener("abort", onAbort);
    shard.file.close();
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      onAbort = () => {
        end();
        controller.error(signal?.reason);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      if (signal?.aborted) onAbort();
    },
    async pull(controller) {
      try {
        const { value, done } = await pieces.next();
        if (isOver) return;
        if (!done) return controller.enqueue(value);
        end();
        controller.close();
      } catch (error) {
        if (isOver) return; // the file was closed while it was being read
        end();
        controller.error(error);
      }
    },
    cancel: end,
  }, { highWaterMark: 0 });
}

async function openPair(root: string, key: ShardKey): Promise<OpenedShard> {
  const metadata = await readMetadata(root, key);
  const file = metadata && await openShardFile(root, key);
  if (!metadata || !file) throw new ShardNotFoundError(`Cannot read ${describeKey(key)}: no such shard`);
  return { metadata, file };
}

/** Closes the file of a shard that is not what its metadata says. */
async function checked(shard: OpenedShard, signal: AbortSignal | undefined): Promise<OpenedShard> {
  try {
    await check(shard, signal);
    return shard;
  } catch (error) {
    shard.file.close();
    throw error;
  }
}

async function check({ metadata, file }: OpenedShard, signal: AbortSignal | undefined): Promise<void> {
  const { size } = await file.stat();
  if (size !== metadata.encodedSize) {
    throw corrupt(metadata, `it has ${size} bytes, and ${metadata.encodedSize} were stored`);
  }
  if (metadata.sha256 === undefined) return; // stored by a program that keeps none
  if ((await measure(file, signal)).sha256 !== metadata.sha256) {
    throw corrupt(metadata, "its checksum is wrong");
  }
}

async function* checkedPieces({ metadata, file }: OpenedShard): AsyncGenerator<Uint8Array, void> {
  const hash = createHash("sha256");
  for (let left = metadata.encodedSize; left > 0;) {
    const buffer = new Uint8Array(Math.min(left, PIECE_BYTES));
    const count = await file.read(buffer);
    if (count === null) throw corrupt(metadata, "it has become shorter");
    const piece = buffer.subarray(0, count);
    hash.update(piece);
    left -= count;
    const isChanged = left === 0 && metadata.sha256 !== undefined && hash.digest("hex") !== metadata.sha256;
    if (isChanged) throw corrupt(metadata, "it has changed while it was read");
    yield piece;
  }
}

function corrupt(key: ShardKey, why: string): ShardCorruptError {
  return new ShardCorruptError(`Cannot read ${describeKey(key)}: ${why}`);
}
