import { assert, assertEquals, assertRejects } from "@std/assert";
import { dirname, join } from "node:path";
import { FileLock } from "../../lib/store/_file_lock.ts";
import { storeLockPath } from "../../lib/store/_staging.ts";
import type { ShardKey } from "../../lib/store/shard_key.ts";
import type { ShardStore } from "../../lib/store/shard_store.ts";
import { formatMetadata } from "../../lib/store/shard_metadata.ts";
import { ShardCorruptError } from "../../lib/store/store_errors.ts";
import {
  contentOf,
  factsOf,
  filesBelow,
  filesOf,
  KEY,
  labelOf,
  open,
  putLabelled,
  sha256,
  storedFiles,
  temporaryFolder,
} from "./store_fixture.ts";

Deno.test.sanitizer({ ops: true, resources: true });

/** The text of the metadata of a shard that {@linkcode putLabelled} would store. */
async function recordOf(root: string, key: ShardKey, label: string): Promise<string> {
  const content = contentOf(label);
  return formatMetadata({
    ...key,
    ...await factsOf(label)(),
    encodedSize: content.length,
    compressionRatio: content.length / 6000,
    workerId: "worker-2",
    timestamp: "2024-05-06T07:08:09.123Z",
    sha256: sha256(content),
  }, join(root, key.videoId, `chunk_${key.chunkIndex}.shard`));
}

/** The folder of an owner who died, with these files. */
async function deadOwner(root: string, files: Record<string, string | Uint8Array>): Promise<string> {
  const area = join(root, "metadata", ".staging", crypto.randomUUID());
  await Deno.mkdir(area);
  for (const [name, content] of Object.entries(files)) {
    await Deno.writeFile(
      join(area, name),
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
  }
  return area;
}

async function placeShard(root: string, key: ShardKey, label: string): Promise<void> {
  const path = join(root, ...(filesOf(key)[1] ?? "").split("/"));
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeFile(`${path}.new`, contentOf(label));
  await Deno.rename(`${path}.new`, path);
}

async function isGone(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => false, (error) => error instanceof Deno.errors.NotFound);
}

/** A source that waits in the middle until it is told to go on. */
function gatedSource(content: Uint8Array): {
  readonly source: ReadableStream<Uint8Array>;
  readonly isHalfRead: Promise<void>;
  readonly goOn: () => void;
} {
  const half = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield content.slice(0, 1000);
    half.resolve();
    await gate.promise;
    yield content.slice(1000);
  }
  return { source: ReadableStream.from(pieces()), isHalfRead: half.promise, goOn: gate.resolve };
}

Deno.test("openShardStore() does not touch what a living owner has in flight", async () => {
  await using folder = await temporaryFolder();
  await using one = await open(folder.path);
  const { source, isHalfRead, goOn } = gatedSource(contentOf("one"));
  const put = one.put(KEY, source, factsOf("one"));
  await isHalfRead;
  await using two = await open(folder.path);
  assertEquals((await storedFiles(folder.path)).length, 1, "the shard in flight");
  goOn();
  await put;
  assertEquals(await labelOf(two, KEY), "one");
});

interface Leftovers {
  readonly name: string;
  /** What is committed before the owner starts. */
  readonly committed: string | null;
  /** Files in the dead owner's folder. */
  readonly files: (root: string) => Promise<Record<string, string | Uint8Array>>;
  /** The shard that the owner moved into place, if it came to that. */
  readonly moved: string | null;
  /** What somebody else committed since. */
  readonly since?: string;
  readonly expected: string | null;
}

const LEFTOVERS: readonly Leftovers[] = [
  {
    name: "half a shard",
    committed: "old",
    files: () => Promise.resolve({ "lock": "", "0.shard": "ne" }),
    moved: null,
    expected: "old",
  },
  {
    name: "a shard and half its record",
    committed: "old",
    files: () => Promise.resolve({ "lock": "", "0.shard": contentOf("new"), "0.json.tmp": "{" }),
    moved: null,
    expected: "old",
  },
  {
    name: "a shard and its record, not yet moved",
    committed: "old",
    files: async (root) => ({
      "lock": "",
      "12.shard": contentOf("new"),
      "12.json": await recordOf(root, KEY, "new"),
    }),
    moved: null,
    expected: "old",
  },
  {
    name: "a shard not yet moved that would have been the first",
    committed: null,
    files: async (root) => ({
      "lock": "",
      "0.shard": contentOf("new"),
      "0.json": await recordOf(root, KEY, "new"),
    }),
    moved: null,
    expected: null,
  },
  {
    name: "a shard that was moved and its record that was not",
    committed: "old",
    files: async (root) => ({
      "lock": "",
      "0.json": await recordOf(root, KEY, "new"),
      "0.previous": contentOf("old"),
    }),
    moved: "new",
    expected: "new",
  },
  {
    name: "a first shard that was moved and its record that was not",
    committed: null,
    files: async (root) => ({ "lock": "", "0.json": await recordOf(root, KEY, "new") }),
    moved: "new",
    expected: "new",
  },
  {
    name: "a record whose shard has been overwritten since",
    committed: "old",
    files: async (root) => ({ "lock": "", "0.json": await recordOf(root, KEY, "new") }),
    moved: "new",
    since: "newer",
    expected: "newer",
  },
  {
    name: "a folder without the lock in it",
    committed: "old",
    files: () => Promise.resolve({}),
    moved: null,
    expected: "old",
  },
  {
    name: "a damaged record",
    committed: "old",
    files: () => Promise.resolve({ "lock": "", "0.json": "{" }),
    moved: null,
    expected: "old",
  },
  {
    name: "a record that leads out of the store",
    committed: "old",
    files: async (root) => ({
      "lock": "",
      "0.json": await recordOf(root, { videoId: "../x", chunkIndex: 0 }, "new"),
    }),
    moved: null,
    expected: "old",
  },
];

