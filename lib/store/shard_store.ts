/** The filesystem store of shards, which several processes on one machine may have open at once. */
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { untilAborted } from "../abort_signals.ts";
import { commit } from "./_commit.ts";
import { deleteVideo } from "./_delete_video.ts";
import { type CreateFile, createNewFile, removeIfPresent, writeNewText, type Written } from "./_durable.ts";
import { FileLock } from "./_file_lock.ts";
import { listVideo, listVideos, type StoredShard, type StoredVideo } from "./_list_shards.ts";
import { bytesOf, openShard } from "./_read_shard.ts";
import { discard, stageBytes, stagedShard, stageRecord } from "./_staged_shard.ts";
import {
  claimArea,
  prepareFolders,
  releaseArea,
  type StagingArea,
  storeLockPath,
  sweepDeadOwners,
} from "./_staging.ts";
import { checkKey, checkVideoId, describeKey, quoted, type ShardKey } from "./shard_key.ts";
import { formatMetadata, type ShardFacts, type ShardMetadata } from "./shard_metadata.ts";
import { keyFromLocation, shardPaths } from "./shard_path.ts";
import { attempting } from "./store_errors.ts";

export type { CreateFile, StoredShard, StoredVideo };

export interface StoreOptions {
  /** Who stores: written into the metadata. */
  readonly workerId: string;
  /** How the files of shards that are on their way in are opened: new, for writing. */
  readonly createFile?: CreateFile;
  /** Ends the wait for another process that commits or sweeps. */
  readonly signal?: AbortSignal;
}

export interface StoreCallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A shard that is being read. */
export interface ShardReading {
  readonly metadata: StoredShard;
  /** `metadata.encodedSize` bytes. Read it to its end or cancel it: a file is open behind it. */
  readonly bytes: ReadableStream<Uint8Array>;
}

/** An open store. What is in it is there for every process; `close` ends only our use of it. */
export interface ShardStore extends AsyncDisposable {
  /** The store's folder, absolute, with no link in it. */
  readonly root: string;

  /**
   * Stores a shard, in place of the one that has its key. Once resolved it survives a crash and a power cut; until
   * then, readers get the one before. When it fails nothing of it stays. Takes charge of the source, which is
   * read to its end or cancelled.
   *
   * @param facts Asked for after the source has ended.
   * @param options.signal Ends it up to the moment when the files are moved into place, which is seen through.
   * @throws {InvalidKeyError} If the key cannot name a shard.
   * @throws {ShardPathError} If the video's folder is a link.
   * @throws {StoreFullError} If there is no room.
   * @throws {StoreUnwritableError} If the store cannot be written.
   * @throws What the source or `facts` throws, and `options.signal.reason`, untouched.
   */
  put(
    key: ShardKey,
    source: ReadableStream<Uint8Array>,
    facts: () => Promise<ShardFacts>,
    options?: StoreCallOptions,
  ): Promise<StoredShard>;

  /**
   * Opens a shard, having checked its length and its checksum (only the length where no checksum was stored).
   *
   * @param shard Its key, or its location.
   * @param options.signal Ends the wait, and then the stream.
   * @throws {InvalidKeyError} If the key cannot name a shard.
   * @throws {ShardPathError} If the location is not one in this store, or there is a link on the way to it.
   * @throws {ShardNotFoundError} If there is no such shard.
   * @throws {ShardCorruptError} If it is not what was stored; also by the stream, if it changes meanwhile.
   */
  read(shard: ShardKey | string, options?: StoreCallOptions): Promise<ShardReading>;

  /**
   * The key of the shard at a location, which need not exist.
   *
   * @throws {ShardPathError} If it is not the location of a shard in this store.
   */
  locate(location: string): ShardKey;

  /**
   * The videos that have shards, by video_id in the order of code points; or the one named, if it has any.
   * Files that are not the store's are passed over.
   *
   * @throws {InvalidKeyError} If the name given is no video_id.
   */
  list(videoId?: string, options?: StoreCallOptions): Promise<StoredVideo[]>;

  /**
   * The shards of one video, by chunk index; empty if the store does not know it. Costs in proportion to their
   * number, however large the store.
   *
   * @throws {InvalidKeyError} If it is no video_id.
   */
  metadata(videoId: string, options?: StoreCallOptions): Promise<StoredShard[]>;

  /**
   * Removes every shard of a video.
   *
   * @returns How many there were; 0 if the store does not know the video.
   * @throws {InvalidKeyError} If it is no video_id.
   * @throws {StoreUnwritableError} If one of them cannot be removed.
   */
  deleteVideo(videoId: string, options?: StoreCallOptions): Promise<number>;

  /**
   * Writes a small file, as `put` would, and removes it.
   *
   * @throws {StoreFullError} If there is no room.
   * @throws {StoreUnwritableError} If the store cannot be written.
   */
  checkWritable(): Promise<void>;

  /**
   * Free bytes on the store's disk for a user without privileges. Needs `--allow-sys=statfs`.
   *
   * @throws {StoreUnwritableError} If the store's folder is gone.
   */
  freeBytes(): Promise<number>;

  /** Waits for the calls under way, whose signals can end them sooner, and leaves the store. */
  close(): Promise<void>;
}

/**
 * Opens the store in a folder, which is made if there is none, and settles what processes that died left in it.
 *
 * @throws {StoreFullError} If there is no room for the store's own files.
 * @throws {StoreUnwritableError} If the folder cannot be made or written.
 * @throws `options.signal.reason` once aborted.
 */
