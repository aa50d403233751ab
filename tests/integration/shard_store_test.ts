import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { InvalidKeyError } from "../../lib/store/shard_key.ts";
import { ShardPathError } from "../../lib/store/shard_path.ts";
import {
  ShardCorruptError,
  ShardNotFoundError,
  StoreFullError,
  StoreUnwritableError,
} from "../../lib/store/store_errors.ts";
import { assertSameBytes } from "./same_bytes.ts";
import {
  collect,
  contentOf,
  factsOf,
  filesOf,
  KEY,
  labelOf,
  open,
  putLabelled,
  sha256,
  storedFiles,
  streamOf,
  temporaryFolder,
} from "./store_fixture.ts";

Deno.test.sanitizer({ ops: true, resources: true });

const fullDevice = () => Deno.open("/dev/full", { write: true });

Deno.test("ShardStore.put() lays files out as other programs know them", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  const content = contentOf("one");
  const stored = await store.put(
    { videoId: "my video", chunkIndex: 2 },
    streamOf(content, 7),
    factsOf("one"),
  );

  assertEquals(await storedFiles(folder.path), filesOf({ videoId: "my video", chunkIndex: 2 }));
  assertEquals(stored.location, join(folder.path, "my video", "chunk_2.shard"));
  assertSameBytes(await Deno.readFile(stored.location), content);
  const metadata = await Deno.readTextFile(join(folder.path, "metadata", "my video_chunk_2_metadata.json"));
  const { timestamp, ...rest } = JSON.parse(metadata);
  assertMatch(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assertEquals(rest, {
    video_id: "my video",
    chunk_index: 2,
    original_size: 6000,
    encoded_size: 3000,
    compression_ratio: 0.5,
    worker_id: "worker-1",
    shard_location: stored.location,
    sha256: sha256(content),
    encoder: "one",
    settings: { label: "one" },
    frame_count: 12,
  });
});

Deno.test("ShardStore.read() gives back what put() stored, by key and by location", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  const content = contentOf("one", 700_001);
  const stored = await store.put(KEY, streamOf(content), factsOf("one"));
  for (const shard of [KEY, stored.location]) {
    const { metadata, bytes } = await store.read(shard);
    assertEquals(metadata, stored);
    assertEquals(sha256(await collect(bytes)), sha256(content));
  }
});

Deno.test("ShardStore.put() stores every byte when the system takes a few at a time", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path, {
    async createFile(path) {
      const file = await Deno.open(path, { write: true, createNew: true });
      const write = (bytes: Uint8Array) => Deno.FsFile.prototype.write.call(file, bytes.subarray(0, 700));
      return Object.assign(file, { write });
    },
  });
  await putLabelled(store, KEY, "one");
  assertEquals(await labelOf(store, KEY), "one");
});

Deno.test("ShardStore keeps an empty shard", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  await store.put(KEY, streamOf(new Uint8Array()), factsOf("none"));
  const { metadata, bytes } = await store.read(KEY);
  assertEquals([metadata.encodedSize, (await collect(bytes)).length], [0, 0]);
});

Deno.test("ShardStore.put() replaces the shard that has the key", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  await putLabelled(store, KEY, "one", 5000);
  await putLabelled(store, KEY, "two", 4000);
  assertEquals(await labelOf(store, KEY), "two");
  assertEquals(await storedFiles(folder.path), filesOf(KEY));
});

Deno.test("ShardStore.put() stores many shards at once", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  const keys = Array.from({ length: 20 }, (_, chunkIndex) => ({ videoId: "v", chunkIndex }));
  await Promise.all(keys.map((key) => putLabelled(store, key, `chunk ${key.chunkIndex}`)));
  for (const key of keys) assertEquals(await labelOf(store, key), `chunk ${key.chunkIndex}`);
});

