/**
 * Shards remembered in a folder that any number of processes may use at once:
 *
 * ```text
 * lock                          shared: for a look; exclusive: to add and remove
 * shards/<aa>/<id>.shard        the bytes; <id> is made from the key, <aa> are its first two digits
 * shards/<aa>/<id>.json         the record, written last; its time says when the shard was last used
 * running/<start>-<uuid>/       of one who has the memory open: see `memory_areas.ts`; what it is about to keep
 * ```
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { quoted } from "../store/shard_key.ts";
import { attempting, ShardCorruptError } from "../store/store_errors.ts";
import { syncDirectory, writeWhole } from "../store/write_file.ts";
import { canonicalJson } from "./canonical_json.ts";
import { fileSha256 } from "./file_sha256.ts";
import {
  type Area,
  closeArea,
  elsewhere,
  type FileElsewhere,
  ignoringAbsence,
  livingSince,
  locked,
  openArea,
} from "./memory_areas.ts";
import type {
  KeepOptions,
  MemoryOptions,
  RememberedShard,
  ShardFacts,
  ShardKey,
  ShardMemory,
} from "./shard_memory.ts";

export interface DiskMemoryOptions {
  /** What all shards together may have; those least recently used are removed above it. Default: no limit. */
  readonly maxBytes?: number | undefined;
  /** Ends the wait for others who use the memory, as it is opened and as it is disposed of. */
  readonly signal?: AbortSignal | undefined;
}

/** Disposing of it lets go of what it found and kept, and removes what is too much. */
export interface DiskMemory extends ShardMemory, AsyncDisposable {
  /** For files that go when the memory is disposed of, or, after a crash, when another one is opened. */
  readonly scratchDir: string;
}

/** Some file systems know times only to two seconds. */
const CLOCK_SLACK_MS = 2_000;
/** A part of the limit: having kept so much since the last look, it looks again whether there is too much. */
const LOOK_AGAIN = 1 / 16;

/**
 * Opens a memory, whose folder is made when absent. One for each job: what it finds and keeps is not removed by
 * anybody as long as it is open, whatever the limit.
 *
 * @throws {RangeError} If the limit is not positive. @throws {StoreFullError} @throws {StoreUnwritableError}
 * @throws `options.signal.reason` once aborted.
 */
export async function openDiskMemory(root: string, options: DiskMemoryOptions = {}): Promise<DiskMemory> {
  const { maxBytes = Infinity, signal } = options;
  if (!(maxBytes > 0)) {
    throw new RangeError(`Cannot remember ${maxBytes} bytes: it must be a positive number`);
  }
  return await attempting(`use ${JSON.stringify(root)} as a memory`, async () => {
    for (const folder of ["shards", "running"]) await Deno.mkdir(join(root, folder), { recursive: true });
    await syncDirectory(root);
    const path = await Deno.realPath(root);
    return await locked(path, { exclusive: true, signal }, async () => {
      await livingSince(path); // which removes what the dead have left
      return new OpenMemory(path, maxBytes, await openArea(path), signal);
    });
  });
}

class OpenMemory implements DiskMemory {
  readonly #root: string;
  readonly #maxBytes: number;
  readonly #area: Area;
  readonly #signal: AbortSignal | undefined;
  /** Since the last look at how much there is. */
  #keptBytes = 0;

  constructor(root: string, maxBytes: number, area: Area, signal: AbortSignal | undefined) {
    this.#root = root;
    this.#maxBytes = maxBytes;
    this.#area = area;
    this.#signal = signal;
  }

  get scratchDir(): string {
    return this.#area.path;
  }