for (const { name, committed, files, moved, since, expected } of LEFTOVERS) {
  Deno.test(`openShardStore() settles what a dead owner left: ${name}`, async () => {
    await using folder = await temporaryFolder();
    await Deno.mkdir(join(folder.path, "x"));
    await using neighbour = await open(join(folder.path, "root"));
    const { root } = neighbour;
    if (committed !== null) await putLabelled(neighbour, KEY, committed);
    const area = await deadOwner(root, await files(root));
    if (moved !== null) await placeShard(root, KEY, moved);
    if (since !== undefined) await putLabelled(neighbour, KEY, since);

    await using store = await open(root);
    assertEquals(await labelOf(store, KEY), expected);
    assertEquals(
      (await store.metadata("v")).map((shard) => shard.encoder),
      expected === null ? [] : [expected],
    );
    assert(await isGone(area), "its folder is gone");
    assertEquals(await storedFiles(root), expected === null ? [] : filesOf(KEY));
    assert(!await isGone(join(folder.path, "x")), "what lies outside is left alone");
  });
}

Deno.test("openShardStore() keeps the committed metadata where a dead owner stored the same bytes again", async () => {
  await using folder = await temporaryFolder();
  await using neighbour = await open(folder.path);
  await putLabelled(neighbour, KEY, "same");
  await deadOwner(folder.path, { "lock": "", "0.json": await recordOf(folder.path, KEY, "same") });
  await using store = await open(folder.path);
  assertEquals((await store.metadata("v"))[0]?.workerId, "worker-1");
});

Deno.test("openShardStore() does not give a damaged shard the metadata of a dead owner's", async () => {
  await using folder = await temporaryFolder();
  await using neighbour = await open(folder.path);
  await putLabelled(neighbour, KEY, "old");
  await deadOwner(folder.path, { "lock": "", "0.json": await recordOf(folder.path, KEY, "new") });
  await placeShard(folder.path, KEY, "damaged");
  await using store = await open(folder.path);
  await assertRejects(() => store.read(KEY), ShardCorruptError);
  assertEquals((await store.metadata("v"))[0]?.encoder, "old");
});

Deno.test("ShardStore.read() settles a commit whose owner died between its two renames", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  await putLabelled(store, KEY, "old");
  const area = await deadOwner(folder.path, {
    "lock": "",
    "0.json": await recordOf(folder.path, KEY, "new"),
  });
  await placeShard(folder.path, KEY, "new");
  assertEquals(await labelOf(store, KEY), "new");
  assert(await isGone(area), "its folder is gone");
});

/** Tells when somebody is about to wait for the lock on a file. */
function whenLockIsAsked(): Disposable & { readonly asked: Promise<void>; readonly had: Promise<void> } {
  const { lock } = Deno.FsFile.prototype;
  const asked = Promise.withResolvers<void>();
  const had = Promise.withResolvers<void>();
  Deno.FsFile.prototype.lock = function (exclusive) {
    asked.resolve();
    const locking = lock.call(this, exclusive);
    had.resolve(locking);
    return locking;
  };
  const restore = () => void (Deno.FsFile.prototype.lock = lock);
  return { asked: asked.promise, had: had.promise, [Symbol.dispose]: restore };
}

Deno.test("ShardStore.read() waits for a commit that is between its two renames", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  await putLabelled(store, KEY, "old");
  const committer = await FileLock.open(storeLockPath(folder.path));
  let reading: Promise<string | null> | undefined;
  await committer.run(async () => {
    await placeShard(folder.path, KEY, "new");
    using watch = whenLockIsAsked();
    reading = labelOf(store, KEY);
    await watch.asked;
    const metadata = join(folder.path, "metadata", "v_chunk_0_metadata.json");
    await Deno.writeTextFile(metadata, await recordOf(folder.path, KEY, "new"));
  });
  assertEquals(await reading, "new");
  await committer.close();
});

const waits: Record<string, (store: ShardStore, signal: AbortSignal) => Promise<unknown>> = {
  "ShardStore.put()": (store, signal) =>
    store.put(KEY, ReadableStream.from([contentOf("new")]), factsOf("new"), { signal }),
  "ShardStore.read()": (store, signal) => store.read(KEY, { signal }),
  "ShardStore.deleteVideo()": (store, signal) => store.deleteVideo("v", { signal }),
  "openShardStore()": (store, signal) => open(store.root, { signal }),
};