Deno.test("ShardStore.put() refuses a video_id of ../x and writes nothing outside", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(join(folder.path, "root"));
  let isCancelled = false;
  const source = new ReadableStream<Uint8Array>({ cancel: () => void (isCancelled = true) });
  const error = await assertRejects(
    () => store.put({ videoId: "../x", chunkIndex: 0 }, source, factsOf("one")),
    InvalidKeyError,
  );
  assertEquals(error.field, "video_id");
  assert(isCancelled, "the source is cancelled");
  assertEquals(await Array.fromAsync(Deno.readDir(folder.path), (entry) => entry.name), ["root"]);
});

Deno.test("ShardStore.put() leaves nothing behind when the source fails", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  const failure = new Error("source broke");
  async function* half(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(contentOf("one"));
    throw failure;
  }
  const error = await assertRejects(() => store.put(KEY, ReadableStream.from(half()), factsOf("one")));
  assertEquals(error, failure);
  assertEquals(await storedFiles(folder.path), []);
});

Deno.test("ShardStore.put() leaves nothing behind when the facts fail", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  const failure = Object.assign(new Error("not decodable"), { code: "ENOENT" });
  const error = await assertRejects(
    () => store.put(KEY, streamOf(contentOf("one")), () => Promise.reject(failure)),
  );
  assertEquals(error, failure);
  assertEquals(await storedFiles(folder.path), []);
});

Deno.test("ShardStore.put() asks for the facts after the source has ended", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  let hasEnded = false;
  const content = streamOf(contentOf("one")).pipeThrough(
    new TransformStream({ flush: () => void (hasEnded = true) }),
  );
  await store.put(KEY, content, () => {
    assert(hasEnded, "the source has ended");
    return factsOf("one")();
  });
});

Deno.test("ShardStore.put() stops when aborted in the middle, cancels the source, and leaves nothing", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  const stop = new AbortController();
  const reason = new Error("caller is gone");
  let cancelledWith: unknown;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(contentOf("one"));
      if (controller.desiredSize === 0) queueMicrotask(() => stop.abort(reason));
    },
    cancel: (why) => void (cancelledWith = why),
  });
  const error = await assertRejects(() => store.put(KEY, source, factsOf("one"), { signal: stop.signal }));
  assertEquals([error, cancelledWith], [reason, reason]);
  assertEquals(await storedFiles(folder.path), []);
});

Deno.test("ShardStore.put() stops when aborted while it waits for the facts", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  const stop = new AbortController();
  const reason = new Error("caller is gone");
  const never = () => {
    stop.abort(reason);
    return new Promise<never>(() => {});
  };
  const { signal } = stop;
  assertEquals(
    await assertRejects(() => store.put(KEY, streamOf(contentOf("one")), never, { signal })),
    reason,
  );
  assertEquals(await storedFiles(folder.path), []);
});

Deno.test("ShardStore.put() keeps the shard it was to replace when it fails", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  await putLabelled(store, KEY, "one");
  await assertRejects(() =>
    store.put(KEY, streamOf(contentOf("two")), () => Promise.reject(new Error("no")))
  );
  assertEquals(await labelOf(store, KEY), "one");
});

Deno.test({
  name: "ShardStore.put() says that the disk is full, cancels the source, and leaves nothing",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using folder = await temporaryFolder();
    await using store = await open(folder.path, { createFile: fullDevice });
    let isCancelled = false;
    const source = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(10)),
      cancel: () => void (isCancelled = true),
    });
    await assertRejects(
      () => store.put(KEY, source, factsOf("one")),
      StoreFullError,
      'Cannot store chunk 0 of video "v": no space left',
    );
    assert(isCancelled, "the source is cancelled");
    assertEquals(await storedFiles(folder.path), []);
    await assertRejects(() => store.checkWritable(), StoreFullError);
  },
});

Deno.test({
  name: "ShardStore.put() does not succeed when the metadata does not fit on the disk",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using folder = await temporaryFolder();
    await using store = await open(folder.path, {
      createFile: (path) =>
        path.endsWith(".shard") ? Deno.open(path, { write: true, createNew: true }) : fullDevice(),
    });
    await assertRejects(() => putLabelled(store, KEY, "one"), StoreFullError);
    assertEquals(await storedFiles(folder.path), []);
  },
});