  async find(key: ShardKey, { signal }: MemoryOptions): Promise<RememberedShard | undefined> {
    signal.throwIfAborted();
    const paths = pathsOf(this.#root, key);
    const record = await locked(this.#root, { exclusive: false, signal }, () => this.#use(paths));
    if (!record) return undefined;
    if (await isWhole(paths.shard, record, signal)) return remembered(paths, record);
    return await locked(this.#root, { exclusive: true, signal }, async () => {
      const current = await this.#use(paths); // somebody may have put another in its place meanwhile
      if (current && await isWhole(paths.shard, current, signal)) return remembered(paths, current);
      await removeEntry(paths);
      return undefined;
    });
  }

  async keep(
    key: ShardKey,
    facts: ShardFacts,
    bytes: ReadableStream<Uint8Array>,
    { check, signal }: KeepOptions,
  ): Promise<RememberedShard> {
    const staged = join(this.#area.path, `${crypto.randomUUID()}.shard`);
    try {
      const { sizeBytes, sha256 } = await writeWhole(staged, bytes, { signal });
      if (sha256 !== facts.sha256) {
        throw new ShardCorruptError(
          `Cannot keep the shard: its SHA-256 is ${sha256} instead of ${facts.sha256}`,
        );
      }
      await check?.(staged);
      const record = await this.#commit(staged, pathsOf(this.#root, key), { ...facts, sizeBytes }, signal);
      this.#keptBytes += sizeBytes;
      if (this.#keptBytes > this.#maxBytes * LOOK_AGAIN) await this.#removeTooMuch(signal);
      return record;
    } finally {
      await ignoringAbsence(() => Deno.remove(staged));
    }
  }

  async forget(key: ShardKey, { signal }: MemoryOptions): Promise<void> {
    await locked(this.#root, { exclusive: true, signal }, () => removeEntry(pathsOf(this.#root, key)));
  }

  async temporaryFor(target: string): Promise<FileElsewhere> {
    return await attempting(`make files beside ${quoted(target)}`, () => elsewhere(this.#area, target));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeArea(this.#area);
    if (this.#keptBytes === 0 || this.#signal?.aborted) return;
    try {
      await this.#removeTooMuch(this.#signal);
    } catch (error) {
      if (!this.#signal?.aborted) throw error; // the next one removes it
    }
  }

  /** The record, from now on protected as in use; undefined: there is none that can be read. */
  async #use(paths: EntryPaths): Promise<ShardRecord | undefined> {
    const text = await ignoringAbsence(() => Deno.readTextFile(paths.record));
    const record = text === undefined ? undefined : parseRecord(text);
    if (!record) return undefined;
    const now = new Date(Math.max(Date.now(), this.#area.startMs)); // clocks are set back at times
    await Deno.utime(paths.record, now, now);
    return record;
  }

  async #commit(
    staged: string,
    paths: EntryPaths,
    facts: Omit<RememberedShard, "path">,
    signal: AbortSignal,
  ): Promise<RememberedShard> {
    return await attempting(
      "remember a shard",
      () =>
        locked(this.#root, { exclusive: true, signal }, async () => {
          const earlier = await this.#use(paths);
          const size = (await ignoringAbsence(() => Deno.stat(paths.shard)))?.size;
          if (earlier && size === earlier.size_bytes) return remembered(paths, earlier);
          await this.#makeFolder(dirname(paths.shard));
          await Deno.rename(staged, paths.shard);
          const record = toRecord(facts);
          const text = new Blob([`${JSON.stringify(record)}\n`]).stream();
          await writeWhole(paths.record, text); // and with it the folder, with both names
          await this.#use(paths); // with a time of ours: the file system's clock may be another
          return remembered(paths, record);
        }),
    );
  }

  async #makeFolder(path: string): Promise<void> {
    try {
      await Deno.mkdir(path);
      await syncDirectory(dirname(path));
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }

  async #removeTooMuch(signal: AbortSignal | undefined): Promise<void> {
    this.#keptBytes = 0;
    if (this.#maxBytes === Infinity) return;
    await locked(this.#root, { exclusive: true, signal }, () => removeOldest(this.#root, this.#maxBytes));
  }
}

interface EntryPaths {
  readonly shard: string;
  readonly record: string;
}

function pathsOf(root: string, key: ShardKey): EntryPaths {
  const id = createHash("sha256").update(canonicalJson(key)).digest("hex");
  const stem = join(root, "shards", id.slice(0, 2), id);
  return { shard: `${stem}.shard`, record: `${stem}.json` };
}

const ShardRecordSchema = v.object({
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  size_bytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  frames: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  worker_id: v.string(),
  attempt: v.pipe(v.number(), v.safeInteger()),
  encode_seconds: v.number(),
  notes: v.array(v.string()),
});
type ShardRecord = v.InferOutput<typeof ShardRecordSchema>;

function toRecord(facts: Omit<RememberedShard, "path">): ShardRecord {
  return {
    sha256: facts.sha256,
    size_bytes: facts.sizeBytes,
    frames: facts.frameCount,
    worker_id: facts.workerId,
    attempt: facts.attempt,
    encode_seconds: facts.encodeSeconds,
    notes: [...facts.notes],
  };
}

function remembered({ shard }: EntryPaths, record: ShardRecord): RememberedShard {
  return {
    path: shard,
    sha256: record.sha256,
    sizeBytes: record.size_bytes,
    frameCount: record.frames,
    workerId: record.worker_id,
    attempt: record.attempt,
    encodeSeconds: record.encode_seconds,
    notes: record.notes,
  };
}

function parseRecord(text: string): ShardRecord | undefined {
  try {
    return v.parse(ShardRecordSchema, JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof v.ValiError) return undefined;
    throw error;
  }
}

async function isWhole(
  path: string,
  { sha256, size_bytes }: ShardRecord,
  signal: AbortSignal,
): Promise<boolean> {
  const size = (await ignoringAbsence(() => Deno.stat(path)))?.size;
  if (size !== size_bytes) return false;
  return await ignoringAbsence(() => fileSha256(path, { signal })) === sha256;
}

/** The record first: a shard without one is not there. */
async function removeEntry({ shard, record }: EntryPaths): Promise<void> {
  for (const path of [record, shard]) await ignoringAbsence(() => Deno.remove(path));
}

interface Entry extends EntryPaths {
  readonly usedMs: number;
  readonly sizeBytes: number;
}

/** Removes what was used longest ago, and by nobody who is at work now. The memory's lock must be held exclusively. */
async function removeOldest(root: string, maxBytes: number): Promise<void> {
  const freeBeforeMs = Math.min(Date.now(), await livingSince(root)) - CLOCK_SLACK_MS;
  const entries = await Array.fromAsync(entriesOf(root));
  let total = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  entries.sort((a, b) => a.usedMs - b.usedMs);
  for (const entry of entries) {
    if (total <= maxBytes || entry.usedMs >= freeBeforeMs) return;
    await removeEntry(entry);
    total -= entry.sizeBytes;
  }
}

async function* entriesOf(root: string): AsyncGenerator<Entry, void, undefined> {
  for await (const folder of Deno.readDir(join(root, "shards"))) {
    if (!folder.isDirectory) continue;
    for await (const { name } of Deno.readDir(join(root, "shards", folder.name))) {
      if (!name.endsWith(".shard")) continue;
      const shard = join(root, "shards", folder.name, name);
      const record = shard.replace(/shard$/, "json");
      const used = await ignoringAbsence(() => Deno.stat(record));
      // Without a record it was left by a crash, and nobody can find it.
      yield { shard, record, usedMs: used?.mtime?.getTime() ?? 0, sizeBytes: (await Deno.stat(shard)).size };
    }
  }
}