for (const [name, call] of Object.entries(waits)) {
  Deno.test(`${name} stops waiting for another process when aborted`, async () => {
    await using folder = await temporaryFolder();
    await using store = await open(folder.path);
    await putLabelled(store, KEY, "old");
    await placeShard(folder.path, KEY, "torn");
    const other = await FileLock.open(storeLockPath(folder.path));
    const stop = new AbortController();
    const reason = new Error("caller is gone");
    let late: Promise<void> | undefined;
    await other.run(async () => {
      using watch = whenLockIsAsked();
      const waiting = call(store, stop.signal);
      await watch.asked;
      late = watch.had;
      stop.abort(reason);
      assertEquals(await assertRejects(() => waiting), reason);
    });
    await other.close();
    await late; // nobody else waits for it
    assertEquals(await storedFiles(folder.path), filesOf(KEY));
    await assertRejects(() => store.read(KEY), ShardCorruptError);
    await putLabelled(store, KEY, "new");
    assertEquals(await labelOf(store, KEY), "new");
  });
}

Deno.test("Two stores that overwrite the same shards show every reader a whole one", async () => {
  await using folder = await temporaryFolder();
  await using one = await open(folder.path);
  await using two = await open(folder.path);
  const keys = [KEY, { videoId: "v", chunkIndex: 1 }];
  await Promise.all(keys.map((key) => putLabelled(one, key, "first")));
  let isOver = false;
  const writers = [one, two].map(async (store, writer) => {
    for (let version = 0; version < 25; version++) {
      // One length for all: what is torn has to be found by its content.
      await Promise.all(keys.map((key) => putLabelled(store, key, `${writer}.${version}`, 100_000)));
    }
  });
  const seen = new Set<string | null>();
  const readers = [one, two].map(async (store) => {
    while (!isOver) for (const key of keys) seen.add(await labelOf(store, key));
  });
  await Promise.all(writers);
  isOver = true;
  await Promise.all(readers);
  assert(seen.size > 3 && !seen.has(null), `readers came in between: ${seen.size} versions`);
  assertEquals(await storedFiles(folder.path), keys.flatMap(filesOf).sort());
});

Deno.test("FileLock.run() lets one task at a time through, whichever lock on the file it comes by", async () => {
  await using folder = await temporaryFolder();
  const locks = [
    await FileLock.open(join(folder.path, "lock")),
    await FileLock.open(join(folder.path, "lock")),
  ];
  let inside = 0;
  const tasks = locks.flatMap((lock) =>
    Array.from({ length: 10 }, () =>
      lock.run(async () => {
        assertEquals(++inside, 1);
        await filesBelow(folder.path);
        inside--;
      }))
  );
  await Promise.all(tasks);
  for (const lock of locks) await lock.close();
});

Deno.test("FileLock.run() keeps the order of its callers, whatever becomes of those before", async () => {
  await using folder = await temporaryFolder();
  const lock = await FileLock.open(join(folder.path, "lock"));
  const stop = new AbortController();
  const gate = Promise.withResolvers<void>();
  const order: string[] = [];
  const first = lock.run(async () => {
    await gate.promise;
    order.push("first");
  });
  const aborted = lock.run(() => Promise.resolve(order.push("aborted")), { signal: stop.signal });
  const failing = lock.run(() => {
    order.push("failing");
    return Promise.reject(new Error("task failed"));
  });
  const last = lock.run(() => Promise.resolve(order.push("last")));
  stop.abort(new Error("gave up"));
  await assertRejects(() => aborted, Error, "gave up");
  gate.resolve();
  await first;
  await assertRejects(() => failing, Error, "task failed");
  await last;
  assertEquals(order, ["first", "failing", "last"]);
  await lock.close();
});

Deno.test("FileLock lets go of a lock that comes after its caller gave up", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "lock");
  const [holder, waiter] = [await FileLock.open(path), await FileLock.open(path)];
  const stop = new AbortController();
  await holder.run(async () => {
    using watch = whenLockIsAsked();
    const waiting = waiter.run(() => Promise.reject(new Error("must not run")), { signal: stop.signal });
    await watch.asked;
    stop.abort(new Error("gave up"));
    await assertRejects(() => waiting, Error, "gave up");
  });
  assertEquals(await holder.run(() => Promise.resolve("had again")), "had again");
  assertEquals(await waiter.run(() => Promise.resolve("had too")), "had too");
  await holder.close();
  await waiter.close();
});

Deno.test("FileLock.close() does not wait for a lock that its caller gave up", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "lock");
  const [holder, waiter] = [await FileLock.open(path), await FileLock.open(path)];
  const stop = new AbortController();
  let late: Promise<void> | undefined;
  await holder.run(async () => {
    using watch = whenLockIsAsked();
    const waiting = waiter.run(() => Promise.resolve(), { signal: stop.signal });
    await watch.asked;
    late = watch.had;
    stop.abort(new Error("gave up"));
    await assertRejects(() => waiting, Error, "gave up");
    await waiter.close();
  });
  await late;
  assertEquals(await holder.run(() => Promise.resolve("had again")), "had again");
  await holder.close();
});