Deno.test("ShardStore.put() undoes everything when the metadata cannot be moved into place", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  const obstacle = join(folder.path, "metadata", "v_chunk_0_metadata.json");
  await Deno.mkdir(join(obstacle, "foreign"), { recursive: true });
  await assertRejects(() => putLabelled(store, KEY, "one"), StoreUnwritableError);
  assertEquals(await storedFiles(folder.path), [join("metadata", "v_chunk_0_metadata.json", "foreign")]);
});

Deno.test("ShardStore.put() says that the folder is gone", async () => {
  await using folder = await temporaryFolder();
  const root = join(folder.path, "root");
  await using store = await open(root);
  await Deno.remove(root, { recursive: true });
  await assertRejects(() => putLabelled(store, KEY, "one"), StoreUnwritableError, "no such file or folder");
  await assertRejects(() => store.checkWritable(), StoreUnwritableError, "no such file or folder");
  await assertRejects(() => store.freeBytes(), StoreUnwritableError);
});

Deno.test("ShardStore.checkWritable() passes where there is room, and leaves nothing", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  await store.checkWritable();
  assertEquals(await storedFiles(folder.path), []);
  assert(await store.freeBytes() > 0);
});

Deno.test("openShardStore() refuses what cannot be a folder", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "file");
  await Deno.writeTextFile(file, "");
  for (const root of [file, join(file, "below")]) {
    await assertRejects(() => open(root), StoreUnwritableError, "Cannot open the store");
  }
});

Deno.test("openShardStore() makes its folder, and follows a link to it", async () => {
  await using folder = await temporaryFolder();
  const root = join(folder.path, "a", "b");
  await using store = await open(root);
  assertEquals(store.root, root);
  const link = join(folder.path, "link");
  await Deno.symlink(root, link);
  await using same = await open(link);
  assertEquals(same.root, root);
  await putLabelled(same, KEY, "one");
  assertEquals(await labelOf(store, KEY), "one");
});

Deno.test("ShardStore.read() says that there is no such shard", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  await putLabelled(store, KEY, "one");
  for (const key of [{ videoId: "v", chunkIndex: 1 }, { videoId: "w", chunkIndex: 0 }]) {
    await assertRejects(() => store.read(key), ShardNotFoundError, "no such shard");
  }
});

Deno.test("ShardStore.read() does not take a shard without metadata for one", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  await Deno.mkdir(join(folder.path, "v"));
  await Deno.writeTextFile(join(folder.path, "v", "chunk_0.shard"), "x");
  await assertRejects(() => store.read(KEY), ShardNotFoundError);
  assertEquals(await store.list(), []);
});

Deno.test("ShardStore.read() refuses locations outside, a folder that shares its name's beginning among them", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(join(folder.path, "root"));
  await using evil = await open(join(folder.path, "root-evil"));
  const { location } = await evil.put(KEY, streamOf(contentOf("evil")), factsOf("evil"));
  const locations = [
    location,
    join(folder.path, "root") + "/../root-evil/v/chunk_0.shard",
    "/etc/passwd",
    "",
  ];
  for (const outside of locations) await assertRejects(() => store.read(outside), ShardPathError);
});

Deno.test("ShardStore refuses a shard that is a link", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  const { location } = await store.put(KEY, streamOf(contentOf("one")), factsOf("one"));
  await Deno.rename(location, join(folder.path, "elsewhere"));
  await Deno.symlink(join(folder.path, "elsewhere"), location);
  await assertRejects(() => store.read(location), ShardPathError, "link");
  assertEquals(await store.list(), []);
});