export async function openShardStore(root: string, options: StoreOptions): Promise<ShardStore> {
  options.signal?.throwIfAborted();
  return await attempting(`open the store ${quoted(root)}`, async () => {
    const path = await prepareFolders(root);
    const lock = await FileLock.open(storeLockPath(path));
    try {
      const area = await lock.run(() => enter(path), options);
      return new FileShardStore({ root: path, lock, area, options });
    } catch (error) {
      await lock.close();
      throw error;
    }
  });
}

async function enter(root: string): Promise<StagingArea> {
  await sweepDeadOwners(root);
  return await claimArea(root);
}

interface StoreParts {
  readonly root: string;
  readonly lock: FileLock;
  readonly area: StagingArea;
  readonly options: StoreOptions;
}

class FileShardStore implements ShardStore {
  readonly root: string;
  readonly #lock: FileLock;
  readonly #area: StagingArea;
  readonly #workerId: string;
  readonly #createFile: CreateFile;
  readonly #underWay = new Set<Promise<unknown>>();
  #serial = 0;
  #closed: Promise<void> | undefined;

  constructor({ root, lock, area, options }: StoreParts) {
    this.root = root;
    this.#lock = lock;
    this.#area = area;
    this.#workerId = options.workerId;
    this.#createFile = options.createFile ?? createNewFile;
  }

  async put(
    key: ShardKey,
    source: ReadableStream<Uint8Array>,
    facts: () => Promise<ShardFacts>,
    options: StoreCallOptions = {},
  ): Promise<StoredShard> {
    try {
      checkKey(key);
      return await this.#whileOpen(() => this.#put(key, source, facts, options.signal));
    } catch (error) {
      await source.cancel(error).catch(() => {}); // it has failed or ended itself unless we never came to read it
      throw error;
    }
  }

  async #put(
    key: ShardKey,
    source: ReadableStream<Uint8Array>,
    facts: () => Promise<ShardFacts>,
    signal: AbortSignal | undefined,
  ): Promise<StoredShard> {
    const attempted = `store ${describeKey(key)}`;
    const create = this.#createFile;
    const location = shardPaths(this.root, key).shard;
    const staged = stagedShard(this.#area.path, this.#serial++);
    try {
      signal?.throwIfAborted();
      const written = await stageBytes(staged, source, { attempted, create, signal });
      const metadata = this.#describe(key, written, await untilAborted(facts(), signal));
      await attempting(attempted, async () => {
        await stageRecord(staged, formatMetadata(metadata, location), create);
        await this.#lock.run(() => commit(this.root, key, staged), { signal });
      });
      return { ...metadata, location };
    } finally {
      await discard(staged).catch(() => {}); // what cannot be removed now is swept when the store is left
    }
  }

  #describe(key: ShardKey, written: Written, facts: ShardFacts): ShardMetadata {
    return {
      videoId: key.videoId,
      chunkIndex: key.chunkIndex,
      originalSize: facts.originalSize,
      encodedSize: written.sizeBytes,
      compressionRatio: facts.originalSize === 0 ? 0 : written.sizeBytes / facts.originalSize,
      workerId: this.#workerId,
      timestamp: new Date().toISOString(),
      sha256: written.sha256,
      encoder: facts.encoder,
      settings: facts.settings,
      frameCount: facts.frameCount,
    };
  }

  async read(shard: ShardKey | string, options: StoreCallOptions = {}): Promise<ShardReading> {
    const key = typeof shard === "string" ? this.locate(shard) : shard;
    checkKey(key);
    const { signal } = options;
    signal?.throwIfAborted();
    const opened = await this.#whileOpen(() => openShard(this.root, key, { lock: this.#lock, signal }));
    const location = shardPaths(this.root, key).shard;
    return { metadata: { ...opened.metadata, location }, bytes: bytesOf(opened, signal) };
  }

  locate(location: string): ShardKey {
    return keyFromLocation(this.root, location);
  }

  async list(videoId?: string, options: StoreCallOptions = {}): Promise<StoredVideo[]> {
    if (videoId === undefined) return await listVideos(this.root, options.signal);
    const shards = await this.metadata(videoId, options);
    return shards.length === 0 ? [] : [{ videoId, shards }];
  }

  async metadata(videoId: string, options: StoreCallOptions = {}): Promise<StoredShard[]> {
    checkVideoId(videoId);
    return await listVideo(this.root, videoId, options.signal);
  }

  async deleteVideo(videoId: string, options: StoreCallOptions = {}): Promise<number> {
    checkVideoId(videoId);
    const locked = () => this.#lock.run(() => deleteVideo(this.root, videoId), options);
    return await this.#whileOpen(() => attempting(`delete video ${quoted(videoId)}`, locked));
  }

  async checkWritable(): Promise<void> {
    const probe = join(this.#area.path, `${this.#serial++}.probe`);
    await this.#whileOpen(() =>
      attempting("write to the store", async () => {
        try {
          await writeNewText(probe, "probe\n", this.#createFile);
        } finally {
          await removeIfPresent(probe);
        }
      })
    );
  }

  async freeBytes(): Promise<number> {
    const disk = await attempting("measure the store's free space", () => statfs(this.root));
    return disk.bavail * disk.bsize;
  }

  close(): Promise<void> {
    return this.#closed ??= this.#leave();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #leave(): Promise<void> {
    await Promise.allSettled(this.#underWay);
    try {
      await releaseArea(this.#area);
    } finally {
      await this.#lock.close();
    }
  }

  /** Runs a call that `close` has to wait for. */
  async #whileOpen<T>(task: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) {
      throw new Error(`Cannot use the store ${quoted(this.root)}: it is closed`);
    }
    const call = task();
    this.#underWay.add(call);
    try {
      return await call;
    } finally {
      this.#underWay.delete(call);
    }
  }
}