Deno.test("ShardStore refuses a video's folder that is a link", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(join(folder.path, "root"));
  const { location } = await store.put(KEY, streamOf(contentOf("one")), factsOf("one"));
  const outside = join(folder.path, "outside");
  await Deno.rename(join(store.root, "v"), outside);
  await Deno.symlink(outside, join(store.root, "v"));

  await assertRejects(() => store.read(location), ShardPathError, "link");
  await assertRejects(() => putLabelled(store, KEY, "two"), ShardPathError, "link");
  assertEquals(await store.list(), []);
  assertEquals(await store.list("v"), []);
  assertEquals(await store.deleteVideo("v"), 0);
  assertEquals(await Deno.readFile(join(outside, "chunk_0.shard")), contentOf("one"));
});

Deno.test("ShardStore.read() finds a flipped byte", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  const { location } = await store.put(KEY, streamOf(contentOf("one")), factsOf("one"));
  const bytes = await Deno.readFile(location);
  bytes[2999]! ^= 1;
  await Deno.writeFile(location, bytes);
  await assertRejects(() => store.read(KEY), ShardCorruptError, "checksum");
});

for (const sizeBytes of [0, 2999, 3001]) {
  Deno.test(`ShardStore.read() finds that a shard of 3000 bytes has become ${sizeBytes}`, async () => {
    await using folder = await temporaryFolder();
    await using store = await open(folder.path);
    const { location } = await store.put(KEY, streamOf(contentOf("one")), factsOf("one"));
    await Deno.truncate(location, sizeBytes);
    await assertRejects(() => store.read(KEY), ShardCorruptError, `it has ${sizeBytes} bytes, and 3000`);
  });
}

Deno.test("ShardStore.read() finds damaged metadata, or that of another shard", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  await putLabelled(store, KEY, "one");
  await putLabelled(store, { videoId: "v", chunkIndex: 1 }, "two");
  const [first, second] = [0, 1].map((n) => join(folder.path, "metadata", `v_chunk_${n}_metadata.json`));
  await Deno.copyFile(second!, first!);
  await assertRejects(() => store.read(KEY), ShardCorruptError, "metadata");
  await Deno.writeTextFile(first!, "{");
  await assertRejects(() => store.read(KEY), ShardCorruptError, "metadata");
});

Deno.test("ShardStore.read() never ends well when the file changes after the check", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  const { location } = await store.put(KEY, streamOf(contentOf("one", 600_000)), factsOf("one"));
  const { bytes } = await store.read(KEY);
  const file = await Deno.open(location, { write: true });
  await file.seek(-1, Deno.SeekMode.End);
  await file.write(new Uint8Array([0xff]));
  file.close();
  await assertRejects(() => collect(bytes), ShardCorruptError, "changed");
});

Deno.test("ShardStore.read() goes on with the shard it has opened when that is replaced or deleted", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  await putLabelled(store, KEY, "one", 600_000);
  const first = await store.read(KEY);
  await putLabelled(store, KEY, "two");
  const second = await store.read(KEY);
  await store.deleteVideo("v");
  assertSameBytes(await collect(first.bytes), contentOf("one", 600_000));
  assertEquals(await collect(second.bytes), contentOf("two"));
});

Deno.test("ShardStore.read() closes the file when its stream is cancelled or its signal aborts", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  await putLabelled(store, KEY, "one", 600_000);
  // That no file stays open is for the sanitizer to find.
  const unread = await store.read(KEY);
  await unread.bytes.cancel();
  const half = (await store.read(KEY)).bytes.getReader();
  await half.read();
  await half.cancel();
  const stop = new AbortController();
  const aborted = (await store.read(KEY, { signal: stop.signal })).bytes.getReader();
  await aborted.read();
  const reason = new Error("caller is gone");
  stop.abort(reason);
  assertEquals(await assertRejects(() => aborted.read()), reason);
  assertEquals(await assertRejects(() => store.read(KEY, { signal: stop.signal })), reason);
});

Deno.test("ShardStore reads a store that the Python worker wrote", async () => {
  await using folder = await temporaryFolder();
  const location = join(folder.path, "v", "chunk_0.shard");
  await Deno.mkdir(join(folder.path, "metadata"));
  await Deno.mkdir(join(folder.path, "v"));
  await Deno.writeFile(location, contentOf("python"));
  const metadata = {
    video_id: "v",
    chunk_index: 0,
    original_size: 6000,
    encoded_size: 3000,
    compression_ratio: 0.5,
    worker_id: "localhost:50061",
    shard_location: location,
    timestamp: "2024-05-06T07:08:09.123456",
  };
  const path = join(folder.path, "metadata", "v_chunk_0_metadata.json");
  await Deno.writeTextFile(path, JSON.stringify(metadata, null, 4));

  await using store = await open(folder.path);
  const reading = await store.read(location);
  assertEquals(await collect(reading.bytes), contentOf("python"));
  assertEquals([reading.metadata.sha256, reading.metadata.encodedSize], [undefined, 3000]);
  assertEquals(await store.metadata("v"), [reading.metadata]);
  await Deno.truncate(location, 10);
  await assertRejects(() => store.read(KEY), ShardCorruptError);
  await putLabelled(store, KEY, "ours");
  assertEquals(await labelOf(store, KEY), "ours");
});

Deno.test("ShardStore.list() sorts videos by code point and chunks by number", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  const videoIds = ["b", "a", "\u{1f3ac}", "\uff5e", "B", "aa"];
  for (const videoId of videoIds) await putLabelled(store, { videoId, chunkIndex: 0 }, "one", 10);
  for (const chunkIndex of [10, 2, 1]) await putLabelled(store, { videoId: "a", chunkIndex }, "one", 10);

  const listed = await store.list();
  assertEquals(listed.map((video) => video.videoId), ["B", "a", "aa", "b", "\uff5e", "\u{1f3ac}"]);
  assertEquals(listed[1]?.shards.map((shard) => shard.chunkIndex), [0, 1, 2, 10]);
  assertEquals(await store.list("a"), [listed[1]!]);
  assertEquals(await store.metadata("a"), listed[1]!.shards);
});

Deno.test("ShardStore.metadata() of a does not return that of a_chunk_b", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  for (const videoId of ["a", "a_chunk_b", "a_chunk_0"]) {
    await putLabelled(store, { videoId, chunkIndex: 0 }, "x");
  }
  assertEquals((await store.metadata("a")).map((shard) => [shard.videoId, shard.chunkIndex]), [["a", 0]]);
});

Deno.test("ShardStore knows no video that has no shard", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  assertEquals([await store.list(), await store.list("v"), await store.metadata("v")], [[], [], []]);
  await assertRejects(() => store.list(".."), InvalidKeyError);
  await assertRejects(() => store.metadata("a/b"), InvalidKeyError);
  await assertRejects(() => store.deleteVideo(""), InvalidKeyError);
});

/** Files of other programs, wherever they may turn up. */
async function litter(root: string): Promise<string[]> {
  const files = [
    "notes.txt",
    ".DS_Store",
    "chunk_0.shard",
    "v/notes.txt",
    "v/chunk_x.shard",
    "v/chunk_01.shard",
    "v/chunk_99999999999.shard",
    "v/chunk_7.shard/inside",
    "metadata/notes.txt",
    "metadata/v_chunk_x_metadata.json",
    "metadata/.staging/notes.txt",
    "metadata/.staging/folder/notes.txt",
    "other/nothing of ours",
    ".hidden/chunk_0.shard",
  ].map((path) => join(...path.split("/")));
  for (const file of files) {
    await Deno.mkdir(join(root, file, ".."), { recursive: true });
    await Deno.writeTextFile(join(root, file), "not ours");
  }
  return files;
}

Deno.test("ShardStore passes over files that are not its own, and leaves them alone", async () => {
  await using folder = await temporaryFolder();
  const files = await litter(folder.path);
  await using store = await open(folder.path);
  await putLabelled(store, KEY, "one");
  const before = await store.list();
  assertEquals(before.map((video) => [video.videoId, video.shards.length]), [["v", 1]]);
  assertEquals(await store.deleteVideo("v"), 1);
  assertEquals(await storedFiles(folder.path), files.sort());
});

Deno.test("ShardStore.list() is not broken by one shard whose metadata is damaged", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  for (const chunkIndex of [0, 1, 2, 3]) await putLabelled(store, { videoId: "v", chunkIndex }, "one");
  const metadata = (index: number) => join(folder.path, "metadata", `v_chunk_${index}_metadata.json`);
  await Deno.writeTextFile(metadata(0), "{");
  await Deno.remove(metadata(1));
  await Deno.mkdir(metadata(1));
  await Deno.copyFile(metadata(3), metadata(2));
  assertEquals((await store.metadata("v")).map((shard) => shard.chunkIndex), [3]);
});

Deno.test("ShardStore.list() is not broken by a folder that is closed to us", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  await putLabelled(store, KEY, "one");
  await Deno.mkdir(join(folder.path, "lost+found"));
  // Permissions do not bind the superuser, so the refusal is made up.
  const { readDir } = Deno;
  Object.assign(Deno, {
    readDir: (path: string) => {
      if (path.endsWith("lost+found")) throw new Deno.errors.PermissionDenied("closed");
      return readDir(path);
    },
  });
  try {
    assertEquals((await store.list()).map((video) => video.videoId), ["v"]);
  } finally {
    Object.assign(Deno, { readDir });
  }
});

Deno.test("ShardStore.metadata() looks at no other video's files", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  await putLabelled(store, KEY, "one");
  await putLabelled(store, { videoId: "w", chunkIndex: 0 }, "one");
  const { readDir, readTextFile } = Deno;
  const seen: string[] = [];
  Object.assign(Deno, {
    readDir: (path: string) => (seen.push(path), readDir(path)),
    readTextFile: (path: string) => (seen.push(path), readTextFile(path)),
  });
  try {
    await store.metadata("v");
  } finally {
    Object.assign(Deno, { readDir, readTextFile });
  }
  assertEquals(seen, [join(store.root, "v"), join(store.root, "metadata", "v_chunk_0_metadata.json")]);
});

Deno.test("ShardStore.list() stops when aborted", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  await putLabelled(store, KEY, "one");
  const signal = AbortSignal.abort(new Error("caller is gone"));
  await assertRejects(() => store.list(undefined, { signal }), Error, "caller is gone");
  await assertRejects(() => store.metadata("v", { signal }), Error, "caller is gone");
});

Deno.test("ShardStore.deleteVideo() removes one video, and shards that were never committed", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(folder.path);
  const kept = { videoId: "v_chunk_0", chunkIndex: 0 };
  for (const chunkIndex of [0, 1]) await putLabelled(store, { videoId: "v", chunkIndex }, "one");
  await putLabelled(store, kept, "one");
  await Deno.writeTextFile(join(folder.path, "v", "chunk_9.shard"), "no metadata");

  assertEquals(await store.deleteVideo("v"), 2);
  assertEquals(await storedFiles(folder.path), filesOf(kept));
  assertEquals(await store.deleteVideo("v"), 0);
  await assertRejects(() => store.read(KEY), ShardNotFoundError);
  await putLabelled(store, KEY, "again");
  assertEquals(await labelOf(store, KEY), "again");
});

Deno.test("ShardStore.close() waits for calls under way, leaves no trace, and refuses later ones", async () => {
  await using folder = await temporaryFolder();
  const store = await open(folder.path);
  const gate = Promise.withResolvers<void>();
  const facts = async () => {
    await gate.promise;
    return await factsOf("one")();
  };
  const put = store.put(KEY, streamOf(contentOf("one")), facts);
  const closed = store.close();
  await assertRejects(() => putLabelled(store, KEY, "late"), Error, "closed");
  gate.resolve();
  await put;
  await closed;
  await store.close();
  assertEquals(await storedFiles(folder.path), filesOf(KEY));
  const staging = Array.fromAsync(
    Deno.readDir(join(folder.path, "metadata", ".staging")),
    ({ name }) => name,
  );
  assertEquals(await staging, ["lock"]);
});
